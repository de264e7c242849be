"""What a trainer cannot have is told in a line with the way out."""

from functools import partial

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from vaelab.errors import ConfigError
from vaelab.training.devices import trainer_of

QUIET = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}


def refused(make: object, **settings: object) -> str:
    with pytest.raises(ConfigError) as told:
        trainer_of(make, {"accelerator": "cpu", "devices": 1, "strategy": "auto", **settings})  # type: ignore[arg-type]
    return str(told.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"accelerator": "gqu"},
            "trainer.accelerator=gqu trainer.devices=1 trainer.strategy=auto: You sel",
        ),
        ({"strategy": "dpp"}, "trainer.strategy=dpp: You selected an invalid strategy name"),
    ],
)
def test_what_lightning_refuses_is_told_with_its_settings(settings: dict[str, str], words: str) -> None:
    assert words in refused(partial(pl.Trainer, **settings, **QUIET), **settings)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_the_cpu_is_named() -> None:
    told = refused(partial(pl.Trainer, accelerator="gpu", **QUIET), accelerator="gpu")
    assert told.startswith("trainer.accelerator=gpu trainer.devices=1: torch finds no GPU here. trainer=cpu")


def test_too_many_devices_are_one_line() -> None:
    def make() -> pl.Trainer:
        raise MisconfigurationException("You requested gpu: [0, 1]\n But your machine only has: [0]")

    assert refused(make, devices=2).endswith(": You requested gpu: [0, 1] But your machine only has: [0]")


@pytest.mark.parametrize("strategy", ["fsdp", "deepspeed_stage_2", "model_parallel"])
def test_a_model_is_not_shared_out(strategy: str) -> None:
    assert "each process has the whole model. docs/cluster.md" in refused(pl.Trainer, strategy=strategy)


@pytest.mark.parametrize("strategy", ["auto", "ddp", "ddp_find_unused_parameters_true"])
def test_one_device_and_ddp_are_taken(strategy: str) -> None:
    make = partial(pl.Trainer, accelerator="cpu", devices=2 if "ddp" in strategy else 1, strategy=strategy, **QUIET)
    assert isinstance(trainer_of(make, {"strategy": strategy}), pl.Trainer)
