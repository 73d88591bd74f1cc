"""Writes market.db: random walks of six tickers on weekdays of three years, with a split and dividends."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta

import numpy as np

rng = np.random.default_rng(3)
days = [d for k in range(1096) if (d := date(2023, 1, 2) + timedelta(k)).weekday() < 5]
with closing(sqlite3.connect("market.db")) as db, db:
    db.execute("create table prices (code, day, open_cents, high_cents, low_cents, close_cents, shares)")
    db.execute("create table events (code, day, kind, amount)")
    for code in ("ABC", "DEF", "GHI", "JKL", "MNO", "PQR"):
        price = 5000.0
        for k, day in enumerate(days):
            number = day.year * 10_000 + day.month * 100 + day.day
            if (code, k) == ("ABC", 400):
                db.execute("insert into events values (?, ?, 'split', 2.0)", (code, number))
                price /= 2.0
            if k % 65 == 64:
                db.execute("insert into events values (?, ?, 'dividend', 0.2)", (code, number))
            first, price = price * rng.normal(1.0, 0.004), price * rng.normal(1.0003, 0.015)
            high, low = max(first, price) * (1.0 + rng.random() / 99), min(first, price) * (1.0 - rng.random() / 99)
            cents = [round(float(value)) for value in (first, high, low, price)]
            row = (code, number, *cents, int(rng.integers(10**5, 10**6)))
            db.execute("insert into prices values (?, ?, ?, ?, ?, ?, ?)", row)
