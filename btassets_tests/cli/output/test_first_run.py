"""Progress of the first compilation: what counts as compiled, and when it is shown."""

import ast
from pathlib import Path

import btassets.engine
from btassets.cli.output import first_run
from btassets.cli.output.first_run import FIRST_RUN, CompileWatch, n_cached_functions


def test_the_engines_kernels_are_counted_from_their_decorators():
    engine = Path(btassets.engine.__path__[0])
    kernels = [
        node.name
        for path in engine.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and "kernel" in {ast.unparse(d) for d in node.decorator_list}
    ]
    assert n_cached_functions() == len(kernels) > 5


def compiled(folder, n):
    for k in range(n):
        (folder / f"part{k % 2}").mkdir(exist_ok=True)
        (folder / f"part{k % 2}" / f"f{k}.nbi").write_text("x")


def test_a_cold_cache_is_shown_until_everything_is_compiled(tmp_path, monkeypatch):
    monkeypatch.setattr(first_run, "n_cached_functions", lambda: 9)
    shown = []

    def show(label, done, total):
        shown.append((label, done, total))
        compiled(tmp_path, 12)  # more files than functions: the bar ends at its total

    watch = CompileWatch(show, folder=tmp_path)
    monkeypatch.setattr(watch._ended, "wait", lambda _seconds: False)
    compiled(tmp_path, 2)
    with watch:
        watch._thread.join(60)
    assert shown == [(FIRST_RUN, 2, 9), (FIRST_RUN, 9, 9)]


def test_a_third_of_the_functions_is_a_warm_cache_and_a_quiet_command_watches_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(first_run, "n_cached_functions", lambda: 9)
    compiled(tmp_path, 3)
    with CompileWatch(lambda *_: None, folder=tmp_path) as watch:
        assert watch._thread is None
    (tmp_path / "part0" / "f0.nbi").unlink()
    with CompileWatch(lambda *_: None, folder=tmp_path, is_quiet=True) as watch:
        assert watch._thread is None
    with CompileWatch(lambda *_: None, folder=tmp_path) as watch:
        assert watch._thread is not None
    assert not watch._thread.is_alive()
