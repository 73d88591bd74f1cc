"""How sure a number is: errors of means, families of comparisons, verdicts on claims."""
