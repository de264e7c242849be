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
    cfg: Mapping[str, Any],
    choices: Mapping[str, str] | None = None,
    multirun: bool = False,
    root: Path = PACKAGE,
) -> None:
    """Raise one error that tells every fault of a config; torch is not imported.

    `cfg`: plain dicts and lists, interpolations resolved. `choices`: the file chosen of each group, to name it
    in messages. `multirun`: the config is one of a sweep's. Raises ConfigError, or DataError when only paths are
    at fault.
    """
    faults = [*_children("", dict(cfg), ANYTHING, SETTINGS.get("", {}), root)]
    refuse([*faults, *(Fault(text) for text in broken_rules(cfg, choices or {}, multirun, root))])


def arguments_of(node: Mapping[str, Any], path: str, root: Path = PACKAGE) -> dict[str, Argument] | None:
    """All settings that a node with a `_target_` can have; None when that is not known.

    Raises ConfigError for a target of the package that does not exist.
    """
    target = node["_target_"]
    arguments = FOREIGN[target] if target in FOREIGN else signature_of(target, root)
    return None if arguments is None else arguments | SETTINGS.get(path, {})


def _walk(path: str, value: Any, annotation: Any, root: Path) -> Iterator[Fault]:
    """Faults of the setting `path` and of everything below it."""
    if value == MISSING:
        asked = f", {words(annotation)}" if words(annotation) else ""
        yield Fault(f"{path} is not set: give {path}=<value>{asked}")
    elif found := fault(path, value, annotation):
        yield found
    elif isinstance(value, dict) and "_target_" in value:
        yield from _node(path, value, root)
    elif isinstance(value, dict | list):
        yield from _children(path, value, annotation, SETTINGS.get(path, {}), root)


def _children(
    path: str, value: dict[str, Any] | list[Any], annotation: Any, known: Mapping[str, Argument], root: Path
) -> Iterator[Fault]:
    if isinstance(value, list):
        for i, element in enumerate(value):
            yield from _walk(f"{path}[{i}]", element, inner(value, annotation, i), root)
        return
    for key, element in value.items():
        kind = known[key].annotation if key in known else inner(value, annotation)
        yield from _walk(_join(path, key), element, kind, root)
    yield from _absent(path, value, known)


def _node(path: str, node: dict[str, Any], root: Path) -> Iterator[Fault]:
    target = node["_target_"]
    if not isinstance(target, str) or not _DOTTED.fullmatch(target):
        yield Fault(f"{path}._target_ must be a dotted name such as torch.optim.Adam, not {show(target)}")
        return
    try:
        known = arguments_of(node, path, root)
    except ConfigError as error:
        yield Fault(f"{path}._target_: {error}")
        return
    for key, value in node.items():
        if key in _HYDRA:
            yield from _walk(_join(path, key), value, _HYDRA[key], root)
        elif known is None or key in known or "**" in known:
            kind = known[key].annotation if known and key in known else ANYTHING
            yield from _walk(_join(path, key), value, kind, root)
        else:
            yield Fault(_unknown(path, key, known))
    yield from _absent(path, node, known or {})


def _unknown(path: str, key: str, known: Mapping[str, Argument]) -> str:
    hint = did_you_mean(key, known)
    if not hint and len(known) <= 12:
        hint = f"; it has {', '.join(known) or 'none'}"
    return f"{path} has no setting {key!r}{hint}"


def _absent(path: str, value: Mapping[str, Any], known: Mapping[str, Argument]) -> Iterator[Fault]:
    for key, argument in known.items():
        if argument.required and key not in value:
            asked = words(argument.annotation)
            yield Fault(f"{_join(path, key)} is missing" + (f": it must be {asked}" if asked else ""))


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)
