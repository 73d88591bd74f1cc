"""The account beside today's list: its plan, printed and written as orders.

Belongs here: printing, and the file of orders. Does not belong here: the plan (`btassets.studies.account`), the list
(`look.py`).
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from btassets.book.book import Book
from btassets.cli.output.csv_text import csv_text
from btassets.cli.output.out_file import checked_out
from btassets.cli.terminal import say, show_table, tell
from btassets.counted import counted
from btassets.errors import UsageError
from btassets.storage.files import replace_text

if TYPE_CHECKING:  # the account's exits are compiled code, of no use without an account
    from btassets.stages.advice.todays_setups import TodaysList
    from btassets.studies.account.order_plan import OrderPlan


def plan_of(book: Book, found: "TodaysList", *, cash: float | None, orders: Path | None) -> "OrderPlan | None":
    """The plan of the book's account; None without `[holdings]`.

    Raises
    ------
    UsageError
        For options of an account in a book without one.
    """
    if orders is not None:
        checked_out(orders, endings=(".csv", ".txt"), book=book, word="--orders")
    if book.base.holdings.source == "none":
        given = "--orders" if orders is not None else "--cash" if cash is not None else None
        if given is not None:
            raise UsageError(
                f"{given}: the book has no account",
                'set holdings.source = "file" and holdings.file to a CSV file with the columns ticker and shares.',
            )
        return None
    from btassets.studies.account.account_plan import account_plan, read_account

    return account_plan(book, found, read_account(book, cash))


def plan_values(plan: "OrderPlan | None") -> dict[str, Any] | None:
    """The plan as a JSON object; None without an account."""
    if plan is None:
        return None
    from btassets.studies.account.account_text import plan_json

    return plan_json(plan)


def print_plan(plan: "OrderPlan") -> None:
    """Print the plan as tables."""
    from btassets.studies.account.account_text import plan_head, plan_tables

    say("")
    say(plan_head(plan))
    for title, names, rows in plan_tables(plan):
        say("")
        say(title)
        say("")
        show_table(rows, names)
    for note in plan.notes:
        say(f"- {note}")


def write_orders(plan: "OrderPlan", path: Path) -> None:
    """Write the orders as CSV, atomically."""
    from btassets.studies.account.order_plan import ORDER_COLUMNS, order_rows

    rows = order_rows(plan)
    text = csv_text(ORDER_COLUMNS, ([row[name] for name in ORDER_COLUMNS] for row in rows))
    replace_text(path.resolve(), text + "\n")
    tell(f"{counted(len(rows), 'order')}: {path}")
