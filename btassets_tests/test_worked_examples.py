"""The worked examples: the commands and the script of each README, run in a copy of its folder."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from btassets_tests.support.book_factory import PROJECT

EXAMPLES = PROJECT / "docs" / "examples"

EXPECTED = {
    "breakout": r"\d{3,} setups, breakout",
    "sqlite_source": r"4704 bars, base",
    "own_stage": r"\d+ months, 3 of them the best",
    "reversal_sql": r"reversal_1w +proven +\d{4}",
}


def test_every_folder_is_an_example_that_is_run() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_dir()} == set(EXPECTED)


@pytest.mark.long
@pytest.mark.parametrize("name", EXPECTED)
def test_its_readme_leads_to_a_report(name: str, tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    text = (folder / "README.md").read_text(encoding="utf-8")
    (commands,), (script,) = (re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL) for kind in ("bash", "python"))
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    env["PYTHONPATH"] = str(PROJECT)
    subprocess.run(["bash", "-ec", commands], cwd=folder, env=env, check=True)
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(EXPECTED[name], done.stdout), done.stdout
    assert list((folder / "mybook" / "reports").glob("*/report.html"))


@pytest.mark.long
def test_the_ten_lines_of_own_md_lead_to_a_report(tmp_path: Path) -> None:
    text = (PROJECT / "docs" / "own.md").read_text(encoding="utf-8")
    commands = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)[0]
    assert commands.count("\n") <= 13
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    env |= {"PYTHONPATH": str(PROJECT), "BTASSETS__DEMO__TICKERS": "24", "BTASSETS__DEMO__YEARS": "3"}
    done = subprocess.run(["bash", "-ec", commands], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "scenario dip" in done.stdout
    assert list((tmp_path / "mybook" / "reports").glob("*-dip-*/report.html"))
