"""β-TCVAE: a log-weight with all weights 1, a mini-batch estimate without bias, and the whole set as its limit."""

from itertools import combinations

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from tests.factory import hierarchy, images
from tests.oracles import LinearChain
from vaelab.diagnostics.total_correlation import total_correlation
from vaelab.distributions import DiagonalNormal, UnitNormal
from vaelab.errors import ConfigError
from vaelab.model import Latent
from vaelab.objective import TcVae
from vaelab.objective.tcvae import aggregate

N, D = 6, torch.float64


def tcvae(n_images: int = N, **weights: float) -> TcVae:
    return TcVae(n_images, **({"mi_weight": 1.0, "beta": 1.0, "dimension_weight": 1.0} | weights))


def made(n: int = N, seed: int = 0) -> Latent:
    torch.manual_seed(seed)
    mean, log_scale = torch.randn(n, 2, dtype=D), 0.3 * torch.randn(n, 2, dtype=D)
    return of(mean, log_scale, mean + log_scale.exp() * torch.randn(n, 2, dtype=D))


def of(mean: Tensor, log_scale: Tensor, z: Tensor) -> Latent:
    return Latent(z, DiagonalNormal(mean, log_scale), UnitNormal(torch.zeros(2, dtype=D)), True)


@pytest.mark.parametrize("samples", [None, 3])
@pytest.mark.parametrize("n_images", [5, 100])
def test_all_weights_one_are_the_log_weight(samples: int | None, n_images: int) -> None:
    terms = hierarchy([3])(images(5), samples)
    expected = terms.log_weight if samples is None else terms.log_weight.mean(0)
    torch.testing.assert_close(tcvae(n_images)(terms, 0), expected)


def test_at_the_exact_posterior_that_is_the_evidence() -> None:
    chain = LinearChain(1)
    x = chain.sample(4)
    torch.testing.assert_close(tcvae()(chain.hierarchy("bottom_up")(x), 0), chain.log_px(x))


@pytest.mark.parametrize("samples", [None, 3])
def test_a_batch_of_all_images_is_the_whole_set(samples: int | None) -> None:
    terms = hierarchy([3])(images(9), samples)
    (latent,) = terms.latents
    shares = total_correlation(latent.q.loc, latent.q.log_scale, latent.z, latent.p)
    weights = {"mi_weight": 0.5, "beta": 6.0, "dimension_weight": 2.0}
    cost = sum(w * share for w, share in zip(weights.values(), shares, strict=True))
    expected = terms.reconstruction - (cost.mean(0) if samples else cost).float()
    torch.testing.assert_close(tcvae(9, **weights)(terms, 0), expected)


@pytest.mark.parametrize("size", [2, 3, 5, 6])
def test_over_all_batches_the_density_is_that_of_the_whole_set(size: int) -> None:
    """The mean of exp(log q(z)) over every batch that an image can be in, by enumeration; 1/N is its own weight."""
    latent = made()
    mean, log_scale = latent.q.loc, latent.q.log_scale
    exact = Normal(mean, log_scale.exp()).log_prob(latent.z[:, None]).sum(-1).exp().mean(1)
    for n in range(N):
        found = []
        for others in combinations([m for m in range(N) if m != n], size - 1):
            rows = sorted([n, *others])  # the image's own place in the batch is any
            joint = aggregate(of(mean[rows], log_scale[rows], latent.z[rows]), N).joint
            found.append(joint[rows.index(n)].exp())
        torch.testing.assert_close(torch.stack(found).mean(), exact[n])


def test_in_random_batches_the_information_reads_too_high_and_less_so_in_larger_ones() -> None:
    """log of a mean is above the mean of the log: E log q(z) is low, by less the larger the batch."""
    latent = made(400)
    mean, log_scale, z = latent.q.loc, latent.q.log_scale, latent.z
    exact = total_correlation(mean, log_scale, z, latent.p).mutual_information.mean().item()
    generator, found = torch.Generator().manual_seed(0), []
    for size in (8, 32, 128):
        values = []
        for _ in range(100):
            rows = torch.randperm(400, generator=generator)[:size]
            part = of(mean[rows], log_scale[rows], z[rows])
            values.append((part.q.log_prob(part.z) - aggregate(part, 400).joint).mean())
        found.append(torch.stack(values).mean().item() - exact)
    assert found[0] > found[1] > found[2] > -0.02
    assert found[2] < 0.05


def test_a_batch_of_one_is_finite_and_gradients_reach_all_weights() -> None:
    model = hierarchy([3])
    assert tcvae(100, beta=6.0)(model(images(1)), 0).isfinite().all()
    assert tcvae(1, beta=6.0)(model(images(1)), 0).isfinite().all()
    tcvae(100, beta=6.0)(model(images(5)), 0).mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(ConfigError, match="one latent layer"):
        tcvae()(hierarchy([3, 2])(images(5)), 0)
    with pytest.raises(ConfigError, match="independent units, not Normal"):
        aggregate(Latent(torch.zeros(5, 2), Normal(torch.zeros(5, 2), 1.0), Normal(0.0, 1.0), True), 5)
