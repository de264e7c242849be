"""A folder given plainly, `vaelab evaluate outputs/beta`, as Hydra takes it: run='outputs/beta'."""

import re
from pathlib import Path

from vaelab.config.flags import ALONE
from vaelab.errors import ConfigError

_PLAIN = re.compile(r"[\w./-]+")


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
    value_of_flag = before.startswith("-") and before not in ALONE and "=" not in before
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
