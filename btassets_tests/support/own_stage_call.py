"""An own stage computed in its process over tables of a test, without a book."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from btassets.own.discover import find_sources
from btassets.own.own_process import OwnProcess
from btassets.own.stages.stage_names import stages_in

TRADES = pa.table({"ticker": ["B", "A", "A"], "net_r": [1.0, 2.0, None]})


def computed(folder: Path, file: str, text: str, *, seconds: float = 10.0, **settings: object) -> pa.Table:
    """Table of the first stage of a source, over the table `trades`."""
    (folder / "own").mkdir(exist_ok=True)
    (folder / "own" / file).write_text(text, encoding="utf-8")
    source = next(one for one in find_sources(folder) if one.path.name == file)
    stage = stages_in(source)[0]
    pq.write_table(TRADES, folder / "trades.parquet")
    given = {"trades": {"files": [str(folder / "trades.parquet")], "order": ["ticker"], "schema": b""}}
    request = {"do": "stage", "stage": stage.name, "place": stage.place, "tables": given, "settings": settings}
    with OwnProcess(source, "btassets.own.stages.stage_child") as process:
        process.load()
        data = process.ask_bytes(request, seconds, f"{stage.place}: {stage.name}")[1]
    return pa.ipc.open_stream(data).read_all()
