"""The names of all settings a config can have: what a misspelt one is compared with."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vaelab.config.check import arguments_of
from vaelab.config.source import PACKAGE
from vaelab.errors import ConfigError


def settings_of(cfg: Mapping[str, Any], root: Path = PACKAGE) -> list[str]:
    """Dotted names of groups and settings, also of those with a default in code that stand in no file."""
    return list(dict.fromkeys(_settings(cfg, "", root)))


def _settings(value: Any, path: str, root: Path) -> Iterator[str]:
    if not isinstance(value, Mapping):
        return
    known: Mapping[str, Any] = {}
    if isinstance(value.get("_target_"), str):
        try:
            known = arguments_of(value, path, root) or {}
        except ConfigError:
            known = {}
    for key in [*value, *known]:
        if not str(key).startswith(("_", "**")):
            name = f"{path}.{key}" if path else str(key)
            yield name
            yield from _settings(value.get(key), name, root)
