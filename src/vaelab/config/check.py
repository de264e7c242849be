"""Holding a whole config against the signatures of its targets and the rules between its settings."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vaelab.config.annotation import ANYTHING
from vaelab.config.fault import Fault, refuse
from vaelab.config.foreign import FOREIGN
from vaelab.config.match import fault, inner, show, words
from vaelab.config.near import did_you_mean
from vaelab.config.rules import broken_rules
from vaelab.config.settings import SETTINGS
from vaelab.config.signature import Argument, signature_of
from vaelab.config.source import PACKAGE
from vaelab.errors import ConfigError

MISSING = "???"
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")
# Hydra's own keys of a node
_HYDRA: dict[str, Any] = {
    "_target_": str, "_partial_": bool, "_recursive_": bool, "_convert_": str, "_args_": list,
}  # fmt: skip


def check(
    cfg: Mapping[Any, Any],
    choices: Mapping[str, Any] | None = None,
    root: Path = PACKAGE,
) -> None:
    """Raise one error that tells every fault of a config; torch is not imported.

    `cfg`: plain dicts and lists, interpolations resolved. `choices`: the file chosen of each group, for
    messages. Raises ConfigError, or DataError when only paths are wrong.
    """
    faults = [*_walk("", dict(cfg), ANYTHING, root)]
    if experiment := (choices or {}).get("experiment"):
        faults = [_of_an_experiment(fault, experiment) for fault in faults]
    refuse([*faults, *(Fault(text) for text in broken_rules(cfg, choices or {}, root))])


def arguments_of(path: str, value: Any, root: Path = PACKAGE) -> dict[str, Argument] | None:
    """All settings that can stand in the group `path`; None when that is not known.

    Raises ConfigError for a `_target_` that does not exist.
    """
    if not isinstance(value, dict) or "_target_" not in value:
        return SETTINGS.get(re.sub(r"\[\d+\]", "[]", path))
    target = value["_target_"]
    if not isinstance(target, str) or not _DOTTED.fullmatch(target):
        raise ConfigError(f"must be a dotted name such as torch.optim.Adam, not {show(target)}")
    return FOREIGN[target] if target in FOREIGN else signature_of(target, root)


def _walk(path: str, value: Any, annotation: Any, root: Path) -> Iterator[Fault]:
    """Faults of the setting `path` and of everything below it."""
    if value == MISSING:
        yield Fault(f"{path} is not set: give {path}=<value>{_asked(', ', annotation)}")
    elif found := fault(path, value, annotation):
        yield found
    elif isinstance(value, list):
        for i, element in enumerate(value):
            yield from _walk(f"{path}[{i}]", element, inner(value, annotation, i), root)
    elif isinstance(value, dict):
        yield from _group(path, value, inner(value, annotation), root)


def _group(path: str, group: dict[str, Any], other: Any, root: Path) -> Iterator[Fault]:
    """Faults of a group's settings. `other`: the type of those that no signature speaks of."""
    try:
        known = arguments_of(path, group, root)
    except ConfigError as error:
        yield Fault(f"{_join(path, '_target_')}: {error}")
        return
    for key, value in group.items():
        if "_target_" in group and key in _HYDRA:
            yield from _walk(_join(path, key), value, _HYDRA[key], root)
        elif known is None or key in known or "**" in known:
            kind = known[key].annotation if known and key in known else other
            yield from _walk(_join(path, key), value, kind, root)
        else:
            yield Fault(_unknown(path, key, known))
    for key, argument in (known or {}).items():
        if argument.required and key not in group:
            yield Fault(f"{_join(path, key)} is missing{_asked(': it must be ', argument.annotation)}")


def _unknown(path: str, key: Any, known: Mapping[str, Argument]) -> str:
    hint = did_you_mean(str(key), known)
    if not hint and len(known) <= 12:
        hint = f"; it has {', '.join(known) or 'none'}"
    return f"{path or 'the config'} has no setting {key!r}{hint}"


def _of_an_experiment(fault: Fault, experiment: str) -> Fault:
    """A setting that a piece lacks may be one that the experiment gives to the piece it chose."""
    found = re.match(r"(\S+) has no setting '(\w+)'", fault.text)
    if found is None:
        return fault
    setting = f"{found[1]}.{found[2]}"
    return fault._replace(text=f"{fault.text}. If experiment={experiment} sets it, '~{setting}' takes it away")


def _asked(lead: str, annotation: Any) -> str:
    """What is asked of a value that is not there, where there is something to say."""
    return lead + words(annotation) if words(annotation) not in ("", "text") else ""


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)
