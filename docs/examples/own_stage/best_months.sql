-- stage: best_months
-- reads: monthly_r
-- description: One of the three best calendar months, the best first.
select month, setups, mean_r from monthly_r order by mean_r desc, month limit 3
