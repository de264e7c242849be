"""KL balancing: what the authors' code does, no gradient through the weights, and β·kl in the end."""

import pytest
import torch
from torch import Tensor

from tests.factory import MERGES, hierarchy, images
from vaelab.errors import ConfigError
from vaelab.model import Terms
from vaelab.objective import Beta, Constant, KlBalancing, Linear
from vaelab.objective.kl_balancing import coefficients

WARM_UP = Linear(start=0.0, end=2.0, warmup_steps=10)


def weights(terms: Terms, units: list[int]) -> list[float]:
    """As NVAE has it: mean |kl| + 0.01, over alpha, over the mean; alpha are the layers' sizes over the least."""
    per_image = [cost.tolist() for cost in terms.costs]
    alpha = [n / min(units) for n in units]
    nats = [sum(abs(kl) for kl in layer) / len(layer) + 0.01 for layer in per_image]
    divided = [n / a * sum(nats) for n, a in zip(nats, alpha, strict=True)]
    return [d / (sum(divided) / len(divided)) for d in divided]


@pytest.mark.parametrize("encoder", MERGES)
def test_the_weights_are_those_of_the_authors_code(encoder: str) -> None:
    terms = hierarchy([7, 3, 2], encoder)(images(5))
    gamma = weights(terms, [7, 3, 2])
    torch.testing.assert_close(coefficients(terms), torch.tensor(gamma))
    assert sum(gamma) == pytest.approx(3)
    kl = sum(g * cost for g, cost in zip(gamma, terms.costs, strict=True))
    torch.testing.assert_close(KlBalancing(schedule=WARM_UP)(terms, 5), terms.reconstruction - 1.0 * kl)


def test_a_quiet_layer_pays_less() -> None:
    model, x = hierarchy([4, 4]), images(64)
    with torch.no_grad():
        for parameter in model.encoder.heads[-1].parameters():
            parameter.mul_(0.1)
    terms = model(x)
    loud, quiet = coefficients(terms).tolist()
    assert terms.costs[0].mean() > terms.costs[1].mean() and loud > 1 > quiet


def test_no_gradient_goes_through_the_weights() -> None:
    terms = hierarchy([3, 2])(images(5))
    gamma = coefficients(terms)
    assert not gamma.requires_grad
    slopes = torch.autograd.grad(KlBalancing(schedule=WARM_UP)(terms, 5).sum(), terms.costs)
    for slope, weight in zip(slopes, gamma, strict=True):
        torch.testing.assert_close(slope, torch.full_like(slope, -weight.item()))


@pytest.mark.parametrize("step", [10, 11, 1000])
def test_after_the_warm_up_it_is_beta(step: int) -> None:
    terms = hierarchy([3, 2])(images(5))
    assert torch.equal(KlBalancing(schedule=WARM_UP)(terms, step), Beta(schedule=WARM_UP)(terms, step))
    assert KlBalancing(schedule=WARM_UP).settled(step)
    assert not KlBalancing(schedule=WARM_UP).settled(9)


def test_of_one_layer_it_is_beta_at_every_step() -> None:
    terms = hierarchy([3])(images(5))
    for step in (0, 5, 20):
        torch.testing.assert_close(KlBalancing(schedule=WARM_UP)(terms, step), Beta(schedule=WARM_UP)(terms, step))


def test_the_reported_elbo_is_untouched() -> None:
    def figures(objective: KlBalancing | None) -> list[Tensor]:
        torch.manual_seed(0)
        terms = hierarchy([3, 2])(images(5))
        if objective is not None:
            objective(terms, 5)
        return [terms.elbo, terms.kl, *terms.costs]

    for before, after in zip(figures(None), figures(KlBalancing(schedule=WARM_UP)), strict=True):
        assert torch.equal(before, after)


def test_it_refuses_bottom_up_layers() -> None:
    with pytest.raises(ConfigError, match="bottom-up"):
        KlBalancing(schedule=Constant(value=1.0))(hierarchy([3, 2], "bottom_up")(images(5)), 0)
    KlBalancing(schedule=WARM_UP)(hierarchy([3], "bottom_up")(images(5)), 0)


def test_it_is_reckoned_in_32_bits_under_mixed_precision() -> None:
    terms = hierarchy([6, 4, 2])(images(5))
    objective = KlBalancing(schedule=Linear(start=0.5, end=1.0, warmup_steps=100))
    expected = objective(terms, 0)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(objective(terms, 0), expected)
