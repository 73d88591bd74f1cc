-- One row per direction and tenth of the stated probability: mean stated probability, and share of targets hit.
--
-- Ten bins of equal count over every setup of the scenario's grid that was graded from the signal's close, in both
-- profiles and without any gate, because the probability was stated at that close. `direction` is all, long or short,
-- each with its own bins. A target not reached before the stop within the horizon counts as no hit, including expired
-- setups. Percentages are 0-100. The rows are sorted once and then read in that order, which one thread preserves:
-- `row_number() over ()` counts along it, and list() collects along it, so that each mean adds up from the lowest
-- probability.
with

graded as materialized (
    select
        scenario,
        direction,
        primary_prob,
        outcome_at_close = 'target_hit' as is_hit
    from graded_setups
    where outcome_at_close is not null and primary_prob is not null
    order by primary_prob, ticker, row_no
),

directions as (
    select
        coalesce(direction, 'all') as direction,
        count(*) as n_rows
    from graded
    group by grouping sets ((), (direction))
),

placed as (
    select
        scenario,
        'all' as direction,
        primary_prob,
        is_hit,
        row_number() over () - 1 as place
    from graded

    union all

    select
        scenario,
        direction,
        primary_prob,
        is_hit,
        row_number() over () - 1 as place
    from graded
    where direction = 'long'

    union all

    select
        scenario,
        direction,
        primary_prob,
        is_hit,
        row_number() over () - 1 as place
    from graded
    where direction = 'short'
),

-- The bins of ntile(10): the first n % 10 hold one row more.
binned as (
    select
        placed.*,
        directions.n_rows // 10 as small,
        directions.n_rows % 10 as n_large,
        if(
            placed.place < n_large * (small + 1),
            placed.place // (small + 1),
            n_large + (placed.place - n_large * (small + 1)) // nullif(small, 0)
        ) + 1 as bin
    from placed
    inner join directions
        on placed.direction = directions.direction
)

select
    scenario,
    direction,
    bin,
    count(*) as n,
    min(primary_prob) as min_stated_pct,
    max(primary_prob) as max_stated_pct,
    list_sum(list(primary_prob)) / count(*) as mean_stated_pct,
    count(*) filter (where is_hit) as hits,
    hits / n * 100 as hit_pct,
    hit_pct - mean_stated_pct as gap_pct
from binned
group by scenario, direction, bin
order by direction, bin
