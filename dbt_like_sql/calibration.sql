-- One row per direction and tenth of the stated probability: what was said, and how often it came true.
--
-- Ten bins of equal count over every setup of the scenario's grid that was graded from the signal's close,
-- in both profiles and without any gate: the probability was stated at that close. `direction` is all, long
-- or short, each with bins of its own. A target that was not reached before the stop within the horizon is
-- a no, an expired setup included. Percentages are 0-100.
with

graded as (
    select
        scenario,
        row_no,
        direction,
        primary_prob,
        outcome_at_close = 'target_hit' as is_hit
    from graded_setups
    where outcome_at_close is not null and primary_prob is not null
),

both_views as (
    select
        scenario,
        row_no,
        'all' as direction,
        primary_prob,
        is_hit
    from graded

    union all

    select
        scenario,
        row_no,
        direction,
        primary_prob,
        is_hit
    from graded
),

binned as (
    select
        *,
        ntile(10) over (partition by direction order by primary_prob, row_no) as bin
    from both_views
)

select
    scenario,
    direction,
    bin,
    count(*) as n,
    min(primary_prob) as min_stated_pct,
    max(primary_prob) as max_stated_pct,
    sum(primary_prob order by primary_prob, row_no) / count(*) as mean_stated_pct,
    count(*) filter (where is_hit) as hits,
    hits / n * 100 as hit_pct,
    hit_pct - mean_stated_pct as gap_pct
from binned
group by scenario, direction, bin
order by direction, bin
