-- Costs never raise a result.
select *
from graded_setups
where net_r > gross_r
