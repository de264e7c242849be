"""A config as dotted settings, and how it differs from the default."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vaelab.report.choices import Choices, name_of

GONE = "–"
_TARGET = "_target_"


class Change(NamedTuple):
    """One setting, as the default has it and as the run had it."""

    setting: str
    default: str
    here: str


def flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested groups as dotted settings; lists stay whole. An empty group is a setting of its own."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        path = f"{prefix}{key}"
        found |= flat(value, f"{path}.") if isinstance(value, dict) and value else {path: value}
    return found


def written(value: Any) -> str:
    """A value as the command line takes it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def changes(
    default: Mapping[str, Any], here: Mapping[str, Any], usual: Choices | None = None, chosen: Choices | None = None
) -> list[Change]:
    """What is not the same in both, in the order of the default: choices by their names, then settings.

    `usual`, `chosen`: the choices of both, where they are known; else the target tells its name. Of a piece that came,
    all its settings are told; of one that went, that it went.
    """
    before, after = flat(default), flat(here)
    paths = [*before, *(path for path in after if path not in before)]
    choices = _choices(default, here, usual or {}, chosen or {})
    named = {change.setting for change in choices}
    settings: list[Change] = []
    for path in paths:
        if path.endswith("_partial_") or before.get(path, _MISSING) == after.get(path, _MISSING):
            continue
        group, _, last = path.rpartition(".")
        if last == _TARGET and group in named:
            continue
        if last != _TARGET and _went(path, before, after):
            continue
        change = Change(group if last == _TARGET else path, _told(path, before), _told(path, after))
        (choices if last == _TARGET else settings).append(change)
    return sorted([*choices, *settings], key=lambda change: _place(change, [*default, *here]))


_MISSING = object()


def _choices(default: Mapping[str, Any], here: Mapping[str, Any], usual: Choices, chosen: Choices) -> list[Change]:
    """The groups of which another file was chosen. An experiment is no setting: what it sets is told by itself."""
    if not usual or not chosen:
        return []
    groups = [*usual, *(group for group in chosen if group not in usual)]
    found = [Change(group, usual.get(group, GONE), chosen.get(group, GONE)) for group in groups]
    found = [one for one in found if one.default != one.here and one.setting != "experiment"]
    # of a group that went as a part of another one, that one is told; of a list of choices only its pieces are known
    turned = {one.setting for one in found}
    return [
        one
        for one in found
        if (one.default != GONE or one.setting not in default)
        and (one.here != GONE or (one.setting not in here and one.setting.rpartition(".")[0] not in turned))
    ]


def _told(path: str, config: Mapping[str, Any]) -> str:
    if path not in config:
        return GONE
    group, _, last = path.rpartition(".")
    return name_of(group, str(config[path])) if last == _TARGET else written(config[path])


def _went(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Is this a setting of a piece that went whole?"""
    groups = path.split(".")[:-1]
    targets = [".".join([*groups[:i], _TARGET]) for i in range(1, len(groups) + 1)]
    return any(target in before and target not in after for target in targets)


def _place(change: Change, order: Sequence[str]) -> int:
    first = change.setting.split(".")[0]
    return order.index(first) if first in order else len(order)


def differing(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The settings that every run has and that are not the same in all: {setting: its value in each run}."""
    every = [flat(config) for config in configs]
    shared = [path for path in every[0] if all(path in one for one in every)] if every else []
    return {
        path: [one[path] for one in every]
        for path in shared
        if len({written(one[path]) for one in every}) > 1
    }  # fmt: skip
