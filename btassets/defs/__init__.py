"""What Dagster sees: assets, jobs, checks, resources, the instance. Keep this file free of imports."""
