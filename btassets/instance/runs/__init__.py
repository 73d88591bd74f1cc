"""Runs of an instance: where their steps run, what they write, and which of them are kept."""
