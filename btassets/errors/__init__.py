"""Every error that btassets raises on purpose, in one tree.

Belongs here: the names that other modules import. An error of one module may be defined there: it derives from
`BtassetsError` and registers itself.
"""

from btassets.errors.machine import (
    CannotReadError,
    CannotWriteError,
    CheckFailedError,
    DamagedFileError,
    ShardLostError,
    TableContractError,
    TooManyFilesError,
)
from btassets.errors.registered import (
    EXIT_BUG,
    EXIT_CANNOT_WRITE,
    EXIT_CHECK_FAILED,
    EXIT_INTERRUPTED,
    EXIT_NO_BARS,
    EXIT_RATE_LIMITED,
    EXIT_SOME_TICKERS,
    EXIT_USAGE,
    BtassetsError,
    all_errors,
    error_named,
)
from btassets.errors.supply import (
    BenchmarkError,
    CredentialsError,
    ForeignBarsError,
    NeverRunError,
    NoBarsError,
    RateLimitedError,
    SourceStoppedError,
    SourceUnreachableError,
    StaleBarsError,
)
from btassets.errors.usage import (
    BookBusyError,
    CandidateTableError,
    MembershipError,
    NoBookError,
    SettingError,
    SettingsFileError,
    UnknownSettingError,
    UnknownTableError,
    UsageError,
)

__all__ = [
    "EXIT_BUG",
    "EXIT_CANNOT_WRITE",
    "EXIT_CHECK_FAILED",
    "EXIT_INTERRUPTED",
    "EXIT_NO_BARS",
    "EXIT_RATE_LIMITED",
    "EXIT_SOME_TICKERS",
    "EXIT_USAGE",
    "BenchmarkError",
    "BookBusyError",
    "BtassetsError",
    "CandidateTableError",
    "CannotReadError",
    "CannotWriteError",
    "CheckFailedError",
    "CredentialsError",
    "DamagedFileError",
    "ForeignBarsError",
    "MembershipError",
    "NeverRunError",
    "NoBarsError",
    "NoBookError",
    "RateLimitedError",
    "SettingError",
    "SettingsFileError",
    "ShardLostError",
    "SourceStoppedError",
    "SourceUnreachableError",
    "StaleBarsError",
    "TableContractError",
    "TooManyFilesError",
    "UnknownSettingError",
    "UnknownTableError",
    "UsageError",
    "all_errors",
    "error_named",
]
