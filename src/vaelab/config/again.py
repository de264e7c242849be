"""The command that runs a run again, with something changed. Without torch."""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

# what Hydra reads as a value of another type
_NO_WORDS = ("null", "true", "false", "inf", "nan")


def changed(before: Sequence[str], new: Sequence[str]) -> str:
    """`vaelab train` with the overrides of a run and `new` ones in the place of those that they replace.

    A new choice of a group takes the settings and sub-groups of the old one away; where the run's folder was is not
    said again.
    """
    said = [one for one in before if not key_of(one).startswith("hydra.")]
    return shlex.join(["vaelab", "train", *kept(said, new), *new])


def kept(before: Sequence[str], new: Sequence[str]) -> list[str]:
    """The overrides that no `new` one replaces."""
    return [one for one in before if not any(_replaces(n, one) for n in new)]


def value(of: Any) -> str:
    """A value as it is typed after a key and a `=`."""
    if isinstance(of, Mapping):
        return f"{{{','.join(f'{key}:{value(inner)}' for key, inner in of.items())}}}"
    if isinstance(of, list):
        return f"[{','.join(map(value, of))}]"
    if of is None or isinstance(of, bool):
        return {None: "null", True: "true", False: "false"}[of]
    text = str(of)
    plain = not isinstance(of, str) or (re.fullmatch(r"[A-Za-z_/][\w./-]*", text) and text.lower() not in _NO_WORDS)
    return text if plain else "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def key_of(override: str) -> str:
    """model.z_dims of +model.z_dims=[3]."""
    return override.lstrip("+~").partition("=")[0]


def _replaces(new: str, old: str) -> bool:
    key, was = key_of(new), key_of(old)
    # a choice such as objective=elbo or objective/schedule=linear has no dot; objective.schedule.value=1 is a setting
    group = "." not in key
    return was == key or (group and was.replace("/", ".").startswith(f"{key.replace('/', '.')}."))
