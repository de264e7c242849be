"""Variational auto-encoders and hierarchical VAEs, with the ELBO split layer by layer.

from vaelab import HVAE, VAE          the Lightning modules
from vaelab import compose, build     from a config: build(compose(["model=hvae"])).fit()
from vaelab import load               a trained run folder: its module and its data
"""

from typing import Any

__version__ = "0.1.0"

# resolved on first use, so that `vaelab --help` and config errors do not wait for torch
_HOMES = {
    "HVAE": "vaelab.training.modules",
    "VAE": "vaelab.training.modules",
    "Hierarchy": "vaelab.model",
    "Terms": "vaelab.model",
    "build": "vaelab.training.build",
    "compose": "vaelab.config.paths",
    "load": "vaelab.training.load",
}
__all__ = ["HVAE", "VAE", "Hierarchy", "Terms", "build", "compose", "load"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'vaelab' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
