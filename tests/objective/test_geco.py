"""GECO: a plain loop does the same, and a reconstruction that can be had is had."""

import math
from pathlib import Path

import pytest
import torch

from tests.factory import hierarchy, images, make_trainer
from tests.training.test_training import ADAM
from vaelab import HVAE
from vaelab.data.batches import EvalBatches, TrainBatches
from vaelab.objective import Elbo, Geco


def geco(**changes: float) -> Geco:
    return Geco(**({"target_nats": -6.0, "decay": 0.9, "rate": 0.01, "max_weight": 100.0} | changes))


def test_the_multiplier_is_that_of_a_plain_loop() -> None:
    model, objective = hierarchy([3, 2]), geco()
    average, log_weight = None, 0.0
    for seed in range(6):
        terms = model(images(5, seed=seed))
        objective.observe(terms)
        shortfall = sum(-6.0 - r for r in terms.reconstruction.tolist()) / 5
        average = shortfall if average is None else 0.9 * average + 0.1 * shortfall
        log_weight += 0.01 * average
        expected = [
            -(kl + math.exp(log_weight) * (-6.0 - r))
            for kl, r in zip(terms.kl.tolist(), terms.reconstruction.tolist(), strict=True)
        ]
        torch.testing.assert_close(objective(terms, seed), torch.tensor(expected), rtol=1e-5, atol=1e-5)
    assert log_weight > 0.1, "a model without training misses the target, and λ grows"


def test_before_the_first_step_its_gradient_is_the_elbos() -> None:
    model, x = hierarchy([3, 2]), images(5)
    gradients = []
    for objective in (Elbo(), geco()):
        torch.manual_seed(0)
        gradients.append(torch.autograd.grad(objective(model(x), 0).mean(), list(model.parameters())))
    torch.testing.assert_close(*gradients)


@pytest.mark.parametrize(("target", "bound"), [(1000.0, 20.0), (-1000.0, 1 / 20)])
def test_the_multiplier_has_bounds(target: float, bound: float) -> None:
    objective = geco(target_nats=target, rate=1.0, max_weight=20.0)
    for _ in range(3):
        objective.observe(hierarchy([3])(images(5)))
    assert objective.log_weight.exp().item() == pytest.approx(bound)


@pytest.mark.parametrize("target", [-7.0, -5.0])
def test_the_reconstruction_that_is_asked_for_is_reached(target: float) -> None:
    """16 random pixels cost 11.1 nats without a latent; the ELBO of the same model settles at -6.1, in between."""
    model, objective, x = hierarchy([4]), geco(target_nats=target, rate=0.005), images(64)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    torch.manual_seed(0)
    last = []
    for step in range(1200):
        terms = model(x)
        objective.observe(terms)
        optimizer.zero_grad()
        (-objective(terms, step).mean()).backward()
        optimizer.step()
        last.append(terms.reconstruction.mean().item())
    assert sum(last[-200:]) / 200 == pytest.approx(target, abs=0.25)


def test_its_state_is_in_the_checkpoint_and_validation_leaves_it_alone(tmp_path: Path) -> None:
    module = HVAE(hierarchy([3]), geco(), ADAM())
    trainer = make_trainer(tmp_path, [], 1, enable_checkpointing=False)
    trainer.fit(module, TrainBatches(images(40), 8, seed=0), EvalBatches(images(11), 4, 0, "val"))
    state = {key: value.clone() for key, value in module.state_dict().items()}
    assert state["objective.log_weight"] != 0 and state["objective.started"]
    trainer.validate(module, EvalBatches(images(11), 4, 0, "val"), verbose=False)
    assert all(torch.equal(value, state[key]) for key, value in module.state_dict().items())
    other = HVAE(hierarchy([3], seed=1), geco(), ADAM())
    other.load_state_dict(state)
    terms = module(images(5))
    assert torch.equal(other.objective(terms, 0), module.objective(terms, 0))


def test_a_batch_without_a_number_moves_nothing() -> None:
    geco, model = Geco(target_nats=-8.0, decay=0.9, rate=0.1, max_weight=100.0), hierarchy([3])
    geco.observe(model(images(5)))
    before = geco.average.clone()
    geco.observe(model(images(5) * float("nan")))
    assert torch.equal(geco.average, before) and geco.log_weight.isfinite()
