"""Steps that are skipped: what a plain loop would do, counted, and no excuse for ever."""

import json
import math
from pathlib import Path

import pytest
import torch

from tests.factory import hierarchy, images, make_trainer
from tests.training.test_training import ADAM, equal, weights
from vaelab import HVAE
from vaelab.callbacks import History, Noise
from vaelab.data.batches import TrainBatches
from vaelab.errors import DivergedError
from vaelab.model import Terms
from vaelab.objective import Elbo
from vaelab.seeding import seed_noise
from vaelab.training.guard import Guard
from vaelab.training.lean_loop import use_lean_loop


class Shaken(Elbo):
    """Every fourth step's objective is a thousand times too large; every seventh's is no number."""

    def __call__(self, terms: Terms, step: int) -> torch.Tensor:
        factor = math.nan if step % 7 == 6 else 1000.0 if step % 4 == 3 else 1.0
        return terms.elbo * factor


@pytest.mark.parametrize("lean", [True, False])
def test_training_skips_as_a_plain_loop_would_and_counts(tmp_path: Path, lean: bool) -> None:
    module = HVAE(hierarchy([3, 2]), Shaken(), ADAM(skip_norm=200.0, clip_norm=5.0))
    trainer = make_trainer(tmp_path, [Noise(), History(every_n_steps=10)], 4, enable_checkpointing=False)
    if lean:
        assert use_lean_loop(trainer)
    trainer.fit(module, TrainBatches(images(40), 8, seed=0))
    assert trainer.global_step == 20

    plain, shaken, skipped = hierarchy([3, 2]), Shaken(), []
    optimizer = torch.optim.Adam(plain.parameters(), 0.01, fused=True)
    batches = TrainBatches(images(40), 8, seed=0)
    for step, batch in enumerate(batch for _ in range(4) for batch in batches):
        seed_noise(batch.key)
        optimizer.zero_grad()
        (-shaken(plain(batch.x), step).mean()).backward()
        norm = torch.nn.utils.clip_grad_norm_(plain.parameters(), 5.0)
        skipped.append(not norm <= 200.0)
        if not skipped[-1]:
            optimizer.step()
    assert equal(weights(module), weights(plain))
    assert 5 <= sum(skipped) <= 8
    rows = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert sum(row["train/skipped"] * 5 for row in rows if row["step"] % 10 == 5) + sum(
        row["train/skipped"] * 5 for row in rows if row["step"] % 10 == 0
    ) == pytest.approx(sum(skipped))
    assert all(math.isfinite(row["train/elbo"]) for row in rows), "a step without a number is in no figure"


def test_a_run_that_skips_most_of_its_steps_is_stopped() -> None:
    guard, parameters = Guard(1.0, window=10), [torch.nn.Parameter(torch.ones(2))]
    for norm in [0.5] * 5 + [2.0] * 5:
        guard(parameters, torch.tensor(norm))
    assert guard.take() == 0.5 and guard.take() == 0.0
    with pytest.raises(
        DivergedError, match=r"6 of the last 10 steps were skipped.*optimizer\.skip_norm=1.*Lower optim"
    ):
        guard(parameters, torch.tensor(7.0))


def test_a_skipped_step_leaves_the_optimisers_state_alone() -> None:
    parameter = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([parameter], 0.1)
    (parameter.sum()).backward()
    optimizer.step()
    before = {k: v.clone() for k, v in optimizer.state[parameter].items()}
    Guard(1.0)([parameter], torch.tensor(math.nan))
    optimizer.step()
    assert all(torch.equal(v, before[k]) for k, v in optimizer.state[parameter].items())


@pytest.mark.parametrize("algorithm", ["norm", "value"])
def test_the_norm_is_that_of_the_gradient_before_it_is_clipped(algorithm: str) -> None:
    module = HVAE(hierarchy([3]), Elbo(), ADAM(skip_norm=100.0))
    for value, skipped in ((0.01, False), (1e6, True), (math.inf, True)):
        for parameter in module.parameters():
            parameter.grad = torch.full_like(parameter, value)
        module.configure_gradient_clipping(None, 0.5, algorithm)
        assert all((parameter.grad is None) is skipped for parameter in module.parameters())
