"""Devices and strategies that a trainer cannot have, in a user's words."""

from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.strategies import DDPStrategy, SingleDeviceStrategy
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from vaelab.errors import ConfigError

_SHARDS = ("fsdp", "deepspeed", "model_parallel")


def trainer_of(make: Callable[[], pl.Trainer], settings: Mapping[str, Any]) -> pl.Trainer:
    """What `make` makes of the `settings` of trainer. Raises ConfigError where Lightning refuses, or would share a
    model out among processes."""
    strategy = settings.get("strategy")
    if str(strategy).startswith(_SHARDS):
        raise _shared(strategy)
    try:
        trainer = make()
    except (MisconfigurationException, ValueError, ImportError) as error:
        raise ConfigError(_words(str(error), settings)) from error
    if not isinstance(trainer.strategy, SingleDeviceStrategy | DDPStrategy):
        raise _shared(strategy)
    return trainer


def _shared(strategy: Any) -> ConfigError:
    return ConfigError(
        f"trainer.strategy={strategy}: vaelab trains on one device or by ddp, where each process has the whole model. "
        "docs/cluster.md says why, and what saves memory."
    )


def _words(text: str, settings: Mapping[str, Any]) -> str:
    asked = f"trainer.accelerator={settings.get('accelerator')} trainer.devices={settings.get('devices')}"
    if "No supported gpu backend" in text:
        cpu = "trainer=cpu trains on the CPU, as does trainer=ddp trainer.accelerator=cpu"
        return f"{asked}: torch finds no GPU here. {cpu}."
    return f"{asked} trainer.strategy={settings.get('strategy')}: {' '.join(text.split())}"
