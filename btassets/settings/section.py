"""Base of every group of settings: frozen, typed, closed to unknown keys.

Belongs here: the base of the settings models, their shared bounded numbers, and patterns of texts. Does not belong
here: any setting (`models.py`, `quality_thresholds.py`).
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Frac = Annotated[float, Field(ge=0.0, le=1.0)]
Percent = Annotated[float, Field(ge=0.0, le=100.0)]
NonNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]

NAME = r"^[a-z][a-z0-9_]{0,39}$"
URL = r"^(https?://\S+)?$"
TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"

FORMS = {
    NAME: "must be a name of lower-case letters, digits and underscores, a letter first, at most 40 characters",
    URL: "must be an address that begins with http:// or https://, or empty",
    TIME: "must be a time from 00:00 to 23:59, e.g. 17:30",
    VARIABLE: "must be the name of an environment variable (letters, digits, underscores), not the URL itself",
}
"""Rule of each pattern in words."""


class Section(BaseModel):
    """A group of settings: frozen, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)
