"""Where the config tree lies, and how a config is composed outside the command line."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parents[1]
# in a wheel conf/ lies inside the package, in a clone at the root of the repository
CONF = _PACKAGE / "conf" if (_PACKAGE / "conf").is_dir() else _PACKAGE.parents[1] / "conf"


def compose(overrides: Sequence[str] = (), config: str = "train") -> dict[str, Any]:
    """The config that `vaelab train <overrides>` would use, resolved, as plain dicts and lists, and checked.

    Raises ConfigError, or Hydra's own errors for an unknown group or key.
    """
    from hydra import compose as hydra_compose
    from hydra import initialize_config_dir

    from vaelab.config.check import check

    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = plain(hydra_compose(config, list(overrides)))
    check(cfg)
    return cfg


def plain(cfg: Any) -> dict[str, Any]:
    """A composed config with its interpolations resolved, as plain dicts and lists."""
    from omegaconf import OmegaConf

    container: Any = OmegaConf.to_container(cfg, resolve=True, enum_to_str=True)
    return container
