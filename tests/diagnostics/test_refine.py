"""Refined posteriors against the best Gaussian of each family, known in closed form for linear models."""

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

from tests.decoder.test_deep import SMALL, deep
from tests.factory import ENCODERS, hierarchy, images
from tests.oracles import LinearChain
from tests.posterior.test_exact_posterior import FAMILIES, VARIANCE, Chain
from vaelab.diagnostics.refine import cannot_refine, moved, refine, shifted
from vaelab.distributions import DiagonalNormal, full_normal
from vaelab.model import Hierarchy
from vaelab.posterior.flow import flow
from vaelab.prior import VampPrior

F64 = torch.float64
FLOW = partial(flow, kind="iaf", transforms=1, widths=[8], context=2, layers=None)


def correlated(n: int) -> tuple[Chain, Tensor, MultivariateNormal]:
    """A linear VAE of two units, n images of it, and their exact posteriors, which no diagonal q holds."""
    chain = Chain(1)
    # two columns that are nearly one: of the sum of the units x tells more than of their difference
    chain.W = torch.tensor([[0.8, 0.4], [0.6, 0.5], [-0.4, -0.3]], dtype=F64)
    chain.cov = torch.cat([torch.cat([torch.eye(2, dtype=F64), chain.W.T], 1), torch.zeros(3, 5, dtype=F64)])
    chain.cov[2:, :2], chain.cov[2:, 2:] = chain.W, chain.W @ chain.W.T + VARIANCE * torch.eye(3, dtype=F64)
    torch.manual_seed(0)
    x = MultivariateNormal(chain.mean[-3:], chain.cov[-3:, -3:]).sample((n,))
    G, g, C = chain.conditional(chain.z[0], chain.x)
    return chain, x.reshape(n, 1, 1, 3), MultivariateNormal(x @ G.T + g, C.expand(n, 2, 2))


def off(model: Hierarchy, log_scale: float = 0.3) -> Hierarchy:
    """The same model with an encoder that is off, in every layer by a step in the mean and one in the log scale."""
    step = torch.tensor([0.4, -0.3, log_scale, -log_scale], dtype=F64)
    with torch.no_grad():
        for name, parameter in model.encoder.heads.named_parameters():  # type: ignore[union-attr]
            if name.endswith("bias"):
                parameter[:4].add_(step)
    return model


def test_a_diagonal_q_ends_at_the_mean_and_the_precisions_of_a_correlated_posterior() -> None:
    """The Gaussian of independent units that is nearest by KL(q ‖ p) has p's mean and 1/σ_u² = Λ_uu."""
    chain, x, posterior = correlated(6)
    model = off(chain.hierarchy("bottom_up", "diagonal"))
    torch.manual_seed(0)
    offsets = refine(model, x, steps=400, lr=0.1, draws=128)
    with shifted(model, offsets):
        q = model.q_top(x)
    torch.testing.assert_close(q.mean, posterior.mean, atol=0.04, rtol=0)
    precision = posterior.precision_matrix.diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(q.variance.log(), -precision.log(), atol=0.05, rtol=0)
    assert (model.q_top(x).mean - posterior.mean).abs().min() > 0.2


def test_a_full_q_ends_at_the_posterior_itself() -> None:
    chain, x, posterior = correlated(6)
    model = off(chain.hierarchy("bottom_up", "full_covariance"))
    before = kl_divergence(model.q_top(x).exact, posterior)  # type: ignore[attr-defined]
    torch.manual_seed(0)
    with shifted(model, refine(model, x, steps=300, lr=0.1, draws=64)):
        after = kl_divergence(model.q_top(x).exact, posterior)  # type: ignore[attr-defined]
    assert before.min() > 0.2 and after.max() < 0.005


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_chain_whose_every_layer_is_off_comes_back_to_log_px(encoder: str) -> None:
    """A step and a factor on every layer's q are what the offsets undo, and at the exact posterior all draws weigh
    log p(x). Were a chain to go on from the z before the shift, they could not."""
    chain, x = LinearChain(3), LinearChain(3).sample(8)
    # with another precision, the step of a product of Gaussians would hang on the z above
    model = off(chain.hierarchy(encoder), 0.0 if encoder == "precision_weighted" else 0.3)
    torch.manual_seed(0)
    offsets = refine(model, x, steps=300, lr=0.1, draws=8)
    torch.manual_seed(1)
    before = model(x, 200).log_weight - chain.log_px(x)
    with shifted(model, offsets):
        after = model(x, 200).log_weight - chain.log_px(x)
    assert before.mean(0).max() < -0.5
    assert after.abs().max() < 1e-3


@pytest.mark.parametrize("encoder", ENCODERS)
def test_at_an_exact_posterior_no_draw_has_a_gradient(encoder: str) -> None:
    """All weights are log p(x) there, whatever z: one draw says so."""
    chain = LinearChain(2)
    model = chain.hierarchy(encoder)
    offsets = [torch.zeros(5, 4, dtype=F64, requires_grad=True) for _ in range(2)]
    torch.manual_seed(0)
    with shifted(model, offsets):
        model(chain.sample(5)).log_weight.sum().backward()
    for offset in offsets:
        assert offset.grad is not None and offset.grad.abs().max() < 1e-6


MODELS = {name: partial(hierarchy, [3, 2], name) for name in ENCODERS} | {
    "deep": partial(deep, SMALL),
    "relative": partial(deep, SMALL, relative=True),
    "vampprior": lambda: hierarchy([3, 2], prior=VampPrior(2, images, components=4)),
    "full_covariance": partial(hierarchy, [3, 2], "concatenate", posterior=FAMILIES["full_covariance"]),
}


@pytest.mark.parametrize("name", MODELS)
def test_it_raises_the_elbo_of_every_encoder_and_leaves_no_trace(name: str) -> None:
    model = MODELS[name]()
    x = torch.rand(3, 3, 4, 6, dtype=F64).round() if name in ("deep", "relative") else images(3)
    next(model.parameters()).requires_grad_(False)
    weights = {key: value.clone() for key, value in model.state_dict().items()}
    learning = [parameter.requires_grad for parameter in model.parameters()]
    torch.manual_seed(1)
    start = model(x, 100).elbo
    with torch.no_grad():  # as a door that evaluates calls it
        offsets = refine(model, x, steps=30, lr=0.1, draws=4)
    torch.manual_seed(1)
    with shifted(model, offsets):
        assert (model(x, 100).elbo > start).all()
    torch.manual_seed(1)
    torch.testing.assert_close(model(x, 100).elbo, start)
    assert all(torch.equal(value, weights[key]) for key, value in model.state_dict().items())
    assert [parameter.requires_grad for parameter in model.parameters()] == learning
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(offset.requires_grad for offset in offsets)


@pytest.mark.parametrize("images_", [4, 6])
def test_a_prior_made_of_posteriors_is_not_moved(images_: int) -> None:
    """Not with as many images as pseudo-inputs either, where it would raise no error."""
    model, x = hierarchy([3, 2], prior=VampPrior(2, images, components=4)), images(images_)
    before = model(x).latents[1]
    with shifted(model, [torch.ones(images_, 6), torch.ones(images_, 4)]):
        after = model(x).latents[1]
    assert after.q is not None and before.q is not None
    torch.testing.assert_close(after.p.mean, before.p.mean)
    torch.testing.assert_close(after.q.mean, before.q.mean + before.q.stddev)


def test_a_diagonal_q_moves_as_a_full_one_does() -> None:
    """z = μ + σ (a + T ε), against the same written out with matrices."""
    torch.manual_seed(0)
    loc, log_scale, a, s = torch.randn(4, 5, 3, dtype=F64)
    below = torch.randn(5, 3, dtype=F64)
    diagonal = moved(DiagonalNormal(loc, log_scale), torch.cat([a, s], -1))
    same = moved(full_normal(loc, torch.diag_embed(log_scale.exp())), torch.cat([a, s, 0 * below], -1))
    torch.testing.assert_close(diagonal.mean, same.mean)
    torch.testing.assert_close(diagonal.variance, same.variance)
    factor = torch.tril(torch.randn(5, 3, 3, dtype=F64), -1) + torch.diag_embed(log_scale.exp())
    T = torch.diag_embed(s.exp())
    T[:, [1, 2, 2], [0, 0, 1]] = below
    full = moved(full_normal(loc, factor), torch.cat([a, s, below], -1))
    torch.testing.assert_close(full.mean, loc + torch.einsum("nij,nj->ni", factor, a))
    torch.testing.assert_close(full.exact.covariance_matrix, factor @ T @ T.mT @ factor.mT)  # type: ignore[attr-defined]


@pytest.mark.parametrize("posterior", [FLOW, FAMILIES["low_rank"]])
def test_other_families_are_refused(posterior: object) -> None:
    model = hierarchy([3, 2], "concatenate", posterior=posterior)  # type: ignore[arg-type]
    assert "is not refined" in str(cannot_refine(model.encoder))
    with pytest.raises(NotImplementedError):
        refine(model, images(2), steps=1, lr=0.1, draws=1)


def test_gaussians_are_not() -> None:
    assert cannot_refine(hierarchy([3, 2], "bottom_up").encoder) is None
    assert cannot_refine(hierarchy([3], "bottom_up", posterior=FAMILIES["full_covariance"]).encoder) is None
