"""The K-sample bound as an objective: its value, and its gradient by finite differences."""

import math

import pytest
import torch
from torch import Tensor

from tests.factory import ENCODERS, hierarchy, images
from tests.oracles import LinearChain
from vaelab.model import Hierarchy, Latent
from vaelab.objective import Iwae


@pytest.mark.parametrize("encoder", ENCODERS)
def test_one_draw_is_the_log_weight(encoder: str) -> None:
    terms = hierarchy([3, 2], encoder)(images(5), samples=1)
    torch.testing.assert_close(Iwae(samples=1)(terms, 0), terms.log_weight[0])
    terms = hierarchy([3, 2], encoder)(images(5))
    torch.testing.assert_close(Iwae(samples=1)(terms, 0), terms.log_weight)


def test_it_is_the_log_of_the_mean_weight() -> None:
    terms = hierarchy([3, 2]).double()(images(5).double(), samples=4)
    torch.testing.assert_close(Iwae(samples=4)(terms, 0), terms.log_weight.exp().mean(0).log())


@pytest.mark.parametrize(("draws", "groups"), [(6, [(0, 3), (3, 6)]), (8, [(0, 3), (3, 6)]), (2, [(0, 2)])])
def test_more_draws_give_the_same_bound_and_no_tighter_one(draws: int, groups: list[tuple[int, int]]) -> None:
    terms = hierarchy([3])(images(5), samples=draws)
    each = [torch.logsumexp(terms.log_weight[a:b], 0) - math.log(b - a) for a, b in groups]
    torch.testing.assert_close(Iwae(samples=3)(terms, 0), torch.stack(each).mean(0))


def test_no_closed_form_enters(monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(self: Latent) -> Tensor:
        raise AssertionError("a closed form in a K-sample bound")

    terms = hierarchy([3, 2])(images(5), samples=3)
    monkeypatch.setattr(Latent, "cost", property(closed))
    Iwae(samples=3)(terms, 0)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("depth", [1, 2])
def test_with_the_exact_posterior_it_is_the_evidence(encoder: str, depth: int) -> None:
    chain = LinearChain(depth)
    x = chain.sample(4)
    bound = Iwae(samples=3)(chain.hierarchy(encoder)(x, samples=3), 0)
    torch.testing.assert_close(bound, chain.log_px(x), rtol=0, atol=1e-10)


def value(model: Hierarchy, x: Tensor) -> Tensor:
    torch.manual_seed(0)  # common random numbers
    return Iwae(samples=4)(model(x, samples=4), 0).mean()


def test_its_gradient_is_that_of_finite_differences() -> None:
    model, x, step = hierarchy([3, 2]).double(), images(5).double(), 1e-6
    parameters = list(model.parameters())
    gradients = torch.autograd.grad(value(model, x), parameters)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        flat = parameter.data.view(-1)
        i = int(gradient.abs().argmax())
        flat[i] += step
        up = value(model, x)
        flat[i] -= 2 * step
        down = value(model, x)
        flat[i] += step
        assert ((up - down) / (2 * step)).item() == pytest.approx(gradient.view(-1)[i].item(), rel=1e-5, abs=1e-8)
