-- Qualified setups are a subset of all, and each direction is a subset of the qualified.
select
    part.population,
    part.total,
    whole.population as within,
    whole.total as total_within
from setup_stats as part
inner join setup_stats as whole
    on whole.population = if(part.population = 'qualified', 'all', 'qualified')
where part.population <> 'all' and (part.total > whole.total or part.n_rows > whole.n_rows)
