"""Shell completion: commands, options, scenarios and tables."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from btassets_tests.support.book_factory import PROJECT, call


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_commands_options_scenarios_and_tables(shell: str, book: Path) -> None:
    script = call("completion", shell)
    assert script.code == 0
    assert "_BTASSETS_COMPLETE" in script.out
    file = book / "btassets.toml"
    file.write_text(file.read_text() + "\n[scenario.strict.gates]\nmin_rr = 2.0\n")

    def asked(line: str) -> str:
        place = {
            "COMP_WORDS": line,
            "COMP_CWORD": line.rsplit(maxsplit=1)[-1] if shell == "fish" else str(len(line.split()) - 1),
        }
        environment = os.environ | place | {"_BTASSETS_COMPLETE": f"{shell}_complete", "PYTHONPATH": str(PROJECT)}
        program = [sys.executable, "-c", "from btassets.cli.main import run_and_exit; run_and_exit()"]
        done = subprocess.run(program, env=environment, capture_output=True, text=True, check=False, cwd=book)
        assert "Traceback" not in done.stderr
        return done.stdout

    assert "run" in asked("btassets ru")
    assert "--promote" in asked("btassets run --pro")
    assert "strict" in asked("btassets run --scenario str")
    assert "gate_sweep" in asked("btassets export gate_s")
