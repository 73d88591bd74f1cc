"""Evenings of the demo market (`demo.extend`): each list stays as shown, and each fact of it is sent once."""

import pytest

from btassets.alerts.facts import book_facts
from btassets.alerts.sending import send_facts
from btassets.book.new_book import make_demo_book
from btassets.book.settings_file import set_in_file
from btassets.run.shown_lists import lists_log
from btassets.run.tables import inputs_of
from btassets.stages.advice.todays_setups import todays_list
from btassets_tests.support.alert_servers import add_rule, web_server
from btassets_tests.support.evenings import LOOSE, run_evening

DEMO = {"demo.tickers": 8, "demo.years": 2.0, "demo.preset": "edge", "universe.exclude": ["SYNIDX"]}


@pytest.mark.parametrize(
    ("n_evenings", "step"),
    [(4, 3), pytest.param(60, 1, marks=pytest.mark.slow)],
)
def test_evenings_of_the_demo(tmp_path, n_evenings, step):
    loose = {key.replace("__", "."): value for key, value in LOOSE.items()}
    folder = make_demo_book(tmp_path / "demo", DEMO | loose)
    shown, sent = {}, []
    with web_server() as web:
        add_rule(folder, name="desk", form="json", url=f"{web.url}/desk", facts=["setup"])
        for k in range(n_evenings):
            values = {"demo.extend": k * step}
            if k == n_evenings // 2:
                values["gates.min_rr"] = 1.0  # a person changes a setting between two evenings
            set_in_file(folder / "btassets.toml", values)
            book = run_evening(folder)
            found = todays_list(*inputs_of("todays_setups", book, own=True))
            shown[found.as_of.isoformat()] = [row["ticker"] for row in found.qualified]
            lists = {}
            for link in lists_log(book).read():
                rows = [row["ticker"] for row in link.record["setups"] if row["is_qualified"]]
                lists.setdefault(link.record["as_of"], rows)
            assert lists == shown
            for _ in range(2):  # a second tick of the same evening sends nothing
                send_facts(book, book_facts(book, {"setup"}))
        sent = [fact["key"] for _, body in web.posts for fact in body["facts"]]
    assert len(shown) == n_evenings
    assert len(sent) == len(set(sent)) == sum(len(tickers) for tickers in shown.values()) > 0
