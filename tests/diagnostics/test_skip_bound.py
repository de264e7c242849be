"""The skip bound against its closed form in linear-Gaussian chains."""

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

from tests.factory import DECODERS, hierarchy, images
from tests.factory import ENCODERS as EVERY
from tests.oracles import ENCODERS, VARIANCE, LinearChain
from vaelab.diagnostics.evaluate import evaluate_split
from vaelab.diagnostics.skip_bound import skip_bound


def exact(chain: LinearChain, x: Tensor, k: int) -> Tensor:
    """L^{>k} of exact top-down inference, [N]: E log N(x; W z_1 + c, v) - KL(q(z_>k | x) ‖ p(z_>k)).

    z_1 is Gaussian there: p(z_1 | z_{k+1}) with z_{k+1} ~ p(z_{k+1} | x).
    """
    z = list(range(2 * chain.depth))
    above, data = z[2 * k :], list(range(2 * chain.depth, 2 * chain.depth + 6))
    first, flat = z[:2], x.flatten(1)
    if not above:
        mean, cov = chain.mean[first].expand(len(x), 2), chain.cov[first][:, first]
        kl: Tensor | float = 0.0
    else:
        G, g, C = chain.conditional(above, data)
        q = MultivariateNormal(flat @ G.T + g, C)
        kl = kl_divergence(q, MultivariateNormal(chain.mean[above], chain.cov[above][:, above]))
        if k == 0:
            mean, cov = q.mean[:, :2], C[:2, :2]
        else:
            A, b, S = chain.conditional(first, above)
            mean, cov = q.mean @ A.T + b, A @ C @ A.T + S
    squared = (flat - mean @ chain.W.T - chain.c).square().sum(1) + torch.trace(chain.W @ cov @ chain.W.T)
    return -3 * math.log(2 * math.pi * VARIANCE) - squared / (2 * VARIANCE) - kl


def looser(chain: LinearChain, k: int) -> float:
    """I(z_k; z_{k+1} | x), nats: what bottom-up inference loses to top-down where 0 < k < L."""
    if not 0 < k < chain.depth:
        return 0.0
    below, above = [2 * k - 2, 2 * k - 1], [2 * k, 2 * k + 1]
    x = list(range(2 * chain.depth, 2 * chain.depth + 6))
    dets = [torch.logdet(chain.conditional(above, given)[2]).item() for given in (x, below + x)]
    return 0.5 * (dets[0] - dets[1])


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_with_the_exact_posterior_it_is_that_of_matrix_algebra(depth: int, encoder: str) -> None:
    chain, ks = LinearChain(depth), range(depth + 1)
    x = chain.sample(20)
    torch.manual_seed(0)
    found = skip_bound(chain.hierarchy(encoder), x, ks, samples=4000, max_rows=20_000)
    for k in ks:
        truth = exact(chain, x, k) - (looser(chain, k) if encoder == "bottom_up" else 0.0)
        if k == 0:
            torch.testing.assert_close(truth, chain.log_px(x))
        assert (truth < chain.log_px(x) + 1e-9).all(), "a bound"
        # the draws' own spread: 4000 of them have hit a value of some tens of nats to a few tenths
        scale = max(1.0, (chain.log_px(x) - truth).mean().item())
        assert (found[:, k] - truth).mean().abs() < 0.03 * scale
        assert ((found[:, k] - truth).abs() < 0.25 * scale).all()


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("encoder", EVERY)
def test_for_k_0_it_is_the_elbo(encoder: str, decoder: str) -> None:
    model, x = hierarchy([4, 3, 2], encoder, decoder), images(7)
    torch.manual_seed(0)
    found = skip_bound(model, x, [0, 2, 3], samples=5, max_rows=100)
    torch.manual_seed(0)
    torch.testing.assert_close(found[:, 0], evaluate_split(model, [x], 5, max_rows=100).elbo)
    assert found.shape == (7, 3) and torch.isfinite(found).all()


def test_a_layer_that_has_collapsed_carries_nothing() -> None:
    """q(z_1 | z_2, x) = p(z_1 | z_2): to the last digit, for the draws share their noise."""
    model = hierarchy([4, 3], "residual", "residual")
    with torch.no_grad():
        for parameter in model.encoder.heads[0].parameters():  # type: ignore[index,union-attr]
            parameter.zero_()
    bounds = skip_bound(model, images(9), [0, 1, 2], samples=3, max_rows=50)
    torch.testing.assert_close(bounds[:, 1], bounds[:, 0])
    assert (bounds[:, 2] - bounds[:, 0]).abs().min() > 1e-3, "z_2 has not"


def test_shared_noise_makes_differences_quieter() -> None:
    """Against differences of bounds whose draws are their own."""
    model, x = hierarchy([4, 3], "residual", "residual"), images(200)
    torch.manual_seed(0)
    paired = skip_bound(model, x, [0, 1], 1, 1000)
    apart = skip_bound(model, x, [0, 1], 1, 1000)
    own = (paired[:, 0] - paired[:, 1] - (apart[:, 0] - apart[:, 1])).var()
    assert own < 0.6 * (paired[:, 0] - apart[:, 1] - (apart[:, 0] - paired[:, 1])).var()


def test_no_pass_holds_more_rows_than_allowed() -> None:
    model, seen = hierarchy([3, 2]), []
    model.likelihood.register_forward_hook(lambda module, args, px: seen.append(math.prod(px.batch_shape)))
    found = skip_bound(model, images(20), [0, 2], samples=50, max_rows=30)
    assert max(seen) <= 30 and sum(seen) == 2 * 20 * 50
    assert found.dtype == torch.float64
