"""Every family of q, with every prior and encoder; and the truth in one dimension, by integration."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from tests.factory import DIAGONAL, hierarchy, images
from vaelab.diagnostics.evaluate import evaluate_split
from vaelab.distributions import CorrelatedNormal, DiagonalNormal, NormalizingFlow, ToNormal
from vaelab.errors import ConfigError
from vaelab.metrics import ActiveUnits
from vaelab.objective import Elbo
from vaelab.posterior import Posterior
from vaelab.posterior.flow import flow
from vaelab.posterior.full_covariance import full_covariance
from vaelab.posterior.low_rank import low_rank
from vaelab.prior import Flow, LearnedNormal, Mixture, Prior, StandardNormal, VampPrior
from vaelab.training.modules import HVAE

FLOW = partial(flow, transforms=2, widths=[16], context=4, layers=None)
POSTERIORS: dict[str, Posterior] = {
    "diagonal": DIAGONAL,
    "full_covariance": partial(full_covariance, layers=None),
    "low_rank": partial(low_rank, rank=2, layers=None),
    "iaf": partial(FLOW, kind="iaf"),
    "maf": partial(FLOW, kind="maf"),
    "nsf": partial(FLOW, kind="nsf"),
}
PRIORS: dict[str, Callable[[int], Prior]] = {
    "standard_normal": StandardNormal,
    "learned_normal": LearnedNormal,
    "mixture": partial(Mixture, components=4),
    "vampprior": partial(VampPrior, examples=images, components=5),
    "maf": partial(Flow, kind="maf", transforms=2, widths=[8]),
    "nsf": partial(Flow, kind="nsf", transforms=2, widths=[8]),
}
# the VampPrior asks for a q(z_L | x) that bottom-up inference of several layers does not have
PAIRS = [(encoder, depth) for encoder in ("bottom_up", "concatenate") for depth in (1, 2)]


def layers(depth: int) -> list[int]:
    return [4, 3][-depth:]


@pytest.mark.parametrize("posterior", POSTERIORS)
@pytest.mark.parametrize("prior", PRIORS)
def test_bounds_are_in_order_and_every_parameter_gets_a_gradient(posterior: str, prior: str) -> None:
    for encoder, depth in PAIRS:
        if prior == "vampprior" and (encoder, depth) == ("bottom_up", 2):
            continue
        torch.manual_seed(1)
        model = hierarchy(layers(depth), encoder, posterior=POSTERIORS[posterior], prior=PRIORS[prior](3))
        x = images(6)
        with torch.no_grad():
            terms = model(x, samples=100)
        assert [tuple(latent.z.shape) for latent in terms.latents] == [(100, 6, d) for d in layers(depth)]
        assert terms.log_weight.shape == (100, 6) and terms.elbo.shape == (6,)
        # not of the same noise: the elbo has closed forms in it, the weights have none
        error = terms.log_weight.mean(1).std() / 10
        assert abs(terms.elbo.mean() - terms.log_weight.mean()) < 4 * error
        assert terms.elbo.mean() < terms.iw_bound.mean() + 4 * error
        (-model(x).elbo.mean()).backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, (encoder, depth, name)


@pytest.mark.parametrize("posterior", POSTERIORS)
@pytest.mark.parametrize("prior", PRIORS)
def test_in_one_dimension_the_bounds_are_those_of_brute_force(posterior: str, prior: str) -> None:
    """log p(x) = log ∫ p(x|z) p(z) dz and the ELBO = ∫ q(z|x) [log p(x, z) - log q(z|x)] dz, on a grid of z."""
    torch.manual_seed(1)
    top = PRIORS[prior](1)
    model = hierarchy([1], "bottom_up", posterior=POSTERIORS[posterior], prior=top).double()
    x = images(3).double()
    z = torch.linspace(-12, 12, 8001, dtype=torch.float64)
    with torch.no_grad():
        px = model.likelihood(model.decoder.params(z[:, None, None]))
        log_joint = px.log_prob(x) + model.prior(model.q_top).log_prob(z[:, None, None])
        log_q = model.q_top(x).log_prob(z[:, None, None].expand(-1, 3, 1))
        log_px = (torch.logsumexp(log_joint, 0)) + torch.log(z[1] - z[0])
        exact = torch.trapezoid(log_q.exp() * (log_joint - log_q), z, dim=0)
        torch.testing.assert_close(torch.trapezoid(log_q.exp(), z, dim=0), torch.ones_like(exact), atol=1e-3, rtol=0)
        torch.manual_seed(2)
        terms = model(x, samples=10_000)
    per_draw = terms.log_px - terms.latents[0].cost
    assert ((terms.elbo - exact).abs() < 4 * per_draw.std(0) / 100 + 5e-3).all()
    assert ((terms.log_weight.mean(0) - exact).abs() < 4 * terms.log_weight.std(0) / 100 + 5e-3).all()
    assert (exact <= log_px).all()
    torch.testing.assert_close(terms.iw_bound, log_px, atol=0.05, rtol=0)


@pytest.mark.parametrize("posterior", list(POSTERIORS)[1:])
def test_a_family_may_be_left_to_some_layers(posterior: str) -> None:
    top_alone = partial(POSTERIORS[posterior], layers=[2])
    for encoder in ("bottom_up", "precision_weighted", "residual"):
        latents = hierarchy([4, 3], encoder, posterior=top_alone)(images(5)).latents
        assert isinstance(latents[0].q, DiagonalNormal)
        assert isinstance(latents[1].q, CorrelatedNormal | NormalizingFlow)
    assert isinstance(partial(POSTERIORS[posterior], layers=[1])(partial(nn.Linear, 2), 3, 1), ToNormal)
    with pytest.raises(ConfigError, match="posterior of z1 is none"):
        hierarchy([4, 3], "precision_weighted", posterior=POSTERIORS[posterior])


@pytest.mark.parametrize("posterior", list(POSTERIORS)[1:3])
def test_without_correlations_the_gaussians_are_the_diagonal_family(posterior: str) -> None:
    """Special case = general case: the further outputs of the network at zero."""
    rich = hierarchy([3], "bottom_up", posterior=POSTERIORS[posterior])
    plain = hierarchy([3], "bottom_up")
    state = rich.state_dict()
    for name in ("encoder.heads.0.net.weight", "encoder.heads.0.net.bias"):
        state[name][6:] = 0
    rich.load_state_dict(state)
    plain.load_state_dict({name: value[:6] if "heads" in name else value for name, value in state.items()})
    q, p, x = rich.q_top(images(5)), plain.q_top(images(5)), torch.randn(7, 5, 3)
    torch.testing.assert_close(q.log_prob(x), p.log_prob(x))
    torch.testing.assert_close(rich(images(5)).kl, plain(images(5)).kl)


def collapsed(alive: bool) -> HVAE:
    model = hierarchy([3], "bottom_up", posterior=POSTERIORS["iaf"])
    with torch.no_grad():
        head = model.encoder.heads[0].net
        head.weight[:3] *= 20 if alive else 0
        head.weight[3:] = 0
    return HVAE(model, Elbo(), optimizer=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("alive", [False, True])
def test_active_units_of_a_flow_are_told_from_its_draws(alive: bool) -> None:
    """With no mean of q in hand, one layer already needs two draws and its noise taken off."""
    module, x = collapsed(alive), images(1000)
    assert module.eval_draws == 2
    assert HVAE(hierarchy([3]), Elbo(), optimizer=None).eval_draws == 1  # type: ignore[arg-type]
    torch.manual_seed(0)
    metric = ActiveUnits([3], draws=2)
    with torch.no_grad():
        for part in x.split(300):
            metric.update(module.hierarchy(part, samples=2))
    assert metric.compute() == {"active_units/z1": 3 if alive else 0}
    split = partial(evaluate_split, module.hierarchy, [x], max_rows=10_000)
    assert split(samples=20).active_units == ((3,) if alive else (0,))
    assert split(samples=1).active_units == (None,)
    with pytest.raises(ValueError, match="at least 2 draws"):
        ActiveUnits([3]).update(module.hierarchy(x))
