"""A config as dotted settings, and how it differs from the default."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

GONE = "–"


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


def changes(default: Mapping[str, Any], here: Mapping[str, Any]) -> list[Change]:
    """Every setting that is not the same in both, in the order of the default.

    Of a piece that only one of them has its target is told, not each of its settings.
    """
    before, after = flat(default), flat(here)
    paths = [*before, *(path for path in after if path not in before)]
    return [
        Change(path, written(before[path]) if path in before else GONE, written(after[path]) if path in after else GONE)
        for path in paths
        if (path not in before or path not in after or before[path] != after[path]) and not _within(path, before, after)
    ]


def _within(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Is this a setting of a piece that came or went whole?"""
    groups = path.split(".")[:-1]
    targets = [".".join([*groups[:i], "_target_"]) for i in range(1, len(groups) + 1)]
    return any((target in before) != (target in after) for target in targets if target != path)


@cache
def default_config() -> dict[str, Any]:
    """What `vaelab train` alone would use."""
    from vaelab.config.paths import compose

    return compose()


def differing(configs: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """The settings that every run has and that are not the same in all: {setting: its value in each run}."""
    every = [flat(config) for config in configs]
    shared = [path for path in every[0] if all(path in one for one in every)] if every else []
    return {
        path: [one[path] for one in every]
        for path in shared
        if len({written(one[path]) for one in every}) > 1
    }  # fmt: skip
