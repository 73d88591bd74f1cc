"""`python -m btassets.cli`."""

from btassets.cli.main import run_and_exit

run_and_exit()
