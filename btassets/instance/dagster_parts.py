"""Parts of Dagster that a step imports when it starts: imported here, once, in the fork server.

Belongs here: names of modules. Importing them is all that this module does (`btassets.preload`).
"""
