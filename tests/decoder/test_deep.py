"""The deep residual model against the linear-Gaussian truth, and its shapes."""

import math
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Distribution, MultivariateNormal

from vaelab.decoder.deep import Deep as Decoder
from vaelab.distributions import Scale
from vaelab.encoder.deep import Deep as Encoder
from vaelab.errors import ConfigError
from vaelab.likelihood import Bernoulli, Gaussian
from vaelab.model import Hierarchy
from vaelab.nn.layers import Activation
from vaelab.nn.stage import read_stages
from vaelab.posterior.diagonal import diagonal
from vaelab.posterior.full_covariance import full_covariance
from vaelab.prior import StandardNormal
from vaelab.proposal import Ancestral, Clamped, Drawn

Stages = list[dict[str, Any]]
SMALL: Stages = [
    {"resolution": [4, 6], "blocks": 2, "width": 8, "z_channels": 2},
    {"resolution": [2, 3], "blocks": 1, "width": 12, "z_channels": 3},
    {"resolution": 1, "blocks": 2, "width": 12, "z_channels": 4},
]
LINEAR: Stages = [
    {"resolution": [2, 2], "blocks": 2, "width": 5, "z_channels": 1},
    {"resolution": [1, 1], "blocks": 1, "width": 4, "z_channels": 2},
]
VARIANCE = 0.4


def deep(
    given: Stages,
    activation: Activation = "gelu",
    scale: Scale = "free",
    relative: bool = False,
    recompute: bool = False,
    linear: bool = False,
) -> Hierarchy:
    """A small deep hierarchy in float64; every weight is drawn, those that begin at zero too."""
    torch.manual_seed(0)
    channels, size = (1, (2, 2)) if linear else (3, (4, 6))
    x_shape = (channels, *size)
    stages = read_stages(given, x_shape)
    likelihood = Gaussian(x_shape, variance=VARIANCE) if linear else Bernoulli(x_shape)
    knobs: dict[str, Any] = {"bottleneck": 0.5, "activation": activation, "recompute": recompute}
    decoder = Decoder(stages, likelihood.params_shape, scale=scale, bias_up_to=2, **knobs)
    states = [decoder.state_shape(l) for l in range(len(decoder.z_dims) - 1)]
    posterior = partial(diagonal, scale="free")
    encoder = Encoder(stages, x_shape, states, posterior, blocks=[1] * len(stages), relative=relative, **knobs)
    model = Hierarchy(StandardNormal(decoder.z_dims[-1]), decoder, likelihood, encoder).double()
    if linear:
        model.likelihood.log_scale.fill_(0.5 * math.log(VARIANCE))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    return model


class Truth:
    """The joint Gaussian of a linear model, read off it by probing: z_l and x are affine in the z above."""

    def __init__(self, model: Hierarchy) -> None:
        z_dims, n = model.z_dims, sum(model.z_dims)
        # the order of the joint: z_L, …, z_1, x
        self.at = {l: slice(sum(z_dims[l + 1 :]), sum(z_dims[l:])) for l in range(model.depth)}
        self.at[-1] = slice(n, n + 4)

        def given(z: Tensor) -> dict[int, Tensor]:
            return {l: z[:, self.at[l]] for l in range(model.depth)}

        probes = torch.cat([torch.zeros(1, n), torch.eye(n)]).double()
        with torch.no_grad():
            terms = model.generate(Clamped(given(probes), Ancestral((n + 1,))))
        means = {l: latent.p.mean.expand(n + 1, -1) for l, latent in enumerate(terms.latents)}
        means[-1] = terms.px.mean.flatten(1)
        noise = {l: latent.p.variance.expand(n + 1, -1)[0] for l, latent in enumerate(terms.latents)}
        noise[-1] = torch.full((4,), VARIANCE, dtype=torch.float64)
        # x = A x + b + noise, A strictly lower triangular: covariance (I - A)^-1 D (I - A)^-T
        A, b, D = torch.zeros(n + 4, n + 4).double(), torch.zeros(n + 4).double(), torch.zeros(n + 4).double()
        for l, rows in self.at.items():
            b[rows], D[rows] = means[l][0], noise[l]
            A[rows, :n] = (means[l][1:] - means[l][0]).T
        inverse = torch.linalg.inv(torch.eye(n + 4).double() - A)
        self.mean, self.cov = inverse @ b, inverse @ D.diag() @ inverse.T

    def log_px(self, x: Tensor) -> Tensor:
        rows = self.at[-1]
        return MultivariateNormal(self.mean[rows], self.cov[rows, rows]).log_prob(x.flatten(1))

    def posterior(self, l: int, above: Tensor, x: Tensor) -> Distribution:
        """q(z_l | z_>l, x) in full covariance."""
        known = [*range(self.at[l].start), *range(self.at[-1].start, self.at[-1].stop)]
        of = list(range(self.at[l].start, self.at[l].stop))
        gain = torch.linalg.solve(self.cov[known][:, known], self.cov[known][:, of]).T
        mean = self.mean[of] + (torch.cat([above, x.flatten(1)], 1) - self.mean[known]) @ gain.T
        return MultivariateNormal(mean, self.cov[of][:, of] - gain @ self.cov[known][:, of])


@pytest.fixture
def linear() -> Hierarchy:
    return deep(LINEAR, activation="identity", scale="constant", linear=True)


def test_with_the_exact_posterior_every_draw_weighs_log_px(linear: Hierarchy) -> None:
    truth, x = Truth(linear), torch.randn(7, 1, 2, 2).double()
    drawn: list[Tensor] = []

    def exact(l: int, h: Any, p: Distribution) -> Drawn:
        q = truth.posterior(l, torch.cat([torch.zeros(7, 0).double(), *drawn], 1), x)
        drawn.append(q.rsample())
        return Drawn(drawn[-1], q, aligned=True)

    terms = linear.generate(exact, x)
    torch.testing.assert_close(terms.log_weight, truth.log_px(x), atol=1e-10, rtol=0)


@torch.no_grad()
def test_with_another_posterior_the_bounds_rise_with_the_draws_and_stay_below(linear: Hierarchy) -> None:
    truth, x = Truth(linear), torch.randn(20, 1, 2, 2).double()
    torch.manual_seed(1)
    bounds = [linear(x, samples=k).iw_bound.mean() for k in (1, 10, 100, 1000)]
    assert bounds == sorted(bounds)
    assert bounds[-1] < truth.log_px(x).mean()
    assert linear(x, samples=2000).elbo.mean() < bounds[1]


@pytest.mark.parametrize("relative", [False, True])
def test_draws_in_front_are_as_many_passes(relative: bool) -> None:
    """Non-square images, widths that change, a top at 1×1."""
    model, x = deep(SMALL, relative=relative), torch.rand(5, 3, 4, 6).double().round()
    terms = model(x, samples=2)
    assert [tuple(latent.z.shape) for latent in terms.latents] == [(2, 5, d) for d in model.z_dims]
    assert model.z_dims == [48, 48, 18, 4, 4]
    given = {l: latent.z for l, latent in enumerate(terms.latents)}
    for k in range(2):
        again = model.generate(Clamped({l: z[k] for l, z in given.items()}, Ancestral((5,))), x)
        assert again.log_px is not None and terms.log_px is not None
        torch.testing.assert_close(again.log_px, terms.log_px[k])
        for mine, theirs in zip(again.latents, terms.latents, strict=True):
            assert theirs.q is not None
            expected = theirs.p.log_prob(theirs.z).expand(2, 5)[k]
            torch.testing.assert_close(mine.p.log_prob(mine.z), expected)


def test_states_of_a_batch_meet_draws_of_many() -> None:
    model = deep(SMALL)
    top = torch.randn(5, 4).double()
    terms = model.generate(Clamped({4: top}, Ancestral((3, 5))))
    assert terms.px.mean.shape == (3, 5, 3, 4, 6)


@pytest.mark.parametrize("relative", [False, True])
def test_every_parameter_gets_a_gradient_and_recomputing_changes_none(relative: bool) -> None:
    x, gradients = torch.rand(5, 3, 4, 6).double().round(), []
    for recompute in (False, True):
        model = deep(SMALL, relative=relative, recompute=recompute)
        torch.manual_seed(2)
        model(x).elbo.sum().backward()
        gradients.append([p.grad for p in model.parameters()])
    assert all(g is not None for g in gradients[0])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))  # type: ignore[arg-type]


def test_recomputing_keeps_fewer_activations() -> None:
    kept = []
    for recompute in (False, True):
        model, numbers = deep(SMALL, recompute=recompute), []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, n=numbers: n.append(t.numel()) or t, lambda t: t):
            model(torch.rand(5, 3, 4, 6).double().round())
        kept.append(sum(numbers))
    assert kept[1] < 0.7 * kept[0]


def test_the_first_stage_may_be_the_images_own_whatever_their_size() -> None:
    given: Stages = [
        {"resolution": "image", "blocks": 1, "width": 4, "z_channels": 2},
        {"resolution": 4, "blocks": 1, "width": 4, "z_channels": 2},
    ]
    assert [stage.size for stage in read_stages(given, (1, 9, 5))] == [(9, 5), (4, 4)]


def test_a_fresh_block_ahead_says_nothing_and_the_residual_path_keeps_its_size() -> None:
    stages = read_stages([{"resolution": 8, "blocks": 20, "width": 16, "z_channels": 2}], (1, 8, 8))
    torch.manual_seed(0)
    decoder = Decoder(
        stages, (1, 8, 8), bottleneck=0.25, activation="gelu", scale="free", bias_up_to=64, recompute=False
    )
    encoder = Encoder(
        stages, (1, 8, 8), [decoder.state_shape(l) for l in range(19)], partial(diagonal, scale="free"), blocks=[3],
        bottleneck=0.25, activation="gelu", relative=False, recompute=False,
    )  # fmt: skip
    model = Hierarchy(StandardNormal(128), decoder, Bernoulli((1, 8, 8)), encoder)
    terms = model.generate(Ancestral((50,)))
    for latent in terms.latents:
        torch.testing.assert_close(latent.p.mean, torch.zeros_like(latent.p.mean))
        torch.testing.assert_close(latent.p.variance, torch.ones_like(latent.p.variance))
    assert terms.px.mean.logit().std() < 1


@pytest.mark.parametrize(
    ("stages", "fault"),
    [
        ([], "model.stages is empty"),
        ([{"resolution": 16, "blocks": 1, "width": 4, "z_channels": 1}], "images are 8×8: give the first stage"),
        (
            [
                {"resolution": 8, "blocks": 1, "width": 4, "z_channels": 1},
                {"resolution": [4, 9], "blocks": 1, "width": 4, "z_channels": 1},
            ],
            "cannot stand above",
        ),
    ],
)
def test_a_layout_that_cannot_be_is_told(stages: Stages, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        read_stages(stages, (1, 8, 8))


def test_a_step_away_from_p_takes_no_other_family() -> None:
    stages = read_stages(SMALL, (3, 4, 6))
    shapes = [(stages[s].width, *stages[s].size) for s in (0, 0, 1, 2)]
    knobs: dict[str, Any] = {"blocks": [1, 1, 1], "bottleneck": 0.5, "activation": "gelu", "recompute": False}
    posterior = partial(full_covariance, layers=[4])
    with pytest.raises(ConfigError, match="the posterior of z4 is none"):
        Encoder(stages, (3, 4, 6), shapes, posterior, relative=True, **knobs)
    Encoder(stages, (3, 4, 6), shapes, partial(full_covariance, layers=[5]), relative=True, **knobs)
