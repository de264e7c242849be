"""Hydra's errors told in our words, with the names this program has."""

from collections.abc import Iterator
from typing import Any

from vaelab.config.paths import CONF
from vaelab.errors import UserError


def explain_in_door(error: Exception, door: str, overrides: list[str]) -> UserError | None:
    """The error as one clear line, or None when it is not one of Hydra's."""
    from vaelab.config.hydra_errors import explain

    return explain(error, list(_keys(door)), overrides)


def _keys(door: str) -> Iterator[str]:
    """Every dotted setting and every group of a door's default config."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf import OmegaConf

    from vaelab.config.keys import settings_of

    for group in CONF.rglob("*/"):
        yield str(group.relative_to(CONF))
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        # not resolved: what is missing here may be what the user got wrong
        defaults: Any = OmegaConf.to_container(compose(door), resolve=False)
        yield from settings_of(defaults)
