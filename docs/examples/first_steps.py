"""From a book to an answer in Python: python docs/examples/first_steps.py FOLDER."""

import sys

import btassets as bt


def main(folder: str) -> None:
    """Run the demo book, look at its setups, try another gate, and sweep a floor."""
    book = bt.Book.demo(folder, tickers=20)
    book.run()
    print(book.report["headline"]["text"])

    setups = book.table("graded_setups")
    print(setups.groupby(["qualified", "direction"], observed=True)["net_r"].agg(["count", "mean"]).round(3))

    strict = book.run({"gates.min_rr": 2.0}, name="strict")
    for row in book.compare(strict)["differences"]:
        print(row["measure"], row["difference"], row["verdict"])

    found = book.sweep({"gates.min_rr": [1.0, 1.5, 2.0]})
    print(found.cells)


if __name__ == "__main__":
    main(sys.argv[1])
