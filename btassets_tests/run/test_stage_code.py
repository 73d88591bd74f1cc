"""The code behind a stage follows its imports: every module that decides its answer, and no other."""

import ast
from pathlib import Path

import pytest

from btassets.graph.flow import STAGES
from btassets.graph.stage import Stage
from btassets.run import stage_code
from btassets.run.stage_code import CARRIERS, code_of, code_version_of, code_version_of_all, imported_names, is_carrier

ROOT = Path(__file__).parents[2]
CACHES = (stage_code._file_of, stage_code._read, stage_code._followed, stage_code.code_of, stage_code.code_version_of)


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch):
    """Pretend that one source file was edited."""

    def forget() -> None:
        for function in CACHES:
            function.cache_clear()

    real = Path.read_bytes

    def edit(name: str) -> None:
        forget()
        monkeypatch.setattr(Path, "read_bytes", lambda self: real(self) + (b"#" if self == ROOT / name else b""))

    yield edit
    monkeypatch.undo()
    forget()


def test_imports_are_those_of_the_parser() -> None:
    """The regular expression finds every import of every module, wherever it is written."""
    for path in (ROOT / "btassets").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        wanted = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom):
                wanted |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
        assert wanted <= set(imported_names(text)), path


@pytest.mark.parametrize(
    ("stage", "file"),
    [
        ("portfolio_sims", "btassets/engine/portfolio/simulation_kernel.py"),
        ("portfolio_sims", "btassets/stages/bars/sessions_view.py"),
        ("candidates", "btassets/engine/features/indicators.py"),
        ("graded_setups", "btassets/run/settings_relation.py"),
        ("graded_setups", "dbt_like_sql/graded_setups.sql"),
        ("model_tests", "dbt_like_sql/tests"),
        ("sessions", "btassets/sources/calendar/calendars.py"),
        ("ohlcv_history", "btassets/sources/vendors/yahoo.py"),
        ("backtest_report", "btassets/render/page.css"),
        ("backtest_report", "btassets/render/charts/svg.py"),
    ],
)
def test_an_edit_of_what_a_stage_imports_changes_its_version(stage: str, file: str, edited) -> None:
    before = code_version_of(STAGES[stage])
    target = next(iter(sorted((ROOT / file).glob("*.sql"))), ROOT / file)
    edited(target.relative_to(ROOT).as_posix())
    assert code_version_of(STAGES[stage]) != before


@pytest.mark.parametrize(
    ("stage", "file"),
    [
        ("portfolio_sims", "btassets/sources/vendors/yahoo.py"),
        ("portfolio_sims", "btassets/stages/bars/ohlcv_history.py"),
        ("stat_calibration", "btassets/engine/portfolio/simulation_kernel.py"),
        ("graded_setups", "dbt_like_sql/factor_ic.sql"),
        ("todays_setups", "btassets/stages/report/report_document.py"),
        ("candidates", "btassets/run/run_stage.py"),
        ("candidates", "btassets/book/book.py"),
        ("factor_ic_weekly", "btassets/graph/analysis.py"),
    ],
)
def test_an_edit_of_anything_else_leaves_it(stage: str, file: str, edited) -> None:
    before = code_version_of(STAGES[stage])
    edited(file)
    assert code_version_of(STAGES[stage]) == before


def test_carriers_exist_and_are_told_why() -> None:
    for module, reason in CARRIERS.items():
        path = ROOT / module.replace(".", "/")
        assert path.is_dir() or path.with_suffix(".py").is_file(), module
        assert reason
    assert is_carrier("btassets.storage.lake")
    assert not is_carrier("btassets.run.sql_models")


def test_a_stage_of_another_package_is_walked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "mine"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "own.py").write_text("from mine.part import number\nfrom btassets.engine.market.bars import Bars\n")
    (package / "part.py").write_text("number = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    stage = Stage("own", "advice", "About.", "mine.own:compute", STAGES["stat_claims"].tables)
    assert {"own.py", "part.py", "btassets/engine/market/bars.py"} <= set(code_of(stage))


def test_a_resource_that_is_not_there_is_an_error() -> None:
    stage = Stage("own", "advice", "About.", "json:dumps", STAGES["stat_claims"].tables, resources=("nowhere",))
    with pytest.raises(FileNotFoundError):
        code_of(stage)


def test_the_version_of_all_stages_covers_each() -> None:
    assert code_version_of_all(STAGES.values()) != code_version_of_all([STAGES["sessions"]])
    assert len(code_version_of_all(STAGES.values())) == 12


def test_the_public_names_of_the_package_are_not_behind_the_bars() -> None:
    """A module of the package that reads its version does not import what the package names for users."""
    behind = code_of(STAGES["ohlcv_history"])
    assert "btassets/sources/vendors/http_session.py" in behind
    assert not [name for name in behind if name.startswith(("btassets/api", "btassets/studies/", "btassets/cli/"))]
