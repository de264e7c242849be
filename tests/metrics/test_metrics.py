"""The figures: one definition, means over images, nothing lost in a ragged batch."""

import math

import pytest
import torch

from tests.factory import hierarchy, images
from vaelab.diagnostics.active_units import posterior_means
from vaelab.metrics import ActiveUnits, ElboSplit, bits_per_dim
from vaelab.model import Latent


def test_figures_are_means_over_images_whatever_the_batches() -> None:
    model, x = hierarchy([3, 2]), images(10)
    terms = model(x)
    whole = {
        "elbo": terms.elbo.mean().item(),
        "reconstruction": terms.reconstruction.mean().item(),
        "kl": terms.kl.mean().item(),
        "objective": terms.reconstruction.mean().item() - 2 * terms.kl.mean().item(),
        "kl/z1": terms.costs[0].mean().item(),
        "kl/z2": terms.costs[1].mean().item(),
    }
    metric = ElboSplit((True, True), "binary", 16)
    for part in (slice(0, 7), slice(7, 10)):
        latents = tuple(
            Latent(
                latent.z[part],
                type(latent.q)(latent.q.loc[part], latent.q.log_scale[part]),
                latent.p
                if latent.p.batch_shape == ()
                else type(latent.p)(latent.p.loc[part], latent.p.log_scale[part]),
                latent.aligned,
            )
            for latent in terms.latents
        )
        piece = type(terms)(latents, terms.px, terms.log_px[part])
        metric.update(piece, piece.reconstruction - 2 * piece.kl)
    figures = metric.compute()
    assert figures.keys() == whole.keys()
    for name, value in figures.items():
        assert value == pytest.approx(whole[name], abs=1e-4)


def test_layers_without_a_kl_are_called_log_ratio() -> None:
    terms = hierarchy([3, 2], "bottom_up")(images(5))
    metric = ElboSplit([latent.aligned for latent in terms.latents], "binary", 16)
    metric.update(terms, terms.elbo)
    assert list(metric.compute()) == [
        "elbo",
        "reconstruction",
        "kl",
        "objective",
        "log_ratio/z1",
        "kl/z2",
    ]


def test_bits_per_dim_of_the_uniform_code_is_eight() -> None:
    assert bits_per_dim(-10 * math.log(256), "byte", 10) == pytest.approx(8)
    # a uniform density on [0, 1] is the uniform code after dequantisation
    assert bits_per_dim(0.0, "dequantised", 10) == pytest.approx(8)


@pytest.mark.parametrize("units", ["binary", "unit", "real"])
def test_bits_per_dim_is_not_reported_where_it_is_none(units: str) -> None:
    assert bits_per_dim(-100.0, units, 10) is None


def test_bits_per_dim_bounds_the_code_length_of_the_bytes() -> None:
    """Dequantised: E_u log p((b+u)/256) - log 256 never exceeds log P(b), with P the density's mass in the bin."""
    from vaelab.distributions import DiagonalNormal

    p = DiagonalNormal(torch.tensor([0.4], dtype=torch.float64), torch.tensor([-3.0], dtype=torch.float64))
    u = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    for byte in (90, 102, 110):
        log_density = p.log_prob(((byte + u) / 256)[:, None])
        mass = log_density.exp().mean().log() - math.log(256)
        assert -bits_per_dim(log_density.mean().item(), "dequantised", 1) * math.log(2) <= mass.item() + 1e-12


def collapse(model: torch.nn.Module, alive: int) -> None:
    """Make every unit of a one-layer bottom-up model dead but the first `alive`."""
    with torch.no_grad():
        head = model.encoder.heads[0].net
        head.weight[alive:3] = 0
        head.weight[:alive] *= 20


@pytest.mark.parametrize("alive", [0, 1, 3])
def test_active_units_count_those_whose_mean_moves_with_x(alive: int) -> None:
    model = hierarchy([3], "bottom_up")
    collapse(model, alive)
    metric = ActiveUnits([3])
    for part in images(200).split(64):
        metric.update(model(part))
    assert metric.compute() == {"active_units/z1": alive}


def test_a_dead_upper_unit_is_not_alive_by_the_noise_of_the_layer_below() -> None:
    """q(z2 | z1) follows z1, but z1 carries nothing of x: every mean of z2 is pure noise."""
    model = hierarchy([3, 2], "bottom_up")
    with torch.no_grad():
        model.encoder.heads[0].net.weight.zero_()
        model.encoder.heads[0].net.bias.zero_()
        model.encoder.features[1].body[0].weight.mul_(10)
        model.encoder.heads[1].net.weight.mul_(10)
    torch.manual_seed(0)
    metric, naive = ActiveUnits([3, 2], draws=2), []
    for part in images(2000).split(500):
        terms = model(part, samples=2)
        metric.update(terms)
        naive.append(posterior_means(terms.latents[1])[0])
    assert (torch.cat(naive).var(0) > 0.01).all(), "without taking off the noise both would read alive"
    assert metric.compute() == {"active_units/z1": 0, "active_units/z2": 0}


def test_one_draw_is_refused_where_two_are_needed() -> None:
    model = hierarchy([3, 2], "bottom_up")
    with pytest.raises(ValueError, match="at least 2 draws"):
        posterior_means(model(images(4), samples=1).latents[1])
