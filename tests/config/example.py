"""What the config tests share: the default training config with changes, and small packages to read."""

from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from vaelab.config.check import check
from vaelab.config.paths import compose
from vaelab.errors import UserError

GONE = object()


@cache
def _composed(overrides: tuple[str, ...]) -> dict[str, Any]:
    return compose(overrides)


def config(changes: dict[str, Any] | None = None, *overrides: str) -> dict[str, Any]:
    """The composed config with dotted settings changed afterwards, as no override could; GONE removes one."""
    cfg = deepcopy(_composed(overrides))
    for setting, value in (changes or {}).items():
        *groups, last = setting.split(".")
        node = cfg
        for group in groups:
            node = node.setdefault(group, {})
        if value is GONE:
            del node[last]
        else:
            node[last] = value
    return cfg


def refused(cfg: dict[str, Any], **arguments: Any) -> UserError:
    """The error with which a config is refused."""
    with pytest.raises(UserError) as caught:
        check(cfg, **arguments)
    return caught.value


def package(folder: Path, **files: str) -> Path:
    """A package root with `files`, named room__file for room/file.py."""
    for name, source in files.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
    return folder
