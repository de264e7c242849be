"""Both parts of the gap against closed forms of linear-Gaussian models."""

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal

from tests.diagnostics.test_refine import FLOW, correlated
from tests.factory import ENCODERS, hierarchy, images
from tests.oracles import LinearChain
from vaelab.diagnostics.gap import gap
from vaelab.model import Hierarchy

F64 = torch.float64
quick = partial(gap, samples=1000, steps=150, lr=0.1, draws=16, max_rows=20_000)


def best_diagonal(step: float) -> tuple[Hierarchy, Tensor, Tensor, Tensor, Tensor]:
    """A linear VAE whose posterior has correlations, its q the nearest diagonal one but for a step in the mean: model,
    x, log p(x), and both gaps in closed form.

    ½ (Σ_u log Λ_uu - log |Λ|) is KL(q ‖ p) of the nearest, and ½ δᵀΛδ what a step δ adds to it.
    """
    chain, x, posterior = correlated(5)
    model, precision = chain.hierarchy("bottom_up", "diagonal"), posterior.precision_matrix[0]
    delta = torch.tensor([step, -2 * step], dtype=F64)
    with torch.no_grad():
        bias = model.encoder.heads[0].net.bias  # type: ignore[index,union-attr]
        bias[2:] = -0.5 * precision.diagonal().log()
        bias[:2] += delta
    log_px = MultivariateNormal(chain.mean[-3:], chain.cov[-3:, -3:]).log_prob(x.flatten(1))
    approximation = 0.5 * (precision.diagonal().log().sum() - precision.logdet())
    return model, x, log_px, approximation, 0.5 * delta @ precision @ delta


@pytest.mark.parametrize("step", [0.0, 0.2])
def test_both_gaps_of_a_diagonal_q_are_the_closed_forms(step: float) -> None:
    model, x, log_px, approximation, amortisation = best_diagonal(step)
    torch.manual_seed(0)
    found = quick(model, x, samples=20_000)
    assert found.approximation is not None and found.amortisation is not None and found.refined is not None
    assert approximation > 0.15
    torch.testing.assert_close(found.refined.elbo, log_px - approximation, atol=0.02, rtol=0)
    torch.testing.assert_close(found.amortisation, amortisation.expand(5), atol=0.01, rtol=0)
    # as good as a bound of draws from so narrow a q can be
    torch.testing.assert_close(found.approximation, approximation.expand(5), atol=0.06, rtol=0)
    torch.testing.assert_close(found.total, found.approximation + found.amortisation)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_an_exact_posterior_has_no_gap(encoder: str) -> None:
    chain = LinearChain(2)
    model, x = chain.hierarchy(encoder), chain.sample(6)
    torch.manual_seed(0)
    found = quick(model, x, steps=20)
    assert found.approximation is not None and found.amortisation is not None
    torch.testing.assert_close(found.best.iw_bound, chain.log_px(x), atol=0.01, rtol=0)
    for part in (found.total, found.approximation, found.amortisation):
        assert part.abs().mean() < 0.15 and abs(part.mean()) < 0.05


def test_blocks_of_images_are_refined_and_read_with_their_own_offsets() -> None:
    chain = LinearChain(1)
    model, x = chain.hierarchy("bottom_up"), chain.sample(7)
    with torch.no_grad():
        model.encoder.heads[0].net.bias[:2] += 0.7  # type: ignore[index,union-attr]
    torch.manual_seed(0)
    found = gap(model, x, samples=100, steps=150, lr=0.1, draws=4, max_rows=12)
    assert found.refined is not None and (found.encoder.elbo < chain.log_px(x) - 0.3).all()
    torch.testing.assert_close(found.refined.iw_bound, chain.log_px(x), atol=1e-3, rtol=0)


def test_both_are_read_with_the_same_noise() -> None:
    """Of an encoder that is not moved (no steps), nothing is gained: exactly."""
    torch.manual_seed(0)
    found = gap(hierarchy([3, 2]), images(5), samples=7, steps=0, lr=0.1, draws=2, max_rows=10)
    assert found.amortisation is not None and found.amortisation.eq(0).all()


def test_the_better_q_gives_the_bound() -> None:
    model, x, log_px, *_ = best_diagonal(1.0)
    torch.manual_seed(0)
    found = quick(model, x, samples=50)
    assert found.refined is not None and found.best is found.refined
    assert (found.best.iw_bound - log_px).mean() > (found.encoder.iw_bound - log_px).mean() + 0.1


def test_of_a_flow_the_total_alone_is_told() -> None:
    torch.manual_seed(0)
    found = quick(hierarchy([2], "bottom_up", posterior=FLOW), images(4))
    assert found.refined is None and found.approximation is None and found.amortisation is None
    assert found.best is found.encoder and (found.total > 0).all()
