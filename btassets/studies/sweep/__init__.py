"""Sweep a grid over settings."""
