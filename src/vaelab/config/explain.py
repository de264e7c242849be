"""Hydra's errors told in our words, with the names this program has."""

from collections.abc import Iterator
from typing import Any

from vaelab.config.paths import CONF
from vaelab.errors import UserError


def explain_in_door(error: Exception, door: str, overrides: list[str]) -> UserError | None:
    """The error as one clear line, or None when it is not one of Hydra's."""
    from vaelab.config.hydra_errors import explain

    return explain(error, list(_keys(door)), overrides, CONF)


def _keys(door: str) -> Iterator[str]:
    """Every dotted setting of a door's default config, and every group that the door has: training has all."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf import OmegaConf

    from vaelab.config.door_help import groups_of
    from vaelab.config.keys import settings_of

    has = None if door == "train" else groups_of((CONF / f"{door}.yaml").read_text())
    for group in CONF.rglob("*/"):
        name = group.relative_to(CONF)
        if has is None or name.parts[:1] == ("hydra",) or str(name) in has:
            yield str(name)
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        # not resolved: what is missing here may be what the user got wrong
        defaults: Any = OmegaConf.to_container(compose(door), resolve=False)
        # without a target the settings are taken for those of training
        target = {} if has is None else {"_target_": f"vaelab.config.doors.{door}"}
        yield from settings_of({**target, **defaults})
