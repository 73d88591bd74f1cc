"""The declared flow: every stage and the columns of every table."""
