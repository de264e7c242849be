"""Errors a user can mend: one clear paragraph, an exit code, no traceback."""


class UserError(Exception):
    """What went wrong, which setting it is about, and what to do; `code` is the exit code of the program."""

    code = 1


class ConfigError(UserError):
    """A setting that cannot be."""

    code = 2


class ResourceError(UserError):
    """Out of memory or disk."""

    code = 3


class DataError(UserError):
    """Data that is missing, empty, not finite, or of another shape than promised."""

    code = 4


class CheckpointError(UserError):
    """A run folder or checkpoint that cannot be read."""

    code = 5


class DivergedError(UserError):
    """Training left the finite numbers."""

    code = 6


class BusyError(UserError):
    """Another process holds the run folder."""

    code = 75


class RankError(UserError):
    """What ended another process of the run, and its exit code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.code = code
