"""What stands on a command line beside its settings."""

from collections.abc import Sequence

SWEEP = ("-m", "--multirun")
# flags that are followed by nothing: after any other, what comes next may be its value
ALONE = (*SWEEP, "-r", "--resolve")


def split_flags(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """(flags with their values, settings): Hydra takes no settings on both sides of a flag."""
    flags: list[str] = []
    settings: list[str] = []
    awaited = False
    for one in arguments:
        (flags if awaited or one.startswith("-") else settings).append(one)
        awaited = not awaited and one.startswith("-") and one not in ALONE and "=" not in one
    return flags, settings


def is_sweep(arguments: Sequence[str]) -> bool:
    """Whether the arguments of `vaelab train` are those of a sweep: by -m, or by a file of conf/sweep."""
    if "hydra.mode=RUN" in arguments:
        return False  # one job of it
    chosen = [one.partition("=")[2] for one in arguments if one.startswith("sweep=")]
    return bool(set(SWEEP) & set(arguments)) or bool(chosen and chosen[-1] not in ("", "null"))
