"""Memory that is not there, and exceptions in places where weights are swapped: the state on the disk is good."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.faults.child import before, trained
from tests.training.crash import difference
from vaelab.callbacks import Noise
from vaelab.errors import ResourceError
from vaelab.training.modules import HVAE
from vaelab.training.store import verify


def at_step(step: int, error: BaseException) -> Callable[[], None]:
    def act(self: Any, trainer: Any, *rest: Any) -> None:
        if trainer.global_step == step:
            raise error

    return lambda: before(Noise, "on_train_batch_start", act)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: not enough memory: you tried to"),
    ],
    ids=["device", "python", "host"],
)
def test_out_of_memory_says_what_to_try_and_the_run_can_go_on(
    error: BaseException, cfg: dict[str, Any], whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    code, said = trained(cfg, folder, at_step(7, error))
    assert code == ResourceError.code and "Traceback" not in said, said
    for words in ("data.batch_size=256", "data.batch_size=128", "at step 7", "GiB", "accumulate_grad_batches=2"):
        assert words in said
    assert f"last.ckpt, of step 6: `vaelab train resume={folder}`" in said
    assert verify(folder / "checkpoints" / "last.ckpt")["step"] == 6
    code, said = trained(cfg, folder, go_on=True)
    assert code == 0, said
    assert difference(whole, folder) is None


def test_before_any_state_it_says_so(cfg: dict[str, Any], tmp_path: Path) -> None:
    code, said = trained(cfg, tmp_path / "run", at_step(1, MemoryError()))
    assert code == ResourceError.code and "No state had been saved yet." in said


def test_an_exception_in_validation_swaps_no_weights_of_a_checkpoint(
    cfg: dict[str, Any], whole: Path, tmp_path: Path
) -> None:
    """The average stands in the place of the weights there."""

    def act(self: HVAE, *rest: Any) -> None:
        if self.trainer.global_step == 10:
            raise ValueError("in the middle of validation")

    folder = tmp_path / "run"
    code, said = trained(cfg, folder, lambda: before(HVAE, "validation_step", act))
    assert code == 1 and "in the middle of validation" in said
    code, said = trained(cfg, folder, go_on=True)
    assert code == 0 and "goes on from last.ckpt: step 8" in said, said
    assert difference(whole, folder) is None
