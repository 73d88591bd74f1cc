-- A mean information coefficient lies between -1 and 1 and comes from at least one week.
select *
from factor_ic
where mean_ic not between -1 and 1 or weeks < 1 or thinned_weeks > weeks
