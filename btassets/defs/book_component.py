"""A book as a Dagster component: `defs.yaml` with its folder and key prefix.

Belongs here: the attributes of the YAML file. Does not belong here: the definitions and the rules of a guest
(`embed.py`).
"""

from pathlib import Path

import dagster as dg

from btassets.defs.embed import build_defs


class BookComponent(dg.Component, dg.Model, dg.Resolvable):
    """A btassets book: assets, jobs, schedules and sensors under a key prefix.

    Attributes
    ----------
    folder
        Folder with a `btassets.toml`, relative to the root of the Dagster project.
    key_prefix
        Prefix of every name, one part or several; unset: the folder's name.
    """

    folder: str
    key_prefix: str | list[str] | None = None

    @classmethod
    def get_spec(cls) -> dg.ComponentTypeSpec:
        """Description in the list of components."""
        return dg.ComponentTypeSpec(description="A btassets book: backtest research on daily bars.", tags=["btassets"])

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Return the definitions of the book (`btassets.build_defs`)."""
        folder = context.project_root / Path(self.folder).expanduser()
        return build_defs(folder, key_prefix=self.key_prefix)
