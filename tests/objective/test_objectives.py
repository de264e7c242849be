"""Objectives: the special case is the ELBO, and the others do to it what they say."""

import math

import pytest
import torch

from tests.factory import ENCODERS, hierarchy, images
from vaelab.errors import ConfigError
from vaelab.objective import Beta, Constant, Cyclical, Elbo, FreeBits, Linear, Sigmoid


@pytest.mark.parametrize("encoder", ENCODERS)
def test_beta_one_is_the_elbo(encoder: str) -> None:
    terms = hierarchy([3, 2], encoder)(images(5))
    torch.testing.assert_close(Beta(schedule=Constant(value=1.0))(terms, 0), terms.elbo)
    assert torch.equal(Elbo()(terms, 0), terms.elbo)


def test_beta_zero_leaves_the_reconstruction() -> None:
    terms = hierarchy([3, 2])(images(5))
    assert torch.equal(Beta(schedule=Linear(start=0.0, end=1.0, warmup_steps=10))(terms, 0), terms.reconstruction)


def test_floor_zero_is_the_elbo_in_value_and_gradient() -> None:
    model, x = hierarchy([3, 2]), images(5)
    gradients = []
    for objective in (Elbo(), FreeBits(floor_nats=0.0)):
        torch.manual_seed(0)
        terms = model(x)
        value = objective(terms, 0).mean()
        torch.testing.assert_close(value, terms.elbo.mean())
        gradients.append(torch.autograd.grad(value, list(model.parameters())))
    for a, b in zip(*gradients, strict=True):
        torch.testing.assert_close(a, b)


def test_below_the_floor_a_layer_has_no_gradient_and_counts_the_floor() -> None:
    terms = hierarchy([3, 2])(images(5))
    floor = 1.0 + max(cost.mean().item() for cost in terms.costs)
    value = FreeBits(floor_nats=floor)(terms, 0)
    torch.testing.assert_close(value, terms.reconstruction - 2 * floor)


def test_the_floor_is_on_the_mean_of_the_batch_and_not_on_each_image() -> None:
    terms = hierarchy([3])(images(64))
    (cost,) = terms.costs
    floor = cost.mean().item() - 1e-3
    assert (cost < floor).any(), "some images must lie below"
    torch.testing.assert_close(FreeBits(floor_nats=floor)(terms, 0).mean(), terms.elbo.mean())


def test_free_bits_refuse_bottom_up_layers() -> None:
    with pytest.raises(ConfigError, match="bottom-up"):
        FreeBits(floor_nats=1.0)(hierarchy([3, 2], "bottom_up")(images(5)), 0)
    FreeBits(floor_nats=1.0)(hierarchy([3], "bottom_up")(images(5)), 0)


def test_linear_schedule() -> None:
    schedule = Linear(start=0.0, end=2.0, warmup_steps=4)
    assert [schedule(step) for step in range(6)] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.0]
    assert [schedule.settled(step) for step in (3, 4)] == [False, True]
    assert Linear(start=0.0, end=1.0, warmup_steps=0)(0) == 1.0


def test_cyclical_schedule_rises_in_each_cycle_and_then_stays() -> None:
    schedule = Cyclical(end=1.0, cycle_steps=4, cycles=2, ramp=0.5)
    assert [schedule(step) for step in range(10)] == [0.0, 0.5, 1.0, 1.0, 0.0, 0.5, 1.0, 1.0, 1.0, 1.0]
    assert [schedule.settled(step) for step in (7, 8)] == [False, True]


def test_sigmoid_schedule_is_half_way_at_its_midpoint_and_ends() -> None:
    schedule = Sigmoid(start=1.0, end=3.0, midpoint_steps=100, steepness=0.1)
    assert schedule(100) == pytest.approx(2.0)
    for step in (0, 40, 90, 130):
        assert schedule(step) == pytest.approx(1 + 2 / (1 + math.exp(-0.1 * (step - 100))))
    # σ(u) = 0.999 at u = log 999: 69.07 steps after the midpoint
    assert [schedule.settled(step) for step in (169, 170)] == [False, True]
    assert schedule(169) == pytest.approx(3.0, abs=3e-3) and schedule(170) == 3.0
    values = [schedule(step) for step in range(300)]
    assert values == sorted(values)


def test_a_steep_sigmoid_is_a_step() -> None:
    schedule = Sigmoid(start=0.0, end=1.0, midpoint_steps=10**6, steepness=1000.0)
    assert (schedule(0), schedule(10**6), schedule(10**6 + 1)) == (0.0, 0.5, 1.0)
