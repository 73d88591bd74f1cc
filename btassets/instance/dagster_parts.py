"""Modules of Dagster that a step imports at its start: imported here, once, in the fork server.

Belongs here: names of modules. This module only imports them (`btassets.preload`).
"""
