"""Ancestral draws have the density that their record says, at any temperature and truncation."""

import pytest
import torch

from tests.factory import DECODERS, hierarchy
from vaelab.distributions import DiagonalNormal
from vaelab.distributions.truncated_normal import TruncatedNormal
from vaelab.proposal import Ancestral


@pytest.mark.parametrize("decoder", DECODERS)
def test_temperature_scales_every_standard_deviation(decoder: str) -> None:
    torch.manual_seed(0)
    temperatures = [0.3, 1.0, 1.7]
    with torch.no_grad():
        terms = hierarchy([4, 3, 2], decoder=decoder).generate(Ancestral((20_000,), temperatures))
    for latent, temperature in zip(terms.latents, temperatures, strict=True):
        p, q = latent.p, latent.q
        assert isinstance(p, DiagonalNormal) and isinstance(q, DiagonalNormal)
        noise = (latent.z - p.loc) / (temperature * p.scale)
        assert noise.mean(0).abs().max() < 5 / 20_000**0.5
        assert (noise.var(0) - 1).abs().max() < 5 * (2 / 20_000) ** 0.5
        torch.testing.assert_close(q.loc, p.loc)
        torch.testing.assert_close(q.scale, temperature * p.scale)


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_truncation_cuts_the_tempered_noise(decoder: str, temperature: float) -> None:
    torch.manual_seed(0)
    with torch.no_grad():
        terms = hierarchy([4, 3, 2], decoder=decoder).double().generate(Ancestral((20_000,), temperature, 1.2))
    for latent in terms.latents:
        p, q = latent.p, latent.q
        assert isinstance(p, DiagonalNormal) and isinstance(q, TruncatedNormal)
        noise = (latent.z - p.loc) / (temperature * p.scale)
        assert noise.abs().max() <= 1.2 + 1e-9
        # the variance of a standard normal between ±1.2, by integration
        grid = torch.linspace(-1.2, 1.2, 10_001, dtype=torch.float64)
        weight = torch.exp(-(grid**2) / 2)
        variance = torch.trapezoid(grid**2 * weight, grid) / torch.trapezoid(weight, grid)
        assert (noise.var(0) - variance).abs().max() < 0.02
        assert torch.isfinite(latent.log_ratio).all()
        # KL(q ‖ p) is the mean log-ratio; `cost` is another estimate of it, with the closed entropy
        error = (latent.log_ratio - latent.cost).std() / 20_000**0.5
        assert (latent.log_ratio - latent.cost).mean().abs() < 5 * error + 1e-9


def test_uncut_at_temperature_one_q_is_p() -> None:
    terms = hierarchy([4, 3, 2]).generate(Ancestral((6,)))
    assert all(latent.q is latent.p for latent in terms.latents)


def test_at_temperature_zero_every_layer_is_at_its_mean_cut_or_not() -> None:
    model = hierarchy([4, 3, 2])
    for truncation in (None, 2.0):
        for latent in model.generate(Ancestral((6,), 0.0, truncation)).latents:
            assert torch.equal(latent.z, latent.p.mean.expand(latent.z.shape))
