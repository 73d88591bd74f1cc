-- Bins of one direction differ by at most one setup and do not overlap.
with

neighbours as (
    select
        direction,
        bin,
        n,
        min_stated_pct,
        max(n) over (partition by direction) - min(n) over (partition by direction) as spread,
        lag(max_stated_pct) over (partition by direction order by bin) as previous_max_pct
    from calibration
)

select *
from neighbours
where spread > 1 or min_stated_pct < previous_max_pct
