"""The best weights wait in memory until it is cheap to write them, and no state or end is without them on the disk."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.callbacks.test_callbacks import Explodes
from tests.factory import hierarchy, images, make_trainer
from tests.training.test_training import ADAM
from vaelab import HVAE
from vaelab.callbacks import Checkpoints, Ema, History, Noise, kept
from vaelab.callbacks.checkpoints import _finite
from vaelab.callbacks.ema import averaged
from vaelab.data.batches import EvalBatches, TrainBatches
from vaelab.errors import DivergedError
from vaelab.objective import Elbo
from vaelab.objective.objective import Objective
from vaelab.training.store import Store, load, verify


@pytest.fixture(autouse=True)
def dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk so slow that after one file no other is cheap."""
    monkeypatch.setattr(kept, "SHARE", 1e-12)


class Better(HVAE):
    """Better at each validation."""

    def on_validation_epoch_end(self) -> None:
        self.log("val/elbo", float(self.global_step), logger=False)


class Watched(Checkpoints):
    """Saves states at some steps, and notes the step of best.ckpt after each validation, and what was validated."""

    def __init__(self, states: tuple[int, ...] = ()) -> None:
        super().__init__(minutes=5)
        self.states, self.on_disk = states, list[int]()
        self.validated: dict[int, dict[str, torch.Tensor]] = {}

    def due(self, trainer: Any) -> bool:
        return trainer.global_step in self.states

    def on_validation_end(self, trainer: Any, module: Any) -> None:
        with averaged(trainer, module):
            weights = {name: value.clone() for name, value in module.state_dict().items()}
        self.validated[trainer.global_step] = weights
        super().on_validation_end(trainer, module)
        self.on_disk.append(load(self.folder(trainer) / "best.ckpt")["global_step"])


def fit(folder: Path, checkpoints: Checkpoints, objective: Objective, *more: Any, epochs: int = 4) -> None:
    callbacks = [*more, Noise(), History(every_n_steps=100), checkpoints]
    module = Better(hierarchy([3, 2]), objective, ADAM())
    made = make_trainer(folder, callbacks, epochs, plugins=[Store()])
    made.fit(module, TrainBatches(images(40), 8, seed=0), EvalBatches(images(11), 4, 0, "val"))


@pytest.mark.parametrize("average", [False, True])
def test_the_end_writes_the_weights_that_were_validated_best(tmp_path: Path, average: bool) -> None:
    watched = Watched()
    fit(tmp_path, watched, Elbo(), *([Ema(decay=0.5)] if average else []))
    assert watched.on_disk == [5, 5, 5, 5], "written once, then dear"
    best = load(tmp_path / "checkpoints" / "best.ckpt")
    assert best["global_step"] == 20
    for name, value in watched.validated[20].items():
        assert torch.equal(best["state_dict"][name], value), name


def test_a_state_has_its_best_on_the_disk(tmp_path: Path) -> None:
    """A kill after the state of step 12 leaves that of step 10, though training has gone on since its validation."""

    class Killed(Watched):
        def on_train_batch_start(self, trainer: Any, *rest: Any) -> None:
            if trainer.global_step == 13:
                folder = self.folder(trainer)
                assert verify(folder / "last.ckpt")["step"] == 12
                best, state = load(folder / "best.ckpt"), load(folder / "last.ckpt")
                assert best["global_step"] == 10
                assert state["callbacks"][self.state_key]["best"] == 10.0
                assert all(torch.equal(best["state_dict"][n], v) for n, v in self.validated[10].items())
                self.states = ()

    killed = Killed((12,))
    fit(tmp_path, killed, Elbo())
    assert killed.states == () and killed.on_disk == [5, 5, 10, 10]


def test_a_run_that_ends_in_an_error_leaves_its_best(tmp_path: Path) -> None:
    watched = Watched()
    with pytest.raises(DivergedError):
        fit(tmp_path, watched, Explodes(), epochs=5)
    assert watched.on_disk == [5, 5, 5, 5]
    assert load(tmp_path / "checkpoints" / "best.ckpt")["global_step"] == 20


def test_the_time_between_two_files_is_a_multiple_of_what_one_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SHARE", 1.0)
    now = [100.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: now[0])
    written: list[int] = []

    class Slow(Store):
        def save_checkpoint(self, checkpoint: Any, path: Any, storage_options: Any = None) -> None:
            if Path(path).name == "best.ckpt":
                written.append(checkpoint["global_step"])
                now[0] += 10.0

    class Epochs(Checkpoints):
        def on_validation_end(self, trainer: Any, module: Any) -> None:
            now[0] += 4.0
            super().on_validation_end(trainer, module)

    module = Better(hierarchy([3, 2]), Elbo(), ADAM())
    made = make_trainer(tmp_path, [Epochs(minutes=5)], 6, plugins=[Slow()])
    made.fit(module, TrainBatches(images(40), 8, seed=0), EvalBatches(images(11), 4, 0, "val"))
    # the file of step 5 took 10 seconds; 4 seconds an epoch make it three until the next
    assert written == [5, 20, 30]


@pytest.mark.parametrize(
    "dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.bool]
)
def test_finite_is_what_isfinite_says_of_all(dtype: torch.dtype) -> None:
    rows = [[], [1.0, -2.0, 0.0]]
    if dtype.is_floating_point:
        top, inf = torch.finfo(dtype).max, float("inf")
        rows += [[top, top], [-top, -top], [inf], [inf, -inf], [float("nan"), 1.0], [top, top, -inf]]
    for row in rows:
        value = torch.tensor(row).double().to(dtype)
        assert _finite(value) == bool(value.isfinite().all()), row
