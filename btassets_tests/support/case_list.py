"""`python -m btassets_tests.support.case_list FOLDER`: which cases of a folder have a test of their number.

A case is a sub-folder `NN-name`; its tests are called `test_case_NN_...`. Exit code 1 when one has none.
"""

import re
import sys
from pathlib import Path

_TESTS = Path(__file__).parents[1]


def tests_of_cases() -> dict[str, list[str]]:
    """Tests by the number of the case that they are named after."""
    found: dict[str, list[str]] = {}
    for path in sorted(_TESTS.rglob("test_*.py")):
        for name, number in re.findall(r"^def (test_case_(\d\d)_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            found.setdefault(number, []).append(f"{path.relative_to(_TESTS)}::{name}")
    return found


def main(folder: Path) -> int:
    """Print each case with its tests."""
    tests = tests_of_cases()
    cases = sorted(path.name for path in folder.iterdir() if path.is_dir())
    for case in cases:
        print(f"{case}: {', '.join(tests.get(case[:2], ['NO TEST']))}")
    return int(any(case[:2] not in tests for case in cases))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
