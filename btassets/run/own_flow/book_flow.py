"""The flow of one book: the stages of every book, then its own ones.

Belongs here: from the stages that own code declares to stages of the flow, in an order in which each one follows what
it reads, and the problems that keep one from being computed. Does not belong here: the declared flow
(`btassets.graph.flow`), reading declarations (`btassets.own.stages.stage_names`), tables (`btassets.stages.own`).

An own stage that cannot be computed remains in the flow with its problem: its table says why, and stages that read it
are left out with it.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from btassets.book.book import Book
from btassets.graph import flow
from btassets.graph.bars import BARS
from btassets.graph.columns import TableSpec
from btassets.graph.flow import STAGE_OF_STORE, STAGE_OF_TABLE, STAGES, TABLES, TABLES_OF_NO_STAGE, ViewSpec
from btassets.graph.own import own_stage
from btassets.graph.stage import Stage
from btassets.own.discover import OwnSource
from btassets.own.stages.stage_names import OwnStage, stages_in
from btassets.settings.models import Settings, flatten

_JOBS = ("everything", "replay", "analysis", "report", "full_backfill", "without_edge", "scenario", "analyse")
_BESIDE_TABLES = ("daily_returns", "null_market", "settings", "warehouse")
RESERVED = frozenset({*TABLES, *STAGES, *STAGE_OF_STORE, *_JOBS, *_BESIDE_TABLES})
"""Names that no own stage may have: those of tables, stores, assets and jobs."""


@dataclass(frozen=True)
class BookFlow:
    """Stages of one book.

    Attributes
    ----------
    stages
        Every stage by name, each after those that it reads.
    own
        Own stages as declared, by name.
    refused
        Why a declaration is no stage, one sentence each.
    """

    stages: Mapping[str, Stage]
    own: Mapping[str, OwnStage]
    refused: tuple[str, ...] = ()

    @property
    def tables(self) -> Mapping[str, TableSpec]:
        """Every table by name."""
        return {**TABLES, **{name: self.stages[name].tables[0] for name in self.own}} if self.own else TABLES

    def stage_of_table(self, name: str) -> Stage | None:
        """Stage that writes a table."""
        return STAGE_OF_TABLE.get(name) or (self.stages[name] if name in self.own else None)

    def views(self) -> dict[str, ViewSpec]:
        """Tables of the warehouse with their layout and order."""
        return {**flow.views(), **{name: ViewSpec("whole", ()) for name in self.own}}


BUILT_IN = BookFlow(STAGES, {})

_flows: dict[tuple[tuple[str, str], ...], BookFlow] = {}


def flow_of(book: Book) -> BookFlow:
    """The flow of a book, as of when it was opened."""
    return flow_of_sources(book.own_sources)


def flow_of_sources(sources: Iterable[OwnSource]) -> BookFlow:
    """The flow of a book with these sources of own code."""
    found = tuple(sources)
    if not found:
        return BUILT_IN
    key = tuple((str(one.path), one.version) for one in found)
    flow = _flows.get(key)
    if flow is None:
        flow = _flow([stage for source in found for stage in stages_in(source)])
        _flows.clear()
        _flows[key] = flow
    return flow


def _flow(declared: Iterable[OwnStage]) -> BookFlow:
    own: dict[str, OwnStage] = {}
    refused: list[str] = []
    for one in declared:
        if one.name in RESERVED:
            refused.append(f"{one.place}: {one.name} is a table or a job of every book; give the stage another name")
        elif one.name in own:
            first = own[one.name]
            twice = f"{one.place}: the stage {one.name} is declared in {first.place}, too; rename one"
            own[one.name] = replace(first, problem=twice, also=(*first.also, one.source))
        elif one.problem.partition(": ")[2].startswith("a stage is named"):
            refused.append(one.problem)
        else:
            own[one.name] = one
    own = {name: _checked(one, own) for name, one in own.items()}
    ordered = _in_order(own)
    stages = {**STAGES, **{name: own_stage_of(own[name]) for name in ordered}}
    return BookFlow(stages, {name: own[name] for name in ordered}, tuple(refused))


def _checked(one: OwnStage, own: Mapping[str, OwnStage]) -> OwnStage:
    """The stage with the problem of its reads and settings, and only those that can be read."""
    known, problem = {*STAGE_OF_TABLE, *own, BARS.name}, one.problem
    for name in one.reads:
        if name not in known:
            of_no_stage = {spec.name for spec in TABLES_OF_NO_STAGE}
            what = "a table that no stage writes" if name in of_no_stage else "no table of the book has that name"
            problem = problem or f"{one.place}: {one.name} reads {name}: {what}{_near(name, known)}"
    settings = {*(keys := flatten(Settings())), *(key.rpartition(".")[0] for key in keys)} - {""}
    for name in one.settings:
        if name not in settings:
            near = _near(name, settings)
            problem = problem or f"{one.place}: {one.name} reads the setting {name}: there is none{near}"
    circles = {read: way for read in one.reads if read in own and (way := _way(read, one.name, own))}
    for way in circles.values():
        chain = " reads ".join((one.name, *way))
        problem = problem or f"{one.place}: {chain}: a circle has no first stage; take one of these reads out"
    reads = tuple(name for name in one.reads if name in known and name not in circles)
    return replace(one, reads=reads, settings=tuple(n for n in one.settings if n in settings), problem=problem)


def _near(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


def _way(first: str, last: str, own: Mapping[str, OwnStage]) -> list[str]:
    """Own stages on a way over reads from one to another, both included; empty without one."""
    ways, seen = [[first]], {first}
    while ways:
        way = ways.pop()
        if way[-1] == last:
            return way
        for read in own[way[-1]].reads:
            if read in own and read not in seen:
                seen.add(read)
                ways.append([*way, read])
    return []


def _in_order(own: Mapping[str, OwnStage]) -> list[str]:
    """Names so that each follows those that it reads; otherwise as declared. Reads in a circle were taken out."""
    found: list[str] = []
    while len(found) < len(own):
        found += [
            name for name, one in own.items() if name not in found and not (set(one.reads) & own.keys()) - {*found}
        ]
    return found


def own_stage_of(one: OwnStage) -> Stage:
    """The declaration of an own stage as one of the flow."""
    kinds = ("sql", "duckdb") if one.source.form == "sql" else ("python",)
    # The columns of some tables follow the holds or the floors of the gate; they are asked for while there are no rows.
    read = [TABLES[name] for name in one.reads if name in TABLES]
    holds = ("exits.hold_days",) if any(spec.graded for spec in read) else ()
    gates = ("gates",) if any(spec.of_gate for spec in read) else ()
    about, code = one.about or f"Own stage of {one.source.name}.", tuple(sorted(one.code.items()))
    return own_stage(one.name, about, one.reads, tuple(dict.fromkeys((*one.settings, *holds, *gates))), kinds, code)
