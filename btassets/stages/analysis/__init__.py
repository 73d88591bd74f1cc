"""Group `analysis`: information coefficients and the tests of the SQL models."""
