"""Arrow without pandas: not imported by us, and available to a later import."""

import subprocess
import sys
from pathlib import Path


def test_arrow_converts_without_pandas_and_pandas_still_works() -> None:
    program = (
        "import sys; from btassets.storage.arrow_start import start_arrow_alone\n"
        "start_arrow_alone()\n"
        "import numpy as np, pyarrow as pa\n"
        "assert pa.array(np.arange(3)).to_numpy().tolist() == [0, 1, 2]\n"
        "assert 'pandas' not in sys.modules\n"
        "import pandas as pd\n"
        "start_arrow_alone()\n"
        "assert len(pd.DataFrame({'x': [1, 2]})) == 2\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
