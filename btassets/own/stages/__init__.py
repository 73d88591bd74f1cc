"""Stages of own code: finding them in the text of sources, and computing their tables in a process of their own."""
