"""Losses and gradients that are no numbers: they never reach the weights, and are told."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.factory import hierarchy, images, make_trainer
from tests.faults.child import before, trained
from tests.training.test_resume import SMALL
from tests.training.test_training import ADAM, equal, weights
from vaelab import HVAE, compose
from vaelab.callbacks import Checkpoints, History, Noise
from vaelab.callbacks.ema import trained as what_training_changes
from vaelab.data.batches import TrainBatches
from vaelab.data.image_data import ImageData
from vaelab.errors import DivergedError
from vaelab.model import Terms
from vaelab.objective import Elbo
from vaelab.seeding import seed_noise
from vaelab.training.lean_loop import use_lean_loop
from vaelab.training.store import Store, load


class Broken(Elbo):
    """An objective that is no number, or has no gradient that is one, in some steps of training."""

    def __init__(self, steps: range | list[int], loss: bool = True) -> None:
        super().__init__()
        self.steps, self.loss = steps, loss

    def __call__(self, terms: Terms, step: int) -> Tensor:
        if step not in self.steps or not torch.is_grad_enabled():
            return terms.elbo
        if self.loss:
            return terms.elbo * math.nan
        return terms.elbo + (terms.elbo - terms.elbo.detach()).abs().sqrt()  # at 0 its slope is infinite


def fit(folder: Path, objective: Elbo, epochs: int = 4, lean: bool = True, minutes: float = 0) -> HVAE:
    module = HVAE(hierarchy([3, 2]), objective, ADAM())
    trainer = make_trainer(
        folder, [Noise(), History(every_n_steps=1), Checkpoints(minutes=minutes)], epochs, plugins=[Store()]
    )
    assert not lean or use_lean_loop(trainer)
    trainer.fit(module, TrainBatches(images(40), 8, seed=0))
    return module


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def plain(objective: Elbo, steps: int) -> torch.nn.Module:
    """A loop of a few lines that leaves out the steps in which a gradient is no number."""
    model = hierarchy([3, 2])
    optimizer = torch.optim.Adam(model.parameters(), 0.01, fused=True)
    loader = TrainBatches(images(40), 8, seed=0)
    batches = [batch for _ in range(steps // 5) for batch in loader]
    for step, batch in enumerate(batches):
        seed_noise(batch.key)
        optimizer.zero_grad()
        (-objective(model(batch.x), step).mean()).backward()
        if all(bool(p.grad.isfinite().all()) for p in model.parameters()):
            optimizer.step()
    return model


@pytest.mark.parametrize("lean", [True, False], ids=["lean", "stock"])
@pytest.mark.parametrize("loss", [True, False], ids=["loss", "gradient alone"])
def test_a_step_without_a_number_is_left_out_and_counted(
    loss: bool, lean: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By default, with nothing set."""
    module = fit(tmp_path, Broken([7, 12], loss), lean=lean)
    assert equal(weights(module), weights(plain(Broken([7, 12], loss), 20)))
    assert not equal(weights(module), weights(plain(Elbo(), 20)))
    left_out = [row["step"] for row in rows(tmp_path) if row.get("train/skipped")]
    # a step without a loss has no figures: its share is told on the next line
    assert left_out == ([9, 14] if loss else [8, 13])
    assert "train/skipped" not in rows(tmp_path)[0], "nothing is said of it in a run that has none"
    assert capsys.readouterr().out.count("left out") == 1


def test_losses_that_stay_no_numbers_stop_the_run_with_good_weights(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match=r"train/objective is not finite.*optimizer\.lr"):
        fit(tmp_path, Broken(range(7, 1000)), epochs=100)
    assert rows(tmp_path)[-1]["step"] <= 20
    assert all(v.isfinite().all() for v in load(tmp_path / "checkpoints" / "last.ckpt")["state_dict"].values())


def test_gradients_that_stay_no_numbers_stop_the_run_too(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match=r"of the last 200 steps were skipped.*no number.*optimizer\.lr"):
        fit(tmp_path, Broken(range(7, 1000), loss=False), epochs=100, minutes=5)


def test_a_gradient_that_explodes_stops_the_run_with_code_6(tmp_path: Path) -> None:
    """The rate is far too high: the figures leave the numbers within some steps."""
    cfg = compose([*SMALL, "model=vae", "optimizer.lr=1e12", "trainer.max_epochs=40", "~callbacks.collapse"])
    code, said = trained(cfg, tmp_path / "run", every=1)
    assert code == DivergedError.code and "optimizer.lr" in said and "Traceback" not in said, said
    for path in (tmp_path / "run" / "checkpoints").glob("*.ckpt"):
        assert all(v.isfinite().all() for v in load(path)["state_dict"].values())


def poison_weight(module: HVAE) -> None:
    next(module.parameters()).data[0] = math.nan


def poison_buffer(module: HVAE) -> None:
    next(b for name, b in module.named_buffers() if name.endswith("running_mean")).fill_(math.nan)


@pytest.mark.parametrize("poison", [poison_weight, poison_buffer])
def test_neither_weights_nor_buffers_without_a_number_are_saved(poison: Callable[[HVAE], None], tmp_path: Path) -> None:
    cfg = compose([*SMALL, "model=vae", "encoder.net.norm=batch", "decoder.net.norm=batch", "callbacks=ema"])

    def act(self: Any, trainer: Any, module: HVAE, *rest: Any) -> None:
        if trainer.global_step == 4:
            poison(module)

    code, said = trained(cfg, tmp_path / "run", lambda: before(Checkpoints, "on_train_batch_end", act))
    assert code == DivergedError.code and "not finite, so" in said and "stays as it was" in said, said
    assert f"last.ckpt, of step 2: `vaelab train resume={tmp_path / 'run'}`" in said
    state = load(tmp_path / "run" / "checkpoints" / "last.ckpt")
    for part in ("state_dict", "current_model_state"):
        assert all(v.isfinite().all() for v in state[part].values())


def test_an_average_without_a_number_is_not_saved(tmp_path: Path) -> None:
    def act(self: Any, trainer: Any, *rest: Any) -> None:
        if trainer.global_step == 4:
            poison_weight(what_training_changes(trainer)[1])  # type: ignore[arg-type]

    cfg = compose([*SMALL, "model=vae", "callbacks=ema"])
    code, said = trained(cfg, tmp_path / "run", lambda: before(Checkpoints, "on_train_batch_end", act))
    assert code == DivergedError.code and "not finite, so" in said, said


def test_a_batch_without_numbers_leaves_batch_norm_refused_or_finite(tmp_path: Path) -> None:
    """What passed through it is in its running means, which validation uses: no checkpoint has them."""

    def fault() -> None:
        real = ImageData.in_units

        def broken(self: ImageData, batch: Any) -> Any:
            good = real(self, batch)
            trainer = self.trainer
            return good._replace(x=good.x * math.nan) if trainer is not None and trainer.global_step == 7 else good

        ImageData.in_units = broken  # type: ignore[method-assign]

    cfg = compose([*SMALL, "model=vae", "encoder.net.norm=batch", "decoder.net.norm=batch"])
    code, said = trained(cfg, tmp_path / "run", fault)
    assert code == DivergedError.code and "Traceback" not in said, said
    for path in (tmp_path / "run" / "checkpoints").glob("*.ckpt"):
        assert all(v.isfinite().all() for v in load(path)["state_dict"].values())
