"""The kl cut in two, against the linear-Gaussian truth; what must hold of every model."""

import math
from functools import partial

import pytest
import torch
from torch.distributions import Distribution

from tests.factory import hierarchy, images
from tests.oracles import ENCODERS, LinearChain
from vaelab.decoder import Deep as DeepDecoder
from vaelab.diagnostics.figure import figure
from vaelab.diagnostics.passes import log_aggregate, one_pass, scores
from vaelab.diagnostics.surgery import Surgery, surgery
from vaelab.distributions import DiagonalNormal
from vaelab.encoder import Deep
from vaelab.likelihood import Bernoulli
from vaelab.model import Hierarchy
from vaelab.nn.stage import read_stages
from vaelab.posterior import Posterior
from vaelab.posterior.diagonal import diagonal
from vaelab.posterior.flow import flow
from vaelab.posterior.full_covariance import full_covariance
from vaelab.posterior.low_rank import low_rank
from vaelab.prior import StandardNormal


def mutual(chain: LinearChain, a: list[int], b: list[int], given: list[int]) -> float:
    """I(a; b | given) of a joint Gaussian, nats."""

    def log_det(of: list[int], known: list[int]) -> float:
        cov = chain.conditional(of, known)[2] if known else chain.cov[of][:, of]
        return torch.logdet(cov).item()

    return 0.5 * (log_det(a, given) - log_det(a, [*b, *given]))


def layers_of(chain: LinearChain) -> tuple[list[list[int]], list[int]]:
    depth = chain.depth
    return [[2 * l, 2 * l + 1] for l in range(depth)], list(range(2 * depth, 2 * depth + 6))


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_with_the_exact_posterior_the_information_is_the_chains_own(depth: int, encoder: str) -> None:
    chain, n = LinearChain(depth), 1500
    torch.manual_seed(0)
    found = surgery(chain.hierarchy(encoder), chain.sample(n), max_rows=30_000)
    z, x = layers_of(chain)
    for l in range(depth):
        above = [i for layer in z[l + 1 :] for i in layer]
        exact = mutual(chain, z[l], x if l == 0 else z[l - 1], []) if encoder == "bottom_up" else (
            mutual(chain, z[l], x, above)
        )  # fmt: skip
        told = figure(found.information[:, l])
        assert told["value"] == pytest.approx(exact, abs=max(0.1, 4 * told["stderr"]))
    assert found.n == n and found.cap == math.log(n) and not any(found.saturated)


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_with_the_exact_posterior_of_a_whole_population_no_marginal_kl_is_left(depth: int, encoder: str) -> None:
    """q(z) = p(z) where q is the posterior and x are all the data there are: what is left is the finite N."""
    chain = LinearChain(depth)
    torch.manual_seed(0)
    found = surgery(chain.hierarchy(encoder), chain.sample(3000), max_rows=60_000)
    for l in range(depth):
        told = figure(found.marginal_kl[:, l])
        assert abs(told["value"]) < max(0.06, 4 * told["stderr"])


def test_a_prior_that_is_off_shows_as_marginal_kl_alone() -> None:
    """The encoder's mean moved by m and nothing else: q(z) = N(m, I), so KL(q(z) ‖ p) = m²/2 and I is as it was."""
    chain = LinearChain(1)
    model = chain.hierarchy("bottom_up")
    with torch.no_grad():
        model.encoder.heads[0].net.bias[0] += 1.5  # type: ignore[index,union-attr,operator]
    torch.manual_seed(0)
    found = surgery(model, chain.sample(3000), max_rows=60_000)
    z, x = layers_of(chain)
    assert found.marginal_kl.mean().item() == pytest.approx(1.5**2 / 2, abs=0.12)
    assert found.information.mean().item() == pytest.approx(mutual(chain, z[0], x, []), abs=0.12)


@pytest.mark.parametrize("z_dims", [[3], [3, 2], [4, 3, 2]])
@pytest.mark.parametrize("decoder", ["markov", "residual"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_parts_add_up_to_the_kl_of_the_same_draws(z_dims: list[int], decoder: str, encoder: str) -> None:
    model, x = hierarchy(z_dims, encoder, decoder), images(30)
    torch.manual_seed(5)
    found = surgery(model, x, max_rows=100)
    torch.manual_seed(5)
    terms = model(x)
    exact = terms.log_px.double() - terms.log_weight.double()  # type: ignore[union-attr]
    torch.testing.assert_close(found.kl, exact, rtol=0, atol=1e-5)
    if found.form == "top_down":
        layers = torch.stack([latent.log_ratio for latent in terms.latents], 1).double()
        torch.testing.assert_close(found.information + found.marginal_kl, layers, rtol=0, atol=1e-5)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_one_layer_is_the_same_in_both_forms(encoder: str) -> None:
    results = []
    for name in ("bottom_up", encoder):
        model = hierarchy([3], name)
        torch.manual_seed(1)
        results.append(surgery(model, images(40), max_rows=200))
    torch.testing.assert_close(results[0].information, results[1].information, rtol=0, atol=1e-5)
    torch.testing.assert_close(results[0].marginal_kl, results[1].marginal_kl, rtol=0, atol=1e-5)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_against_a_sum_written_out(encoder: str) -> None:
    """log (1/N) Σ_m q(z^n | x_m), one n and one m at a time, through `propose` and torch's own Normal."""
    model, x = hierarchy([3, 2], encoder).double(), images(6).double()
    torch.manual_seed(2)
    found = surgery(model, x, max_rows=4)
    torch.manual_seed(2)
    blocks = [model(x[:4]), model(x[4:])]  # as surgery draws: max_rows images at a time
    z = [torch.cat([b.latents[l].z for b in blocks]) for l in range(2)]
    q_z1, q_top = torch.zeros(6, 6), torch.zeros(6, 6)
    for n in range(6):
        for m in range(6):
            if encoder == "bottom_up":
                first = model.encoder.encode(x[m : m + 1])
                second = model.encoder.q(1, z[0][m : m + 1])  # type: ignore[operator]
            else:
                proposal = model.encoder.propose(model.encode(x[m : m + 1]))
                p2 = model.prior(model.q_top)
                second = proposal(1, None, p2).q
                h = model.decoder.update(1, None, z[1][n : n + 1])
                first = proposal(0, h, model.decoder.p(0, h)).q
            q_z1[n, m] = torch.distributions.Normal(first.mean, first.stddev).log_prob(z[0][n]).sum()
            q_top[n, m] = torch.distributions.Normal(second.mean, second.stddev).log_prob(z[1][n]).sum()

    def log_mean(scores: torch.Tensor) -> torch.Tensor:
        return scores.exp().mean(1).log()

    if encoder == "bottom_up":
        expected = [q_z1.diagonal() - log_mean(q_z1), q_top.diagonal() - log_mean(q_top)]
    else:
        top = q_top.diagonal() - log_mean(q_top)
        both = (q_z1 + q_top).diagonal() - log_mean(q_z1 + q_top)
        expected = [both - top, top]
    torch.testing.assert_close(found.information, torch.stack(expected, 1).double(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate", "precision_weighted"])
def test_blocks_of_any_size_give_the_same(encoder: str) -> None:
    model, x = hierarchy([3, 2], encoder).double(), images(20).double()
    drawn = one_pass(model, x, 20)
    results = [scores(model, x, drawn.z, max_rows) for max_rows in (1, 7, 20, 60, 400)]
    for other in results[1:]:
        torch.testing.assert_close(results[0], other, rtol=0, atol=1e-10)
    own = results[0].diagonal(dim1=1, dim2=2)
    torch.testing.assert_close(own, drawn.log_q, rtol=0, atol=1e-10)


def test_feature_maps_and_many_layers() -> None:
    model = deep()
    x = images(12, (1, 8, 8))
    torch.manual_seed(0)
    found = surgery(model, x, max_rows=30)
    torch.manual_seed(0)
    terms = model(x)
    layers = torch.stack([latent.log_ratio for latent in terms.latents], 1).double()
    torch.testing.assert_close(found.information + found.marginal_kl, layers, rtol=0, atol=1e-4)
    assert bool((found.ladder.mean(0) <= math.log(12) + 1e-4).all())


def deep() -> Hierarchy:
    torch.manual_seed(0)
    upper = {"resolution": 1, "blocks": 2, "width": 8, "z_channels": 2}
    blocks = [{"resolution": 8, "blocks": 1, "width": 8, "z_channels": 1}, upper]
    stages = read_stages(blocks, (1, 8, 8))
    likelihood = Bernoulli((1, 8, 8))
    same = {"bottleneck": 0.5, "activation": "gelu", "recompute": False}
    decoder = DeepDecoder(stages, likelihood.params_shape, scale="free", bias_up_to=8, **same)  # type: ignore[arg-type]
    states = [decoder.state_shape(l) for l in range(len(decoder.z_dims) - 1)]
    posterior = partial(diagonal, scale="free")
    encoder = Deep(stages, (1, 8, 8), states, posterior, blocks=[1, 1], relative=False, **same)  # type: ignore[arg-type]
    return Hierarchy(StandardNormal(decoder.z_dims[-1]), decoder, likelihood, encoder)


@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate"])
def test_a_q_that_ignores_x_carries_nothing(encoder: str) -> None:
    model, x = hierarchy([4, 2], encoder), torch.rand(50, 1, 4, 4)
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.zero_()
    found = surgery(model, x, 1000)
    torch.testing.assert_close(found.information, torch.zeros(50, 2).double(), rtol=0, atol=1e-5)
    # every q is N(0, I) and the top's prior too: nothing is left of that layer at all
    torch.testing.assert_close(found.marginal_kl[:, 1], torch.zeros(50).double(), rtol=0, atol=1e-5)


def test_images_that_q_tells_apart_saturate_at_log_n() -> None:
    class Sharp(torch.nn.Module):
        def forward(self, context: torch.Tensor) -> DiagonalNormal:
            loc = 10 * context.flatten(1)[:, :4]
            return DiagonalNormal(loc, torch.full_like(loc, -6.0))

    model = hierarchy([4], "bottom_up")
    model.encoder.features[0], model.encoder.heads[0] = torch.nn.Identity(), Sharp()  # type: ignore[index,operator]
    found = surgery(model, torch.rand(50, 1, 4, 4), 1000)
    assert found.information.mean().item() == pytest.approx(math.log(50), abs=1e-3)
    assert found.saturated == (True,)


def test_a_layer_below_a_saturated_one_is_marked_too() -> None:
    """What a lower layer adds to log N cannot be seen: its own figure near zero would read as a collapse."""
    full = torch.full((100, 1), math.log(100.0))
    assert Surgery("top_down", torch.cat([full * 0, full], 1), torch.zeros(100, 2)).saturated == (True, True)
    assert Surgery("bottom_up", torch.cat([full, full * 0], 1), torch.zeros(100, 2)).saturated == (True, False)


FAMILIES: dict[str, Posterior] = {
    "full_covariance": partial(full_covariance, layers=None),
    "low_rank": partial(low_rank, rank=1, layers=None),
    "flow": partial(flow, kind="maf", transforms=1, widths=[8], context=4, layers=None),
}


@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_of_q(family: str, encoder: str) -> None:
    """Against `log_prob` of each pair alone, where layer 2 of a ladder and layer 1 of a chain hang on x alone."""
    model, x = hierarchy([3, 2], encoder, posterior=FAMILIES[family]), images(9)
    drawn = one_pass(model, x, 9)
    l = 0 if encoder == "bottom_up" else 1
    alone = [model.encode(x[m : m + 1]) if l == 0 else model.q_top(x[m : m + 1]) for m in range(9)]
    each = torch.stack([q.log_prob(z).double() for q in alone for z in drawn.z[l]]).reshape(9, 9).T
    expected = drawn.log_q[l] - each.logsumexp(1) + math.log(9)
    torch.manual_seed(0)
    found = surgery(model, x, max_rows=20)
    assert bool(torch.isfinite(found.information).all())
    aggregate = log_aggregate(drawn.q[l], drawn.z[l], max_rows=20)
    torch.testing.assert_close(drawn.log_q[l] - aggregate, expected, rtol=0, atol=1e-4)


def test_bounded_memory_gives_the_same_as_all_at_once() -> None:
    q = DiagonalNormal(torch.randn(300, 4), torch.randn(300, 4) * 0.3)
    blocks = [DiagonalNormal(loc, scale) for loc, scale in zip(q.loc.split(70), q.log_scale.split(70), strict=True)]
    z = torch.randn(50, 4)
    direct = q.log_prob(z[:, None]).double().logsumexp(1) - math.log(300)
    torch.testing.assert_close(log_aggregate([q], z, 10), direct, rtol=0, atol=1e-5)
    torch.testing.assert_close(log_aggregate(list[Distribution](blocks), z, 10), direct, rtol=0, atol=1e-5)
