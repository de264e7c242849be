"""A folder given plainly, `vaelab evaluate outputs/beta`, as Hydra takes it: run='outputs/beta'."""

import re
from collections.abc import Sequence
from pathlib import Path

from vaelab.errors import ConfigError

# flags that are followed by nothing: after any other, what comes next may be its value
_ALONE = ("-m", "--multirun", "-r", "--resolve")
_PLAIN = re.compile(r"[\w./-]+")


def split_flags(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """(flags with their values, settings): Hydra takes no settings on both sides of a flag."""
    flags: list[str] = []
    settings: list[str] = []
    awaited = False
    for one in arguments:
        (flags if awaited or one.startswith("-") else settings).append(one)
        awaited = not awaited and one.startswith("-") and one not in _ALONE and "=" not in one
    return flags, settings


def with_run(door: str, arguments: list[str]) -> list[str]:
    """The arguments with a bare folder as run=…: one without `=` that is a folder or, having a slash, looks like one.

    Raises ConfigError for more than one run.
    """
    taken = [_as_run(one, before) for before, one in zip(["-m", *arguments], arguments, strict=False)]
    runs = [(one, after) for one, after in zip(arguments, taken, strict=True) if after.startswith("run=")]
    if len(runs) > 1 and any(one != after for one, after in runs):
        told = " ".join(one.removeprefix("run=") for one, _ in runs)
        raise ConfigError(f"vaelab {door} takes one run folder, not {len(runs)}: {told}; for several write -m run=a,b")
    return taken


def _as_run(argument: str, before: str) -> str:
    value_of_flag = before.startswith("-") and before not in _ALONE and "=" not in before
    if argument.startswith(("-", "+")) or value_of_flag:
        return argument
    given = argument.removeprefix("run=")
    # a name that Hydra would read as something else: the jobs of sweeps have `,` and `=` in theirs
    if given != argument and not (Path(given).is_dir() and not _PLAIN.fullmatch(given)):
        return argument
    # seed=0 is a setting also where a folder has that name
    if given == argument and ("=" in given or not Path(given).is_dir()) and not _is_place(given):
        return argument
    # in quotes a 0 stays a name, and a comma no sweep
    quoted = re.sub(r"(\\*)('|$)", lambda m: 2 * m[1] + ("\\'" if m[2] else ""), given)
    return f"run='{quoted}'"


def _is_place(text: str) -> bool:
    """Whether a text is a folder by its slash; one with `=` has to be there."""
    return "/" in text and ("=" not in text or Path(text).is_dir())
