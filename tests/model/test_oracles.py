"""The bound against the truth: linear-Gaussian chains whose log p(x) is known."""

import pytest
import torch

from tests.oracles import ENCODERS, LinearChain
from vaelab.distributions import DiagonalNormal, log_ratio


@pytest.mark.parametrize("scale", ["free", "constant"])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_with_the_exact_posterior_every_draw_weighs_log_px(depth: int, encoder: str, scale: str) -> None:
    chain = LinearChain(depth, scale=scale)
    x = chain.sample(7)
    terms = chain.hierarchy(encoder)(x, samples=11)
    truth = chain.log_px(x).expand(11, 7)
    torch.testing.assert_close(terms.log_weight, truth, atol=1e-10, rtol=0)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_with_the_exact_posterior_the_elbo_is_log_px(depth: int, encoder: str) -> None:
    """The low-noise form of each term has the same expectation as the log-ratio: no closed form is out of place."""
    chain = LinearChain(depth)
    x = chain.sample(4)
    torch.manual_seed(0)
    terms = chain.hierarchy(encoder)(x, samples=40_000)
    per_draw = terms.log_px - sum(latent.cost for latent in terms.latents)
    error = per_draw.std(0) / 200
    assert ((terms.elbo - chain.log_px(x)).abs() < 4 * error + 1e-9).all()
    torch.testing.assert_close(terms.kl, terms.reconstruction - terms.elbo, atol=1e-10, rtol=0)
    for latent, cost in zip(terms.latents, terms.costs, strict=True):
        noise = (latent.log_ratio - latent.cost).std(0) / 200
        assert ((latent.log_ratio.mean(0) - cost).abs() < 4 * noise + 1e-9).all()


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_with_a_wrong_posterior_the_bounds_rise_with_k_and_stay_below_log_px(depth: int, encoder: str) -> None:
    chain = LinearChain(depth)
    model = chain.hierarchy(encoder)
    x = chain.sample(16)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        draws = model(x, samples=64_000).log_weight
    truth = chain.log_px(x).mean()
    bounds, errors = [], []
    for k in (1, 4, 16, 64):
        groups = draws.reshape(-1, k, 16).logsumexp(1) - torch.log(torch.tensor(float(k)))
        bounds.append(groups.mean())
        errors.append(groups.mean(1).std() / len(groups) ** 0.5)
    assert bounds == sorted(bounds)
    assert bounds[0] < truth - 0.02, "q was meant to be wrong"
    for bound, error in zip(bounds, errors, strict=True):
        assert bound < truth + 4 * error


def test_the_closed_form_is_biased_where_layers_are_not_aligned_and_ours_is_not() -> None:
    """The scalar example of a bottom-up layer: exact -0.350, closed form 0.685."""
    f = torch.float64

    def normal(mean: torch.Tensor | float, scale: float) -> DiagonalNormal:
        mean = torch.as_tensor(mean, dtype=f).reshape(-1, 1)
        return DiagonalNormal(mean, torch.full_like(mean, scale).log())

    torch.manual_seed(0)
    q1 = normal(0.7 * 1.3 * torch.ones(400_000), 0.6)
    z1 = q1.rsample()
    z2 = normal(0.8 * z1, 0.3).rsample()
    p1 = normal(0.9 * z2, 0.5)
    assert abs((-q1.entropy() - p1.log_prob(z1)).mean().item() + 0.350) < 5e-3
    assert abs(log_ratio(z1, q1, p1).mean().item() + 0.350) < 5e-3
    closed = torch.distributions.kl_divergence(q1, p1).mean().item()
    assert abs(closed - 0.685) < 5e-3
