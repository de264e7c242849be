"""The default config, and the choices of a run by their names: objective=beta instead of the path of a class."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from vaelab.config.paths import CONF, plain

Choices = Mapping[str, str]  # {"objective.schedule": "linear"}: dots, as settings have them
_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@cache
def default_config() -> dict[str, Any]:
    """What `vaelab train` alone would use."""
    return _default()[0]


def default_choices() -> Choices:
    return _default()[1]


def read_choices(folder: Path) -> Choices:
    """Which file of each group a run was composed of: .hydra/hydra.yaml. {} where it cannot be read."""
    import yaml

    try:
        found = yaml.safe_load((folder / ".hydra" / "hydra.yaml").read_text(encoding="utf-8"))
        return _dotted(found["hydra"]["runtime"]["choices"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, yaml.YAMLError):
        return {}


def name_of(group: str, target: str) -> str:
    """The choice that a `_target_` stands for: the file of conf/<group> named like its module or its class, else the
    class itself. Of a group of several (callbacks.ema) the class is told."""
    *_, module, cls = ["", *target.split(".")]
    snake = _SNAKE.sub("_", cls).lower()
    place = CONF / group.replace(".", "/")
    return next((name for name in (module, snake) if name and (place / f"{name}.yaml").is_file()), cls)


@cache
def _default() -> tuple[dict[str, Any], Choices]:
    from hydra import compose, initialize_config_dir
    from omegaconf import open_dict

    with _outside_of_a_job(), initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("train", return_hydra_config=True)
    choices = _dotted(dict(cfg.hydra.runtime.choices))
    with open_dict(cfg):
        del cfg["hydra"]
    return plain(cfg), choices


@contextmanager
def _outside_of_a_job() -> Iterator[None]:
    """Hydra composes one config at a time: within `vaelab train` its own is put aside meanwhile."""
    from hydra.core.global_hydra import GlobalHydra

    held = GlobalHydra.instance().hydra
    GlobalHydra.instance().hydra = None
    try:
        yield
    finally:
        GlobalHydra.instance().hydra = held


def _dotted(choices: Mapping[str, Any]) -> Choices:
    """Without Hydra's own and without lists of several; `a/b@c` is the setting c."""
    return {
        re.sub(r"^.*@", "", group).replace("/", "."): name
        for group, name in choices.items()
        if isinstance(name, str) and group != "hydra" and not group.startswith("hydra/")
    }
