"""The last lines of a run: headline, eight rows, paths.

Belongs here: the layout of the headline numbers, from report.json. Does not belong here: any number of its own.
"""

import json
from pathlib import Path
from typing import Any

from btassets.book.book import Book
from btassets.book.report_folders import damage_of
from btassets.cli.terminal import table
from btassets.errors import DamagedFileError
from btassets.render.labels import verdict_word
from btassets.settings.load import BASE_SCENARIO


def report_folder(book: Book) -> Path | None:
    """Folder of the newest report of the book's scenario, None before the first run."""
    if book.scenario == BASE_SCENARIO and (book.reports / "latest" / "report.json").is_file():
        return book.reports / "latest"
    footer = book.lake.footer("backtest_report", book.scenario)
    if footer is None:
        return None
    folder = book.folder / book.lake.read("backtest_report", book.scenario)["folder"][0].as_py()
    return folder if (folder / "report.json").is_file() else None


def read_report(folder: Path) -> dict[str, Any]:
    """Parse a report's JSON.

    Raises
    ------
    DamagedFileError
        If it is not JSON.
    """
    path = folder / "report.json"
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise DamagedFileError(str(path), str(error)) from error


def headline_lines(book: Book) -> list[str]:
    """Headline, warnings, an eight-line table and the path of the report."""
    folder = report_folder(book)
    if folder is None:
        return ["no report yet: `btassets run` creates one"]
    footer = book.lake.footer("backtest_report", book.scenario)
    found = damage_of(folder, footer.facts.get("files", {})) if footer is not None else None
    if found is not None:
        raise DamagedFileError(str(found[0]), found[1])
    report = read_report(folder)
    lines = [_with_verdict(report["headline"]["text"], report["headline"]["verdict"]), ""]
    lines.append(table(_rows(report)))
    warnings = report.get("warnings", [])
    if warnings:
        lines += ["", *(f"! {warning}" for warning in warnings)]
    lines += ["", f"report  {folder / 'report.html'}", f"        {folder / 'report.json'}"]
    return lines


def _rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    qualified, everything = report["overall_qualified"], report["overall_all"]
    portfolios = {row["policy"]: row for row in report["portfolio_sim"]["policies"]}
    today = report.get("todays_setups") or {}
    universe = report.get("universe") or {}
    signal = next((row for row in report["signal_eval"] if row["signal"] == "mom_12_1_resid"), None)
    return [
        ("as of", f"{report.get('as_of', '-')}, scenario {report['scenario']}, profile {report['profile']}"),
        (
            "universe",
            f"{report['tickers']} tickers, {universe.get('current', '-')} current, {report['candidates']:,} setups",
        ),
        (
            "qualified",
            f"{report['qualified']:,} setups, {_r(qualified['net_avg_r'])} net each, all {_r(everything['net_avg_r'])}",
        ),
        (
            "exit",
            _exit(report),
        ),
        (
            "residual momentum",
            "-"
            if signal is None
            else _with_verdict(f"IC {signal['mean_ic']:+.3f} over {signal['weeks']} weeks", signal.get("verdict")),
        ),
        ("portfolio, target", _portfolio(portfolios.get("target"))),
        ("portfolio, hold", _portfolio(portfolios.get("hold"))),
        ("today", f"{len(today.get('qualified', []))} setups qualify"),
    ]


def _exit(report: dict[str, Any]) -> str:
    """Advice on the exit in the measure that its verdict uses."""
    item = next((row for row in report["advice"] if row["topic"] == "exit"), None)
    if item is None:
        return "-"
    claims = report.get("statistics", {}).get("claims", [])
    claim = None if item.get("claim") is None else claims[item["claim"]]
    if claim is None or claim["estimate"] is None:
        return _with_verdict(item["item_key"], item["verdict"])
    what = claim["evidence_text"].partition(":")[0]
    if claim["estimate"] == 0.0 and claim.get("ci") == [0.0, 0.0]:  # e.g. no setup has a target
        return f"{what}: the same result for every setup"
    return _with_verdict(f"{what} {claim['estimate']:+.3f} R", item["verdict"])


def _with_verdict(text: str, verdict: str | None) -> str:
    return f"{text} ({verdict_word(verdict)})"


def _r(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f} R"


def _pct(value: float | None) -> str:
    return "-" if value is None else f"{value:+.1f}%"


def _portfolio(row: dict[str, Any] | None) -> str:
    if row is None or row.get("total_return_pct") is None:
        return "traded nothing"
    return (
        f"{_pct(row['cagr_pct'])} a year, drawdown {row['max_drawdown_pct']}%, Sharpe {row['sharpe']}, "
        f"{row['trades']} trades, total {_pct(row['total_return_pct'])} (benchmark {_pct(row['spy_return_pct'])})"
    )
