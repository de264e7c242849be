"""Aggressive training: who moves in which step, when it ends, and that at 0 epochs it is not there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor

from tests.factory import hierarchy, images, make_trainer
from tests.training.test_training import ADAM, equal, weights
from vaelab import HVAE
from vaelab.callbacks import History, Noise
from vaelab.callbacks.aggressive import WINDOW, Aggressive
from vaelab.data.batches import EvalBatches, TrainBatches
from vaelab.errors import ConfigError
from vaelab.objective import Elbo, Geco, Objective
from vaelab.training.lean_loop import use_lean_loop

STEPS = 5  # of an epoch: 40 images in batches of 8


class Spy(pl.Callback):
    """Encoder and all else before the inner steps of a step, after them, and after the step itself."""

    def __init__(self) -> None:
        self.rows: list[tuple[list[Tensor], list[Tensor]]] = []
        self.noise: list[float] = []

    def note(self, module: HVAE) -> None:
        encoder = set(module.hierarchy.encoder.parameters())
        self.rows.append(
            (weights(module.hierarchy.encoder), [p.clone() for p in module.parameters() if p not in encoder])
        )


class Before(Spy):
    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, batch_idx: int) -> None:
        self.note(module)


class After(Spy):
    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, batch_idx: int) -> None:
        self.note(module)
        state = torch.get_rng_state()
        self.noise.append(torch.rand(()).item())
        torch.set_rng_state(state)

    def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.note(module)


def fit(
    folder: Path,
    aggressive: Aggressive | None,
    epochs: int = 2,
    lean: bool = True,
    objective: Callable[[], Objective] = Elbo,
    **settings: Any,
) -> tuple[HVAE, Before, After]:
    module = HVAE(hierarchy([3]), objective(), ADAM(**settings))
    before, after = Before(), After()
    callbacks = [Noise(), History(every_n_steps=2), before, *([aggressive] if aggressive else []), after]
    trainer = make_trainer(folder, callbacks, epochs, enable_checkpointing=False)
    if lean:
        assert use_lean_loop(trainer)
    trainer.fit(module, TrainBatches(images(40), 8, seed=0), EvalBatches(images(30, seed=4), 7, 0, "val"))
    return module, before, after


@pytest.mark.parametrize("lean", [True, False])
def test_inner_steps_move_the_encoder_alone_and_the_step_all_else(tmp_path: Path, lean: bool) -> None:
    _, before, after = fit(tmp_path, Aggressive(max_inner_steps=3, max_epochs=1), 2, lean)
    for step, start in enumerate(before.rows):
        middle, end = after.rows[2 * step : 2 * step + 2]
        if step < STEPS:
            assert equal(start[1], middle[1]) and not equal(start[0], middle[0])
            assert equal(middle[0], end[0]) and not equal(middle[1], end[1])
        else:
            assert equal(start[0], middle[0]) and equal(start[1], middle[1])
            assert not equal(middle[0], end[0]) and not equal(middle[1], end[1])


def test_the_lean_loop_and_the_stock_loop_agree(tmp_path: Path) -> None:
    a, b = (
        fit(tmp_path / str(lean), Aggressive(max_inner_steps=3, max_epochs=1), 2, lean)[0] for lean in (True, False)
    )
    assert equal(weights(a), weights(b))


@pytest.mark.parametrize("objective", [Elbo, lambda: Geco(target_nats=-6.0, decay=0.9, rate=0.01, max_weight=9.0)])
def test_at_no_epochs_training_is_as_without_it(tmp_path: Path, objective: Callable[[], Objective]) -> None:
    without, _, _ = fit(tmp_path / "without", None, objective=objective)
    none, _, _ = fit(tmp_path / "none", Aggressive(max_inner_steps=3, max_epochs=0), objective=objective)
    assert equal(weights(without), weights(none))
    assert (tmp_path / "without/history.jsonl").read_text() == (tmp_path / "none/history.jsonl").read_text()


def test_the_steps_own_noise_does_not_hang_on_the_inner_steps(tmp_path: Path) -> None:
    noise = [fit(tmp_path / str(n), Aggressive(max_inner_steps=n, max_epochs=2))[2].noise for n in (1, 4)]
    noise.append(fit(tmp_path / "without", None)[2].noise)
    assert noise[0] == noise[1] == noise[2] and len(set(noise[0])) == 2 * STEPS


def test_an_inner_step_is_the_plain_one_on_the_encoder(tmp_path: Path) -> None:
    """Its first step is Adam's: each weight of the encoder moves by the learning rate, up the objective."""
    _, before, after = fit(tmp_path, Aggressive(max_inner_steps=1, max_epochs=1), 1, clip_norm=0.5)
    for start, end in zip(before.rows[0][0], after.rows[0][0], strict=True):
        moved = (end - start).abs()
        assert ((moved - 0.01).abs()[moved > 0] < 1e-4).all() and (moved > 0).any()


class Counting(Aggressive):
    """Inner steps whose objective is made up."""

    def __init__(self, value: Callable[[int], float], max_inner_steps: int) -> None:
        super().__init__(max_inner_steps=max_inner_steps, max_epochs=1)
        self.value, self.count = value, 0

    def _inner_step(self, trainer: Any, module: Any, where: tuple[int, ...]) -> Tensor:
        self.count += 1
        return torch.tensor(self.value(where[-1]))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (lambda i: float(i), 45),  # rises for ever
        (lambda i: 1.0, 2 * WINDOW),  # never
        (lambda i: -float(i), 2 * WINDOW),
        (lambda i: float(min(i, 15)), 4 * WINDOW),  # means 4.5, 13.5, 15, 15
        (lambda i: float("nan"), WINDOW),
    ],
)
def test_inner_steps_end_when_the_objective_no_longer_rises(
    tmp_path: Path, value: Callable[[int], float], expected: int
) -> None:
    callback = Counting(value, max_inner_steps=45)
    fit(tmp_path, callback, 1)
    assert callback.count == STEPS * expected


class Told(Aggressive):
    """An information that is given."""

    def __init__(self, values: list[float]) -> None:
        super().__init__(max_inner_steps=1, max_epochs=100)
        self.values, self.phases = values, []

    def _information(self, trainer: Any, module: Any, loader: Any) -> float:
        return self.values[trainer.current_epoch]

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        self.phases.append(self.aggressive)


def test_the_phase_ends_for_good_when_the_information_no_longer_rises(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    callback = Told([0.5, 0.7, 0.7, 9.0, 9.0])
    fit(tmp_path, callback, 5)
    assert callback.phases == [True, True, False, False, False]
    assert callback.best == 0.7
    assert capsys.readouterr().out.count("no longer rising") == 1
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    told = {row["step"]: row["val/mutual_information"] for row in rows if "val/mutual_information" in row}
    assert told == {5: 0.5, 10: 0.7, 15: 0.7}


def test_the_information_is_that_of_the_whole_validation_split(tmp_path: Path) -> None:
    """A model that has learnt nothing has next to none; posteriors far apart have log N, of 30 images in 5 batches."""
    callback = Aggressive(max_inner_steps=1, max_epochs=9)
    module, _, _ = fit(tmp_path, callback, 1, lr=1e-9)
    assert callback.best is not None and abs(callback.best) < 0.5
    with torch.no_grad():
        head = module.hierarchy.encoder.heads[-1].net
        head.weight[:3] *= 100
        head.bias[3:] = -9.0
    x = images(30, seed=4).unique(dim=0)
    trainer = module.trainer
    found = callback._information(trainer, module, EvalBatches(x, 7, 0, "val"))
    assert found == pytest.approx(torch.tensor(float(len(x))).log().item(), abs=1e-3)


def test_its_state_goes_through_a_checkpoint(tmp_path: Path) -> None:
    first = Told([0.5, 0.4, 0.3])
    fit(tmp_path, first, 2)
    state = first.state_dict()
    assert state["aggressive"] is False and state["best"] == 0.5
    torch.save(state, tmp_path / "state.pt")
    again = Aggressive(max_inner_steps=1, max_epochs=100)
    again.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert not again.aggressive and again.best == 0.5
    fit(tmp_path / "again", again, 1)
    assert again.optimizer is not None
    moments = [s["exp_avg"] for s in again.optimizer.state_dict()["state"].values()]
    assert equal(moments, [s["exp_avg"] for s in state["optimizer"]["state"].values()])


def test_what_it_cannot_do_is_said(tmp_path: Path) -> None:
    trainer = make_trainer(tmp_path, [Aggressive(max_inner_steps=1, max_epochs=1)], 1, enable_checkpointing=False)
    with pytest.raises(ConfigError, match="one latent layer"):
        trainer.fit(HVAE(hierarchy([3, 2]), Elbo(), ADAM()), TrainBatches(images(40), 8, seed=0))
    with pytest.raises(ConfigError, match="its own batches"):
        trainer.fit(HVAE(hierarchy([3]), Elbo(), ADAM()), torch.utils.data.DataLoader(images(40), 8))
