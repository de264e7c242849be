"""The names of all settings a config can have: what a misspelt one is compared with."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vaelab.config.check import arguments_of
from vaelab.config.source import PACKAGE
from vaelab.errors import ConfigError


def settings_of(cfg: Mapping[Any, Any], root: Path = PACKAGE) -> list[str]:
    """Dotted names of groups and settings, also of those with a default in code that stand in no file."""
    return list(dict.fromkeys(_settings("", dict(cfg), root)))


def _settings(path: str, group: Any, root: Path) -> Iterator[str]:
    if not isinstance(group, dict):
        return
    try:
        known = arguments_of(path, group, root) or {}
    except ConfigError:
        known = {}
    for key in [*group, *known]:
        if not str(key).startswith(("_", "**")):
            name = f"{path}.{key}" if path else str(key)
            yield name
            yield from _settings(name, group.get(key), root)
