"""Checkpoints wait for the warm-up, the record stops a diverged run, and pictures leave the model as it was."""

import json
import math
from pathlib import Path

import pytest
import torch

from tests.factory import hierarchy, images, make_trainer
from tests.training.test_training import ADAM
from vaelab import HVAE
from vaelab.callbacks import Checkpoints, History, Noise
from vaelab.data.batches import EvalBatches, TrainBatches
from vaelab.errors import DivergedError
from vaelab.objective import Beta, Elbo, Linear
from vaelab.objective.objective import Objective
from vaelab.training.store import Store, load


def fit(folder: Path, objective: Objective, epochs: int = 3) -> Checkpoints:
    checkpoints = Checkpoints(minutes=5)
    callbacks = [Noise(), History(every_n_steps=100), checkpoints]
    module = HVAE(hierarchy([3, 2]), objective, ADAM())
    made = make_trainer(folder, callbacks, epochs, plugins=[Store()])
    made.fit(module, TrainBatches(images(40), 8, seed=0), EvalBatches(images(11), 4, 0, "val"))
    return checkpoints


def test_the_best_checkpoint_is_the_highest_elbo_of_validation(tmp_path: Path) -> None:
    checkpoints = fit(tmp_path, Elbo())
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    elbos = {row["step"]: row["val/elbo"] for row in rows if "val/elbo" in row}
    assert checkpoints.best == pytest.approx(max(elbos.values()))
    best = load(tmp_path / "checkpoints" / "best.ckpt")
    assert elbos[best["global_step"]] == max(elbos.values())
    assert "optimizer_states" not in best, "the best is for evaluation"
    assert load(tmp_path / "checkpoints" / "last.ckpt")["optimizer_states"]


@pytest.mark.parametrize(("warmup", "first"), [(7, 10), (100, None)])
def test_no_checkpoint_is_best_before_the_warm_up_ends(tmp_path: Path, warmup: int, first: int | None) -> None:
    fit(tmp_path, Beta(schedule=Linear(start=0.0, end=1.0, warmup_steps=warmup)))
    path = tmp_path / "checkpoints" / "best.ckpt"
    if first is None:
        assert not path.exists()
    else:
        assert load(path)["global_step"] >= first


class Explodes(Elbo):
    """Finite for twelve steps, then NaN in every step of training: in the middle of an epoch."""

    def __call__(self, terms, step: int) -> torch.Tensor:  # type: ignore[no-untyped-def]
        return terms.elbo * (math.nan if step >= 12 and torch.is_grad_enabled() else 1.0)


def test_a_figure_that_is_not_finite_stops_the_run_and_spares_the_checkpoints(tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match=r"train/objective.*not finite.*optimizer\.lr"):
        fit(tmp_path, Explodes(), epochs=5)
    for name in ("best", "last"):
        path = tmp_path / "checkpoints" / f"{name}.ckpt"
        if path.exists():
            assert all(torch.isfinite(v).all() for v in load(path)["state_dict"].values())
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert rows[-1]["train/objective"] is None, "the record says at which step"
