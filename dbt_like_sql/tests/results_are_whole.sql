-- A graded setup has a complete result; any other has a reason and no result.
select
    ticker,
    row_no,
    is_graded,
    gross_r,
    net_r,
    hold_days,
    drop_reason
from graded_setups
where
    (
        is_graded
        and (
            gross_r is null
            or net_r is null
            or hold_days is null
            or lacks_a_hold(graded_setups)
            or drop_reason is not null
        )
    )
    or (not is_graded and (gross_r is not null or drop_reason is null))
