"""The engine's tests are run without Dagster: nothing that they, or a conftest above them, import loads it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Every file is imported; one test is run, because pytest looks up the classes of its warning filters only then.
_PROGRAM = """
import sys
import pytest

class OnlyOne:
    def pytest_collection_modifyitems(self, items):
        del items[1:]

folders = ["btassets_tests/engine", "btassets/engine"]
code = pytest.main(["-p", "no:cacheprovider", *folders], plugins=[OnlyOne()])
loaded = sorted(name for name in sys.modules if name.split(".")[0].startswith("dagster"))
sys.exit(f"imported: {', '.join(loaded[:5])}" if loaded else int(code))
"""


def test_the_engines_tests_import_no_dagster() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert "1 passed" in done.stdout
