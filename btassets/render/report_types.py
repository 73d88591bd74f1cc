"""Types of the report document, generated from `report.schema.json`; do not edit.

`python docs/make_report_types.py` writes this module anew. Null means missing. A key that only some
reports have is marked `NotRequired`.
"""

from typing import Any, Literal, NotRequired, TypedDict


class Year(TypedDict):
    """Part `Year` of a report."""

    year: int
    return_pct: float | None


class Month(TypedDict):
    """Part `Month` of a report."""

    year: int
    month: int
    return_pct: float | None


class Race(TypedDict):
    """Statistics of setups under the race of target and stop; R multiples, percent, sessions.

    Null: not defined, or none.
    """

    total: int
    avg_r: float | None
    total_r: float | None
    net_avg_r: float | None
    net_total_r: float | None
    best_r: float | None
    worst_r: float | None
    avg_hold_days: float | None
    net_r_per_day: float | None
    median_net_r: float | None
    profit_factor: float | None
    net_avg_r_ex_top5: float | None
    wins: int
    losses: int
    expired: int
    hit_rate: float | None
    net_avg_r_ci: NotRequired[list[float] | None]


class Hold(TypedDict):
    """Statistics of setups under a fixed hold with the initial stop."""

    total: int
    avg_r: float | None
    total_r: float | None
    net_avg_r: float | None
    net_total_r: float | None
    best_r: float | None
    worst_r: float | None
    avg_hold_days: float | None
    net_r_per_day: float | None
    median_net_r: float | None
    profit_factor: float | None
    net_avg_r_ex_top5: float | None
    wins: int
    win_rate: float | None
    hold_days: int
    target_net_avg_r: NotRequired[float | None]
    net_avg_r_ci: NotRequired[list[float] | None]


class PortfolioRowRefusals(TypedDict):
    """Part `PortfolioRowRefusals` of a report."""

    slots: int
    cash: int
    size: int
    short: int


class PortfolioRowNotFilled(TypedDict):
    """Part `PortfolioRowNotFilled` of a report."""

    no_next_bar: int
    gapped_stop: int
    gapped_target: int
    no_levels: int


class PortfolioRow(TypedDict):
    """One book; nulls where nothing was traded.

    The standard profile adds refusals and exposure.
    """

    starting_capital: float | None
    final_equity: float | None
    total_return_pct: float | None
    cagr_pct: float | None
    max_drawdown_pct: float | None
    sharpe: float | None
    trades: int | None
    win_rate: float | None
    avg_trade_pnl: float | None
    best_trade_r: float | None
    worst_trade_r: float | None
    best_trade_pnl: float | None
    worst_trade_pnl: float | None
    avg_hold_days: float | None
    skipped_book_full: int | None
    spy_return_pct: float | None
    yearly_returns: list[Year] | None
    start_date: str | None
    end_date: str | None
    refusals: NotRequired[PortfolioRowRefusals]
    skipped_held: NotRequired[int]
    not_filled: NotRequired[PortfolioRowNotFilled]
    avg_exposure_pct: NotRequired[float | None]
    avg_net_r: NotRequired[float | None]


class Target(TypedDict):
    """One target of a setup, with the class of its stated probability."""

    place: int
    price: float
    rr: float
    probability_pct: float
    classification: Literal["conservative", "moderate", "aggressive"]
    is_primary: bool


class Setup(TypedDict):
    """One setup at the as-of date; shares for the book's starting capital."""

    targets: list[Target]
    ticker: str
    direction: Literal["long", "short"]
    entry: float | None
    stop: float | None
    target: float | None
    rr: float | None
    confidence: float | None
    percentile: float | None
    primary_prob: float | None
    action: str | None
    risk_level: str | None
    level_strength: float | None
    is_projected: bool | None
    adv20_usd: float | None
    vote_trend: float | None
    vote_position: float | None
    vote_directional: float | None
    vote_rsi: float | None
    vote_volume: float | None
    conflicts: list[str]
    failed_floors: list[str]
    shares: float | None
    closes: NotRequired[list[float]]


class Trade(TypedDict):
    """Part `Trade` of a report."""

    ticker: str
    asof_date: str
    entry_date: str
    exit_date: str
    entry_price: float | None
    exit_price: float | None
    shares: float | None
    pnl_usd: float | None
    gross_r: float | None
    net_r: float | None
    hold_days: int
    reason: str
    closes: NotRequired[list[float]]


class Advice(TypedDict):
    """One item of advice with the numbers it stands on; verdict null: not tested against chance."""

    topic: str
    item_key: str
    decision: str | None
    sentence: str
    evidence: dict[str, Any]
    verdict: Literal["supported", "contradicted", "not distinguishable from noise"] | None
    claim: int | None


class Refused(TypedDict):
    """Part `Refused` of a report."""

    ticker: str
    reason: str


class Estimate(TypedDict):
    """Part `Estimate` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None


class Tested(TypedDict):
    """Part `Tested` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None
    p_adj: NotRequired[float | None]
    family: NotRequired[str | None]
    family_size: NotRequired[int | None]
    adj_method: NotRequired[str | None]
    oos_estimate: NotRequired[float | None]
    oos_p: NotRequired[float | None]
    oos_windows: NotRequired[int | None]
    oos_confirmed: NotRequired[Literal["yes", "weak", "no", "n/a"] | None]


class RiskMeasures(TypedDict):
    """Risk measures of one curve; null: too few returns, or not defined."""

    cagr_pct: float | None
    max_drawdown_pct: float | None
    sharpe: float | None
    calmar: float | None
    volatility_pct: float | None
    sortino: float | None
    beta: float | None
    skew: float | None
    excess_kurtosis: float | None
    var_pct: float | None
    es_pct: float | None
    best_day_pct: float | None
    worst_day_pct: float | None
    best_month_pct: float | None
    worst_month_pct: float | None
    positive_months_pct: float | None


class ReturnBin(TypedDict):
    """Count of returns in a bin; null: an open end."""

    from_pct: float | None
    to_pct: float | None
    n: int


class NullNumber(TypedDict):
    """Part `NullNumber` of a report."""

    what: str
    unit: Literal["ic", "r", "pct_a_year", "ratio", "n"]
    real: float | None
    ci_lo: float | None
    ci_hi: float | None
    null_mean: float | None
    null_sd: float | None
    null_lo: float | None
    null_hi: float | None
    n: int
    n_at_least: int | None
    share: float | None


class Params(TypedDict):
    """Part `Params` of a report."""

    step_days: int
    horizon_days: int
    min_lookback: int
    cost_per_side_pct: float | None


class ByDirection(TypedDict):
    """Part `ByDirection` of a report."""

    long: Race
    short: Race


class SweepRow(TypedDict):
    """Part `SweepRow` of a report."""

    total: int
    avg_r: float | None
    total_r: float | None
    net_avg_r: float | None
    net_total_r: float | None
    best_r: float | None
    worst_r: float | None
    avg_hold_days: float | None
    net_r_per_day: float | None
    median_net_r: float | None
    profit_factor: float | None
    net_avg_r_ex_top5: float | None
    wins: int
    losses: int
    expired: int
    hit_rate: float | None
    net_avg_r_ci: NotRequired[list[float] | None]
    min_momentum_percentile: float | None


class GateAblationRow(TypedDict):
    """Part `GateAblationRow` of a report."""

    total: int
    avg_r: float | None
    total_r: float | None
    net_avg_r: float | None
    net_total_r: float | None
    best_r: float | None
    worst_r: float | None
    avg_hold_days: float | None
    net_r_per_day: float | None
    median_net_r: float | None
    profit_factor: float | None
    net_avg_r_ex_top5: float | None
    wins: int
    losses: int
    expired: int
    hit_rate: float | None
    net_avg_r_ci: NotRequired[list[float] | None]
    variant: str
    hold_days: int | None
    hold_avg_r: float | None
    hold_net_avg_r: float | None
    hold_total_r: float | None


class PortfolioSimPolicieRefusals(TypedDict):
    """Part `PortfolioSimPolicieRefusals` of a report."""

    slots: int
    cash: int
    size: int
    short: int


class PortfolioSimPolicieNotFilled(TypedDict):
    """Part `PortfolioSimPolicieNotFilled` of a report."""

    no_next_bar: int
    gapped_stop: int
    gapped_target: int
    no_levels: int


class PortfolioSimPolicie(TypedDict):
    """Part `PortfolioSimPolicie` of a report."""

    starting_capital: float | None
    final_equity: float | None
    total_return_pct: float | None
    cagr_pct: float | None
    max_drawdown_pct: float | None
    sharpe: float | None
    trades: int | None
    win_rate: float | None
    avg_trade_pnl: float | None
    best_trade_r: float | None
    worst_trade_r: float | None
    best_trade_pnl: float | None
    worst_trade_pnl: float | None
    avg_hold_days: float | None
    skipped_book_full: int | None
    spy_return_pct: float | None
    yearly_returns: list[Year] | None
    start_date: str | None
    end_date: str | None
    refusals: NotRequired[PortfolioSimPolicieRefusals]
    skipped_held: NotRequired[int]
    not_filled: NotRequired[PortfolioSimPolicieNotFilled]
    avg_exposure_pct: NotRequired[float | None]
    avg_net_r: NotRequired[float | None]
    policy: Literal["target", "hold"]


class PortfolioSim(TypedDict):
    """Part `PortfolioSim` of a report."""

    params: dict[str, Any]
    policies: list[PortfolioSimPolicie]


class StrategyVariantsVariantRefusals(TypedDict):
    """Part `StrategyVariantsVariantRefusals` of a report."""

    slots: int
    cash: int
    size: int
    short: int


class StrategyVariantsVariantNotFilled(TypedDict):
    """Part `StrategyVariantsVariantNotFilled` of a report."""

    no_next_bar: int
    gapped_stop: int
    gapped_target: int
    no_levels: int


class StrategyVariantsVariant(TypedDict):
    """Part `StrategyVariantsVariant` of a report."""

    starting_capital: float | None
    final_equity: float | None
    total_return_pct: float | None
    cagr_pct: float | None
    max_drawdown_pct: float | None
    sharpe: float | None
    trades: int | None
    win_rate: float | None
    avg_trade_pnl: float | None
    best_trade_r: float | None
    worst_trade_r: float | None
    best_trade_pnl: float | None
    worst_trade_pnl: float | None
    avg_hold_days: float | None
    skipped_book_full: int | None
    spy_return_pct: float | None
    yearly_returns: list[Year] | None
    start_date: str | None
    end_date: str | None
    refusals: NotRequired[StrategyVariantsVariantRefusals]
    skipped_held: NotRequired[int]
    not_filled: NotRequired[StrategyVariantsVariantNotFilled]
    avg_exposure_pct: NotRequired[float | None]
    avg_net_r: NotRequired[float | None]
    label: NotRequired[str]
    differs: NotRequired[str]
    variant: str
    ranking: str
    cutoff: float | None
    max_positions: int
    risk_per_trade_pct: float | None


class StrategyVariants(TypedDict):
    """Part `StrategyVariants` of a report."""

    variants: list[StrategyVariantsVariant]


class SignalEvalRow(TypedDict):
    """Part `SignalEvalRow` of a report."""

    signal: str
    weeks: int
    avg_cross_section: float | None
    mean_ic: float | None
    ic_t_stat: float | None
    ic_positive_pct: float | None
    mean_quintile_spread: float | None
    reliable: bool
    mean_ic_ci: NotRequired[list[float] | None]
    verdict: NotRequired[Literal["supported", "contradicted", "not distinguishable from noise"] | None]


class Recommendation(TypedDict):
    """Part `Recommendation` of a report."""

    items: list[dict[str, Any]]
    hold_recommended: bool


class ResearchRecommendationItem(TypedDict):
    """Part `ResearchRecommendationItem` of a report."""

    topic: str
    candidate: bool


class ResearchRecommendation(TypedDict):
    """Part `ResearchRecommendation` of a report."""

    items: list[ResearchRecommendationItem]


class Book(TypedDict):
    """Part `Book` of a report."""

    name: str
    source: str
    basis: Literal["total", "split", "raw"]
    calendar: str
    benchmark: str | None
    data_version: str
    code_version: str
    btassets_version: str


class Universe(TypedDict):
    """Part `Universe` of a report."""

    tickers: int
    current: int
    ended: int
    at_as_of: int
    newest_session: str
    behind: list[str]
    blocked: list[Refused]
    failed: list[Refused]
    survivorship: str


class DataQualityProblemFirst(TypedDict):
    """Part `DataQualityProblemFirst` of a report."""

    ticker: str
    date: str | None
    text: str


class DataQualityProblem(TypedDict):
    """Part `DataQualityProblem` of a report."""

    rule: str
    severity: str
    n_cases: int
    n_tickers: int
    first: DataQualityProblemFirst


class DataQualityOverride(TypedDict):
    """Part `DataQualityOverride` of a report."""

    ticker: str
    rule: str
    reason: str
    is_used: bool


class DataQualityRevisions(TypedDict):
    """Part `DataQualityRevisions` of a report."""

    n: int
    n_tickers: int
    newest: str | None


class DataQuality(TypedDict):
    """Part `DataQuality` of a report."""

    rows_dropped: dict[str, int]
    problems: list[DataQualityProblem]
    benchmark: list[str]
    days_blocked: list[str]
    overrides: list[DataQualityOverride]
    revisions: DataQualityRevisions


class CalibrationRow(TypedDict):
    """Part `CalibrationRow` of a report."""

    direction: Literal["all", "long", "short"]
    bin: int
    n: int
    min_stated_pct: float | None
    max_stated_pct: float | None
    mean_stated_pct: float | None
    hits: int
    hit_pct: float | None
    gap_pct: float | None
    gap_pct_ci: NotRequired[list[float] | None]


class GateAblationDelta(TypedDict):
    """Part `GateAblationDelta` of a report."""

    variant: str
    delta_total: int
    delta_net_avg_r: float | None
    delta_hold_net_avg_r: float | None
    delta_hold_net_avg_r_ci: NotRequired[list[float] | None]


class Drops(TypedDict):
    """Setups without a result by reason."""

    all: dict[str, int]
    qualified: dict[str, int]


class Headline(TypedDict):
    """Part `Headline` of a report."""

    text: str
    verdict: Literal["supported", "contradicted", "not distinguishable from noise"] | None


class Comparison(TypedDict):
    """Part `Comparison` of a report."""

    curve: str
    total_return_pct: float | None
    cagr_pct: float | None
    max_drawdown_pct: float | None
    sharpe: float | None


class EquityCurvesSerie(TypedDict):
    """Part `EquityCurvesSerie` of a report."""

    equity: list[float | None]
    drawdown_pct: list[float | None]
    exposure_pct: list[float | None] | None


class EquityCurves(TypedDict):
    """Every session; each series has one value per date, null where the curve has none."""

    dates: list[str]
    series: dict[str, EquityCurvesSerie]


class DrawdownStretcheRow(TypedDict):
    """Part `DrawdownStretcheRow` of a report."""

    peak_date: str
    trough_date: str
    recovered_date: str | None
    depth_pct: float | None
    n_sessions: int


class TradePartNetRHistogramRow(TypedDict):
    """Part `TradePartNetRHistogramRow` of a report."""

    from_r: float | None
    to_r: float | None
    n: int


class TradePartExitReason(TypedDict):
    """Part `TradePartExitReason` of a report."""

    reason: str
    n: int
    share_pct: float | None
    avg_net_r: float | None
    avg_hold_days: float | None


class TradePart(TypedDict):
    """Part `TradePart` of a report."""

    n: int
    net_r_histogram: list[TradePartNetRHistogramRow]
    exit_reasons: list[TradePartExitReason]
    best: list[Trade]
    worst: list[Trade]


class TodaysSetups(TypedDict):
    """Part `TodaysSetups` of a report."""

    as_of: str | None
    is_signal_day: bool
    last_signal_day: str | None
    n_setups: int
    n_ranked: int
    capital: float | None
    qualified: list[Setup]
    nearest_misses: list[Setup]
    n_qualified: int


class Weeks(TypedDict):
    """Part `Weeks` of a report."""

    n: int
    n_thin: int
    first: str | None
    last: str | None


class Reproduce(TypedDict):
    """Part `Reproduce` of a report."""

    command: str
    settings_hash: str
    settings_not_default: dict[str, Any]


class StatisticsClaim(TypedDict):
    """Part `StatisticsClaim` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None
    p_adj: NotRequired[float | None]
    family: NotRequired[str | None]
    family_size: NotRequired[int | None]
    adj_method: NotRequired[str | None]
    oos_estimate: NotRequired[float | None]
    oos_p: NotRequired[float | None]
    oos_windows: NotRequired[int | None]
    oos_confirmed: NotRequired[Literal["yes", "weak", "no", "n/a"] | None]
    topic: str
    item_key: str
    seed_rule_says: NotRequired[str | None]
    claim_kind: Literal["superior", "negligible", "uniquely_best", "positive"]
    verdict: Literal["supported", "contradicted", "not distinguishable from noise"] | None
    evidence_text: str
    supported_since: NotRequired[str | None]
    first_supported: NotRequired[str | None]
    last_supported: NotRequired[str | None]
    looks_in_a_row: NotRequired[int | None]
    looks: NotRequired[int | None]


class StatisticsSignal(TypedDict):
    """Part `StatisticsSignal` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None
    signal: str
    horizon_days: int
    verdict: Literal["supported", "contradicted", "not distinguishable from noise"] | None
    q: NotRequired[float | None]
    q_table: NotRequired[float | None]
    spread: NotRequired[float | None]
    spread_p: NotRequired[float | None]
    horizon_ic: NotRequired[float | None]
    horizon_ic_ci: NotRequired[list[float] | None]
    neutral_ci: NotRequired[list[float] | None]
    neutral_ic: NotRequired[float | None]
    neutral_verdict: NotRequired[Literal["supported", "contradicted", "not distinguishable from noise"] | None]
    is_primary: bool
    n_tried: NotRequired[int | None]


class StatisticsOwnSignal(TypedDict):
    """Part `StatisticsOwnSignal` of a report."""

    signal: str
    label: str | None
    form: Literal["window", "cross_section", "sql", "file", "python"]
    source: str
    sign: NotRequired[int | None]
    state: Literal["proven", "given", "refused"]
    reason: str | None
    n_values: int | None
    n_missing: int | None
    n_tickers: NotRequired[int | None]
    n_dates: NotRequired[int | None]


class StatisticsRegime(TypedDict):
    """Part `StatisticsRegime` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None
    grouping: str
    member: str
    exit: str
    measure: str
    is_too_short: bool
    largest_year_pct: NotRequired[float | None]
    is_descriptive: NotRequired[bool | None]


class StatisticsPair(TypedDict):
    """Part `StatisticsPair` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None
    p_adj: NotRequired[float | None]
    family: NotRequired[str | None]
    family_size: NotRequired[int | None]
    adj_method: NotRequired[str | None]
    oos_estimate: NotRequired[float | None]
    oos_p: NotRequired[float | None]
    oos_windows: NotRequired[int | None]
    oos_confirmed: NotRequired[Literal["yes", "weak", "no", "n/a"] | None]
    member: str
    against: str


class StatisticsCalibrationRow(TypedDict):
    """Part `StatisticsCalibrationRow` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None
    p_adj: NotRequired[float | None]
    family: NotRequired[str | None]
    family_size: NotRequired[int | None]
    adj_method: NotRequired[str | None]
    oos_estimate: NotRequired[float | None]
    oos_p: NotRequired[float | None]
    oos_windows: NotRequired[int | None]
    oos_confirmed: NotRequired[Literal["yes", "weak", "no", "n/a"] | None]
    direction: str
    bin: int | None


class StatisticsBookRow(TypedDict):
    """Part `StatisticsBookRow` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None
    p_adj: NotRequired[float | None]
    family: NotRequired[str | None]
    family_size: NotRequired[int | None]
    adj_method: NotRequired[str | None]
    oos_estimate: NotRequired[float | None]
    oos_p: NotRequired[float | None]
    oos_windows: NotRequired[int | None]
    oos_confirmed: NotRequired[Literal["yes", "weak", "no", "n/a"] | None]
    policy: str
    measure: str


class StatisticsOverfitRow(TypedDict):
    """Part `StatisticsOverfitRow` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None
    measure: str


class StatisticsWindow(TypedDict):
    """Part `StatisticsWindow` of a report."""

    window: int
    test_net_r: NotRequired[float | None]
    fixed_net_r: NotRequired[float | None]


class StatisticsWalkForward(TypedDict):
    """Part `StatisticsWalkForward` of a report."""

    dates: list[str]
    series: dict[str, list[float | None]]


class StatisticsHealthRow(TypedDict):
    """Part `StatisticsHealthRow` of a report."""

    fact: str
    value: float | None
    unit: str | None
    text: str | None


class Statistics(TypedDict):
    """How sure the report is: the statistics tables, rounded; fractions as percent."""

    claims: list[StatisticsClaim]
    signals: list[StatisticsSignal]
    own_signals: list[StatisticsOwnSignal]
    regimes: list[StatisticsRegime]
    pairs: list[StatisticsPair]
    calibration: list[StatisticsCalibrationRow]
    book: list[StatisticsBookRow]
    overfit: list[StatisticsOverfitRow]
    windows: list[StatisticsWindow]
    walk_forward: StatisticsWalkForward
    health: list[StatisticsHealthRow]


class Answer(TypedDict):
    """The answer in plain sentences, as every face prints it."""

    result: str
    luck: str
    change: str
    today: str
    verdict: Literal["supported", "contradicted", "not distinguishable from noise"] | None
    verdict_word: Literal["clear", "likely luck", "the opposite is clear", "too little data"]


class RiskRollingRow(TypedDict):
    """Part `RiskRollingRow` of a report."""

    window_days: int
    dates: list[str]
    sharpe: list[float | None]
    volatility_pct: list[float | None]
    beta: list[float | None]


class RiskHoldingsMonth(TypedDict):
    """Part `RiskHoldingsMonth` of a report."""

    year: int
    month: int
    n: float


class RiskHoldings(TypedDict):
    """Part `RiskHoldings` of a report."""

    mean: float | None
    median: float | None
    largest: int | None
    months: list[RiskHoldingsMonth]


class RiskConcentration(TypedDict):
    """Positions at their entry, and the weight of a few."""

    mean_position_pct: float | None
    largest_position_pct: float | None
    tickers: int | None
    top_tickers_pct: float | None
    top_trades_gain_pct: float | None


class Risk(TypedDict):
    """Risk of the portfolio beside what it is compared with."""

    measures: dict[str, RiskMeasures]
    rolling: list[RiskRollingRow]
    daily: list[ReturnBin]
    monthly: list[ReturnBin]
    holdings: RiskHoldings
    turnover: float | None
    concentration: RiskConcentration


class RankingMonth(TypedDict):
    """Part `RankingMonth` of a report."""

    year: int
    month: int
    ic: float
    weeks: int


class RankingFifths(TypedDict):
    """Part `RankingFifths` of a report."""

    dates: list[str]
    growth_pct: list[list[float]]


class RankingYear(TypedDict):
    """Part `RankingYear` of a report."""

    year: int
    ic: float


class Ranking(TypedDict):
    """The signal of the gate, week by week."""

    signal: str
    horizon_days: int
    mean_weeks: int
    dates: list[str]
    ic: list[float]
    mean_ic: list[float | None]
    months: list[RankingMonth]
    fifths: RankingFifths
    positive_weeks_pct: float | None
    positive_months_pct: float | None
    years: list[RankingYear]


class JournalVerdict(TypedDict):
    """Part `JournalVerdict` of a report."""

    measure: Literal["net_r", "hit_rate", "fill_gap_r"]
    verdict: Literal["as tested", "worse than tested", "too early"]
    live: float | None
    live_lo: float | None
    live_hi: float | None
    tested: float | None
    tested_lo: float | None
    tested_hi: float | None
    n_setups: int
    n_lists: int
    n_open: int
    more_setups: int | None
    n_other_rules: int
    sentence: str


class JournalResult(TypedDict):
    """Part `JournalResult` of a report."""

    as_of: str
    ticker: str
    direction: Literal["long", "short"]
    outcome: str
    fill_gap_r: float | None
    net_r: float | None
    note: str | None


class Journal(TypedDict):
    """Lists as they were shown, what became of them, and the live verdict."""

    n_lists: int
    first: str | None
    last: str | None
    n_graded: int
    n_open: int
    n_not_filled: int
    n_noted: int
    verdicts: list[JournalVerdict]
    results: list[JournalResult]


class ExcursionsWinners(TypedDict):
    """Largest distance below the fill of setups that reached their target, or gained without one, R."""

    n: int
    p50_r: float | None
    p80_r: float | None
    p95_r: float | None
    mean_day: float | None


class ExcursionsLosers(TypedDict):
    """Largest distance above the fill of setups that were stopped, R."""

    n: int
    p50_r: float | None
    p80_r: float | None
    p95_r: float | None
    mean_day: float | None


class ExcursionsLevel(TypedDict):
    """Part `ExcursionsLevel` of a report."""

    estimate: float | None
    unit: str | None
    ci: list[float] | None
    n: int | None
    n_weeks: int | None
    n_eff: float | None
    p: float | None
    mde80: float | None
    p_adj: NotRequired[float | None]
    family: NotRequired[str | None]
    family_size: NotRequired[int | None]
    adj_method: NotRequired[str | None]
    oos_estimate: NotRequired[float | None]
    oos_p: NotRequired[float | None]
    oos_windows: NotRequired[int | None]
    oos_confirmed: NotRequired[Literal["yes", "weak", "no", "n/a"] | None]
    member: str
    against: str
    measure: str
    verdict: Literal["supported", "not distinguishable from noise"] | None


class Excursions(TypedDict):
    """How far qualified setups went against and for the position before they ended, and other levels."""

    winners: ExcursionsWinners
    losers: ExcursionsLosers
    levels: list[ExcursionsLevel]


class NullMarket(TypedDict):
    """The same numbers in versions of the market whose edge is destroyed; null before any was run."""

    as_of: str
    is_current: bool
    n_versions: int
    signals: list[NullNumber]
    setups: list[NullNumber]
    portfolio: list[NullNumber]


class Report(TypedDict):
    """report.json, schema version 1.

    Missing values are null, never 0 and never NaN. Later versions add keys; they do not rename any.
    """

    schema_version: Literal[1]
    profile: Literal["standard", "legacy"]
    scenario: str
    fill: Literal["open", "close"]
    settings_hash: str
    tickers: int
    candidates: int
    qualified: int
    params: Params
    activation: dict[str, Any]
    overall_qualified: Race
    overall_all: Race
    by_direction: ByDirection
    min_momentum_percentile: float | None
    sweep: list[SweepRow]
    gate_ablation: list[GateAblationRow]
    time_exit_sweep: list[Hold]
    portfolio_sim: PortfolioSim
    strategy_variants: StrategyVariants
    signal_eval: list[SignalEvalRow]
    recommendation: Recommendation
    research_recommendation: ResearchRecommendation
    as_of: str
    book: Book
    universe: Universe
    data_quality: DataQuality
    calibration: list[CalibrationRow]
    gate_ablation_deltas: list[GateAblationDelta]
    drops: Drops
    advice: list[Advice]
    research_advice: list[Advice]
    headline: Headline
    main_policy: Literal["target", "hold"] | None
    comparisons: list[Comparison]
    equity_curves: EquityCurves
    yearly_returns: dict[str, list[Year]]
    monthly_returns: dict[str, list[Month]]
    drawdown_stretches: dict[str, list[DrawdownStretcheRow]]
    trades: dict[str, TradePart]
    todays_setups: TodaysSetups
    weeks: Weeks
    warnings: list[str]
    assumptions: list[str]
    settings: dict[str, Any]
    reproduce: Reproduce
    graded: NotRequired[int]
    dropped: NotRequired[dict[str, int]]
    equal_weight: NotRequired[dict[str, float | None] | None]
    statistics: Statistics
    answer: Answer
    ticker_pages: dict[str, str]
    risk: Risk
    ranking: Ranking
    journal: Journal
    excursions: Excursions
    null_market: NullMarket | None
