"""The plan as text and JSON: stages, tickers, reasons, and many source files in short."""

from btassets.cli.actions.plan import as_json, as_text
from btassets.graph.flow import STAGES
from btassets.plan import StaleStage
from btassets.run.reasons import Reason

STALE = [
    StaleStage("ohlcv_history", [Reason("tickers", "new in the source", n=3)]),
    StaleStage(
        "graded_setups",
        [
            Reason("setting", "gates.min_rr", 1.5, 2.0),
            *(Reason("code", f"f{k}.py", "a", "b") for k in range(6)),
            Reason("upstream", "candidates"),
            Reason("upstream", "percentile_ranks"),
        ],
    ),
]


def test_nothing_stale_is_one_line():
    assert as_text("base", [], with_reasons=True) == (
        f"scenario base: nothing to do, all {len(STAGES)} stages are up to date"
    )


def test_without_reasons_only_tickers_are_counted():
    lines = as_text("base", STALE, with_reasons=False).splitlines()
    assert lines == [
        f"scenario base: 2 of {len(STAGES)} stages to bring up to date",
        "  ohlcv_history  3 tickers",
        "  graded_setups",
        "`btassets plan --why` shows what changed",
    ]


def test_reasons_are_below_each_other_and_many_files_are_counted():
    lines = as_text("strict", STALE, with_reasons=True).splitlines()
    assert lines[1:] == [
        "  ohlcv_history  3 tickers: new in the source",
        "  graded_setups  setting gates.min_rr: 1.5 -> 2.0",
        *(f"                 source f{k}.py was edited" for k in range(4)),
        "                 and 2 more sources behind it",
        "                 reads candidates, percentile_ranks, to be computed first",
    ]


def test_json_has_every_reason():
    found = as_json("base", STALE)
    assert (found["scenario"], found["n_stages"]) == ("base", len(STAGES))
    assert [row["stage"] for row in found["stale"]] == ["ohlcv_history", "graded_setups"]
    assert len(found["stale"][1]["reasons"]) == 9
    assert found["stale"][0]["reasons"][0] == {
        "kind": "tickers",
        "name": "new in the source",
        "before": None,
        "now": None,
        "n": 3,
        "text": "3 tickers: new in the source",
    }
