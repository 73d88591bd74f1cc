-- Wins, losses and expired setups of the race add up to the total.
select *
from setup_group_stats
where hold_days is null and total <> wins + losses + expired
