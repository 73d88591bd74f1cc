"""Settings of a real account and of messages about it: holdings, broker files, alerts.

Belongs here: models of these sections. Does not belong here: reading files (`btassets.studies.account`), sending
(`btassets.alerts`). None of them affects a number of a report.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from btassets.settings.section import URL, NonNegative, Positive, Section

FACT_KINDS = ("setup", "exit", "data", "verdict", "live", "run", "old_bars")
"""Kinds of facts that an alert can report, in the order of a message."""

FactKind = Literal["setup", "exit", "data", "verdict", "live", "run", "old_bars"]
Form = Literal["json", "slack", "discord", "telegram", "smtp"]


class Holdings(Section):
    """Positions and cash of a real account, read by `btassets today`."""

    source: Literal["none", "file", "fills"] = Field(
        default="none", description="none: no account; file: the CSV file below; fills: positions of imported fills"
    )
    file: str = Field(
        default="holdings.csv",
        description="CSV file with columns ticker and shares, and optionally entry, opened, stop, target; relative to "
        "the book's folder",
    )
    cash: NonNegative = Field(
        default=0.0, description="cash in the account, US dollars; with fills: before the first imported fill"
    )
    policy: Literal["target", "hold"] = Field(
        default="target", description="exits that are due: stop, target and time, or (hold) stop and time"
    )


class FillColumns(Section):
    """Names of the columns in a broker's file of fills; empty: recognized by the usual names."""

    time: str = Field(default="", description="date, or date and time, of the execution")
    ticker: str = Field(default="", description="ticker, in any spelling")
    side: str = Field(default="", description="buy or sell; without it the sign of the shares decides")
    shares: str = Field(default="", description="number of shares")
    price: str = Field(default="", description="price per share")
    fee: str = Field(default="", description="fee of the row, positive or negative; without it 0")
    amount: str = Field(default="", description="net cash of the row, used only for a check to the cent")
    order: str = Field(default="", description="order number: rows of one order are its partial fills")


class Fills(Section):
    """Files of fills from a broker."""

    time_zone: str = Field(
        default="", description="zone of times without one, e.g. Europe/Berlin; empty: the zone of the exchange"
    )
    max_late_sessions: Annotated[int, Field(ge=0, le=60)] = Field(
        default=5, description="sessions after its own entry session within which a fill belongs to a shown setup"
    )
    columns: FillColumns = FillColumns()


class AlertRule(Section):
    """One destination of alerts, and the facts that it receives."""

    name: str = Field(min_length=1, max_length=60, description="name of the rule; the ledger of sent facts uses it")
    form: Form = Field(description="json, slack, discord, telegram or smtp")
    facts: tuple[FactKind, ...] = Field(
        default=("setup", "exit", "live", "run"),
        description="kinds of facts: setup (qualifies), exit (due), data (problem or refused ticker), verdict (of "
        "advice changed), live (verdict of the journal changed), run (failed), old_bars",
    )
    secret_env: str = Field(
        default="",
        description="environment variable with the secret: URL of the webhook (json, slack, discord), bot token "
        "(telegram) or password (smtp)",
    )
    url: str = Field(
        default="",
        pattern=URL,
        description="address without a secret: of a json webhook, or of the telegram server",
    )
    chat: str = Field(default="", description="telegram: chat that receives the messages")
    host: str = Field(default="", description="smtp: server")
    port: int = Field(default=587, ge=1, le=65_535, description="smtp: port")
    tls: Literal["starttls", "tls", "none"] = Field(default="starttls", description="smtp: encryption")
    user: str = Field(default="", description="smtp: user name; empty: no login")
    sender: str = Field(default="", description="smtp: address of the sender")
    to: tuple[str, ...] = Field(default=(), description="smtp: addresses of the recipients")
    tries: int = Field(default=4, ge=1, le=10, description="attempts per message, with pauses that double")
    pause_s: NonNegative = Field(default=1.0, description="first pause between attempts, seconds")
    timeout_s: Positive = Field(default=10.0, description="timeout of an attempt, seconds")

    @field_validator("secret_env")
    @classmethod
    def _variable(cls, value: str) -> str:
        if value and not (value.isidentifier() and value.isascii()):
            message = "must be the name of an environment variable, never the secret itself"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _complete(self) -> "AlertRule":
        needs = {
            "json": [("secret_env or url", self.secret_env or self.url)],
            "slack": [("secret_env", self.secret_env)],
            "discord": [("secret_env", self.secret_env)],
            "telegram": [("secret_env", self.secret_env), ("chat", self.chat)],
            "smtp": [("host", self.host), ("sender", self.sender), ("to", self.to)],
        }[self.form]
        if self.form == "smtp" and self.user:
            needs.append(("secret_env", self.secret_env))
        missing = [name for name, value in needs if not value]
        if missing:
            message = f"{self.name}: the form {self.form} needs {' and '.join(missing)}"
            raise ValueError(message)
        return self
