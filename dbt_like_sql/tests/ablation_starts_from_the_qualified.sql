-- The ablation's row with all floors is the qualified population, and dropping a floor only adds setups.
select
    gate_ablation.variant,
    gate_ablation.total,
    setup_stats.total as qualified
from gate_ablation
cross join setup_stats
where
    setup_stats.population = 'qualified'
    and (
        gate_ablation.total < setup_stats.total
        or (
            gate_ablation.variant = 'all_floors'
            and (
                gate_ablation.total <> setup_stats.total
                or gate_ablation.net_total_r is distinct from setup_stats.net_total_r
            )
        )
    )
