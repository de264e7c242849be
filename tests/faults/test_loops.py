"""Loops that validate, accumulate or round otherwise go on exactly too."""

import signal
from pathlib import Path

import pytest

from tests.training.crash import difference, forked, instants
from tests.training.test_resume import RUNS, SMALL
from vaelab import compose

LOOPS = {
    "16 bits": ["trainer.precision=bf16-mixed"],
    "part of the batches": ["++trainer.limit_train_batches=3"],
    "validation every second epoch": ["++trainer.check_val_every_n_epoch=2", "trainer.max_epochs=4"],
    "validation across epochs": ["++trainer.check_val_every_n_epoch=null", "++trainer.val_check_interval=4"],
    # of several batches, none of which may be left out after a state from the middle of an epoch
    "validation after every second step": [
        *("++trainer.val_check_interval=2", "data.batch_size=64", "++trainer.limit_train_batches=6"),
        "trainer.max_epochs=2",
    ],
    "three batches a step": ["trainer.accumulate_grad_batches=3"],
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_killed_run_goes_on_as_if_it_had_not_been(name: str, tmp_path: Path) -> None:
    cfg = compose([*SMALL, *RUNS["hvae"], *LOOPS[name]])
    whole, folder = tmp_path / "whole", tmp_path / "run"
    assert forked(cfg, whole) == 0, Path(f"{whole}.log").read_text()
    assert forked(cfg, folder, fatal=int(0.65 * instants(whole))) == -signal.SIGKILL
    assert forked(cfg, folder, resume=True) == 0, Path(f"{folder}.log").read_text()
    assert difference(whole, folder) is None
