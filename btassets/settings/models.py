"""The typed settings of a book: one model per section, with bounds, units and defaults.

Belongs here: the settings and their meaning. Does not belong here: the origin of values (`load.py`) and the two named
sets of method switches (`profiles.py`).
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, Field, field_validator

from btassets.engine.conventions import HOLD_DAYS, HORIZON_DAYS, MAX_HOLD_DAYS, ExitPolicy
from btassets.engine.floors import BUILT_IN_RANKING
from btassets.settings.account_settings import AlertRule, Fills, Holdings
from btassets.settings.executor_settings import Executor
from btassets.settings.quality_thresholds import Quality
from btassets.settings.section import NAME, TIME, URL, NonNegative, Percent, Positive, Section
from btassets.settings.signal_floors import checked_floors, floor_signals, floor_values
from btassets.settings.source_settings import Source
from btassets.settings.variant_settings import DEFAULT_VARIANTS, PortfolioVariant, checked_variants

BUILT_IN_RULE = "levels"
"""Name of the built-in setup rule."""


class Demo(Section):
    """The synthetic market of the demo source."""

    preset: Literal["demo", "null", "edge"] = Field(
        default="demo", description="planted edge: demo 0.006, null 0, edge 0.012"
    )
    tickers: int = Field(default=60, ge=1, le=100_000, description="number of tickers")
    years: float = Field(default=5.0, gt=0.25, le=60.0, description="length in years of 252 sessions")
    seed: int = Field(default=7, ge=0, le=2**63 - 1, description="seed of the counter-based random numbers")
    extend: int = Field(default=0, ge=0, le=2520, description="sessions appended after the fixed last one, 2025-12-31")


class Universe(Section):
    """Tickers of the source that belong to the book."""

    tickers: tuple[str, ...] = Field(default=(), description="tickers by name; empty: every ticker in the source")
    exclude: tuple[str, ...] = Field(default=(), description="excluded tickers")
    membership: str = Field(
        default="",
        description="CSV or Parquet file of dated membership with columns ticker, start, end; both days included, "
        "empty end: current member; relative to the book's folder",
    )


class Engine(Section):
    """Settings of the replay: a change here replays every ticker."""

    atr_stop_multiple: Positive = Field(default=1.5, description="distance of the stop from the entry, in ATR(14)")
    horizon_days: int = Field(
        default=HORIZON_DAYS,
        ge=1,
        le=MAX_HOLD_DAYS,
        strict=True,
        description="sessions of the race of target against stop, and of its stated probability",
    )
    projection: bool = Field(default=True, description="project targets at 2, 3, 4 ATR if no level is in range")
    gap_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="calendar days without a bar after which a window starts anew; 0: never (the legacy profile)",
    )
    tilt_const: float = Field(default=0.0, description="calibration: constant of the logit tilt")
    tilt_score: float = Field(default=0.0, description="calibration: weight of the score in the logit tilt")
    tilt_level: float = Field(default=0.0, description="calibration: weight of the level strength in the logit tilt")
    action_lead: NonNegative = Field(
        default=20.0, description="lead of one direction's confidence required for an action"
    )
    action_high: Percent = Field(default=70.0, description="confidence required for a HIGH action")
    action_moderate: Percent = Field(default=50.0, description="confidence required for a MODERATE action")


class SetupRule(Section):
    """The rule that makes the setups: a change here replays every ticker."""

    rule: str = Field(
        default=BUILT_IN_RULE,
        pattern=NAME,
        description=f"{BUILT_IN_RULE}: support and resistance, built in; or the name of a setup rule of own/ or of a "
        "package",
    )


class Gates(Section):
    """The floors of the gate, and what its percentile ranks; a change here replays nothing."""

    min_rr: NonNegative = Field(default=1.5, description="minimum reward-to-risk of the primary target")
    min_confidence: Percent = Field(default=55.0, description="least confidence, 0-100")
    exclude_neutral: bool = Field(default=True, description="the engine's action must agree with the setup's direction")
    require_high_conviction: bool = Field(default=False, description="the action must be LONG_HIGH or SHORT_HIGH")
    exclude_conflicts: bool = Field(default=False, description="the risk level must be Low")
    min_momentum_percentile: Percent = Field(default=80.0, description="minimum percentile in the universe; 0: off")
    min_target_probability: Percent = Field(default=0.0, description="minimum probability of the best target, 0-100")
    min_ev: float | None = Field(
        default=None, description="minimum expected value in R by the stated probability; unset: off"
    )
    ranking: str = Field(
        default=BUILT_IN_RANKING,
        pattern=NAME,
        description=f"what the percentile ranks: {BUILT_IN_RANKING}, or a signal, built in or own, by its name; the "
        "ticker at 100 is the strongest by the signal's sign",
    )
    floors: tuple[str, ...] = Field(
        default=(),
        description='floors on percentiles of signals, built in or own, e.g. ["reversal_1w >= 60", "vol_6m <= 80"]; '
        "100 is the strongest by the signal's sign",
    )

    @field_validator("floors", mode="before")
    @classmethod
    def _one_spelling(cls, value: object) -> object:
        return checked_floors(cast(Sequence[Any], value)) if isinstance(value, list | tuple) else value

    @property
    def signals(self) -> tuple[str, ...]:
        """Signals whose percentiles the gate uses, the ranking first."""
        ranked = () if self.ranking == BUILT_IN_RANKING else (self.ranking,)
        return tuple(dict.fromkeys((*ranked, *floor_signals(self.floors))))

    def values(self) -> dict[str, Any]:
        """Value of every floor by its setting (`engine.floors.floors_of`), those on signals included."""
        return self.model_dump(exclude={"ranking", "floors"}) | floor_values(self.floors)

    def named(self) -> dict[str, Any]:
        """`values` and the ranking: everything that decides the columns of a table."""
        return self.values() | {"ranking": self.ranking}


class Exits(Section):
    """Holding periods, and exits beside target and hold."""

    hold_days: tuple[int, ...] = Field(
        default=HOLD_DAYS,
        description=f"holds of the time-exit sweep, 1 to {MAX_HOLD_DAYS} sessions; the portfolio uses the longest; "
        f"holds other than {', '.join(map(str, HOLD_DAYS))} are graded by a replay of their own",
    )

    trail_atr: NonNegative = Field(
        default=0.0,
        description="distance at which the stop follows the best price since the signal, in ATR(14) of its day; 0: off",
    )
    breakeven_r: NonNegative = Field(
        default=0.0, description="R of gain after which the stop moves to the signal's close; 0: off"
    )
    part_frac: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=1.0,
        description="share sold at the target; the rest stays until the stop or the end of the race; 1: all",
    )

    @property
    def policy(self) -> ExitPolicy:
        """The exits beside target and hold."""
        return ExitPolicy(self.trail_atr, self.breakeven_r, self.part_frac)

    @field_validator("hold_days", mode="before")
    @classmethod
    def _ascending(cls, value: object) -> object:
        listed = list(cast(Sequence[Any], value)) if isinstance(value, list | tuple) else list[Any]()
        is_whole = bool(listed) and all(isinstance(n, int) and not isinstance(n, bool) for n in listed)
        if not is_whole or listed != sorted(set(listed)) or not 1 <= listed[0] <= listed[-1] <= MAX_HOLD_DAYS:
            limits = f"from 1 to {MAX_HOLD_DAYS} in ascending order, e.g. [3, 7, 45]"
            message = f"must be a list of one or more whole numbers {limits}"
            raise ValueError(message)
        return listed


class Costs(Section):
    """Trading costs."""

    per_side_frac: Annotated[float, Field(ge=0.0, le=0.1)] = Field(
        default=0.001, description="commission and slippage per side, fraction of the notional"
    )
    delisting_return: Annotated[float, Field(ge=-1.0, le=1.0)] = Field(
        default=0.0, description="return from the last close of an ended ticker to its holder's proceeds"
    )


class Portfolio(Section):
    """The capital-constrained portfolio."""

    starting_capital: Positive = Field(default=10_000.0, description="US dollars")
    max_positions: int = Field(default=10, ge=1, le=10_000, description="maximum number of positions, one per ticker")
    risk_frac: Annotated[float, Field(gt=0.0, le=1.0)] = Field(default=0.01, description="equity risked per position")
    notional_cap_frac: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        default=0.20, description="maximum share of equity in one position"
    )


class Method(Section):
    """The switches between the legacy profile's rules and the standard ones; a profile is a named set of them."""

    asof_grid: Literal["week", "bar"] = Field(
        default="week", description="as-of dates: week ends, or every fifth own bar"
    )
    ranking: Literal["eligible", "rows"] = Field(
        default="eligible", description="ranked rows: each eligible ticker once, or every candidate row"
    )
    fill: Literal["open", "close"] = Field(
        default="open", description="fill at the next open, or at the signal's close"
    )
    expired: Literal["mark", "zero"] = Field(
        default="mark", description="expired trades: marked to the last close, or 0R"
    )
    gapped_target: Literal["open", "target"] = Field(
        default="open",
        description="bars that open beyond the target: fill at that open like a limit order, or at the target",
    )
    ended: Literal["graded", "dropped"] = Field(
        default="graded", description="rows truncated by the end of a ticker: graded to its last bar, or dropped"
    )
    ic: Literal["weeks", "thinned"] = Field(default="weeks", description="IC over all weeks, or over thinned weeks")
    portfolio: Literal["open", "close"] = Field(
        default="open", description="rules of the portfolio: next open by session, or the legacy profile's"
    )


class Statistics(Section):
    """Inputs of the statistics beside the bars."""

    groups: str = Field(
        default="",
        description="CSV file with columns ticker and group (sector, industry ...), relative to the book's folder: "
        "repeats the factor study within groups; empty: off",
    )


class Own(Section):
    """Limits of own signals, setup rules and stages (files of own/, installed packages)."""

    max_ticker_seconds: Positive = Field(
        default=10.0,
        description="processor seconds that an own function may take for one ticker, or for one week of all tickers",
    )
    max_query_seconds: Positive = Field(default=300.0, description="processor seconds that a signal in SQL may take")
    max_stage_seconds: Positive = Field(default=300.0, description="processor seconds that an own stage may take")


class Report(Section):
    """Optional parts of the report."""

    tickers: tuple[str, ...] = Field(
        default=(), description="tickers with a page of their own, beside today's setups and the best and worst trades"
    )
    max_ticker_pages: int = Field(default=60, ge=0, le=5_000, description="most pages of single tickers; 0: none")


class Storage(Section):
    """Storage of tables."""

    buckets: int = Field(default=64, ge=1, le=4096, description="number of hash buckets of the per-ticker tables")
    keep_reports: int = Field(default=30, ge=1, le=1_000_000, description="number of report folders kept, newest first")
    keep_sweeps: int = Field(default=30, ge=1, le=1_000_000, description="number of sweep folders kept, newest first")
    keep_replays: int = Field(
        default=8, ge=0, le=1_000, description="number of replays kept that only sweeps used, newest first"
    )


class Schedule(Section):
    """Automatic updates of the book (`btassets schedule on`)."""

    time: str = Field(
        default="18:30",
        pattern=TIME,
        description="time of the daily run in the exchange's own time zone, HH:MM, after the session's close",
    )
    nightly_time: str = Field(
        default="23:30",
        pattern=TIME,
        description="time of the nightly null market, HH:MM in the same time zone",
    )
    nightly_versions: int = Field(
        default=0, ge=0, le=999, description="versions of the market without an edge per night; 0: none"
    )
    webhook: str = Field(
        default="",
        pattern=URL,
        description="URL notified of failed runs and old bars by a JSON POST; best set in the environment",
    )
    retries: int = Field(default=2, ge=0, le=10, description="number of retries of a failed run of sensor or schedule")


class Retention(Section):
    """Retention of the book's run history; numbers, tables and reports are not part of it."""

    automatic: bool = Field(
        default=True,
        description="delete old Dagster runs (events, logs) at the end of each run; false: only `prune` deletes them",
    )
    runs: int = Field(default=60, ge=1, le=1_000_000, description="number of newest Dagster runs kept")
    days: int = Field(
        default=90, ge=1, le=36_500, description="age in days beyond which a run is deleted even if among them"
    )


class Settings(Section):
    """All settings of a book."""

    profile: Literal["standard", "legacy"] = Field(default="standard", description="named set of method switches")
    benchmark: str = Field(default="none", description="a file, a ticker of the source, or none")
    calendar: str = Field(
        default="XNYS", description="exchange calendar by its code, or data: the union of the bars' dates"
    )
    basis: Literal["total", "split", "raw"] = Field(default="total", description="price basis of the adjusted view")
    alerts: tuple[AlertRule, ...] = Field(
        default=(), description="destinations of alerts: tables [[alerts]], see the section of that name"
    )
    variant: tuple[PortfolioVariant, ...] = Field(
        default=DEFAULT_VARIANTS,
        description="research portfolios of the report: tables [[variant]] at the end of the file, or one list; "
        "the first is the base that the others are compared with",
    )
    source: Source = Source()
    demo: Demo = Demo()
    universe: Universe = Universe()
    setup: SetupRule = SetupRule()
    engine: Engine = Engine()
    gates: Gates = Gates()
    exits: Exits = Exits()
    costs: Costs = Costs()
    portfolio: Portfolio = Portfolio()
    method: Method = Method()
    statistics: Statistics = Statistics()
    own: Own = Own()
    quality: Quality = Quality()
    report: Report = Report()
    storage: Storage = Storage()
    executor: Executor = Executor()
    schedule: Schedule = Schedule()
    retention: Retention = Retention()
    holdings: Holdings = Holdings()
    fills: Fills = Fills()

    @field_validator("alerts")
    @classmethod
    def _one_of_each(cls, value: tuple[AlertRule, ...]) -> tuple[AlertRule, ...]:
        names = [rule.name for rule in value]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            message = f"has the name {twice[0]} twice; the ledger of sent facts needs one name per rule"
            raise ValueError(message)
        return value

    @field_validator("variant")
    @classmethod
    def _distinct_variants(cls, value: tuple[PortfolioVariant, ...]) -> tuple[PortfolioVariant, ...]:
        return checked_variants(value)


BESIDE_THE_NUMBERS = ("executor", "schedule", "retention", "holdings", "fills", "alerts")
"""Sections that affect no number: they make no scenario and no table stale."""


def flatten(settings: BaseModel, prefix: str = "") -> dict[str, Any]:
    """Every setting by its dotted key, in the order of the models.

    >>> flatten(Settings())["gates.min_rr"]
    1.5
    """
    flat: dict[str, Any] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        key = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            flat.update(flatten(value, f"{key}."))
        elif isinstance(value, tuple):
            items = cast(tuple[Any, ...], value)
            flat[key] = tuple(item.model_dump() if isinstance(item, BaseModel) else item for item in items)
        else:
            flat[key] = value
    return flat
