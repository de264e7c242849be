"""The spectrum against Parseval, a sine and white noise."""

import math

import pytest
import torch

from vaelab.diagnostics.radial_spectrum import radial_spectrum, sharpness

SHAPES = [(1, 8, 8), (3, 7, 7), (1, 6, 10), (2, 12, 5), (1, 1, 9), (1, 1, 1)]


def noise(n: int, shape: tuple[int, int, int]) -> torch.Tensor:
    return torch.randn(n, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", SHAPES)
def test_no_energy_is_lost_and_none_made(shape: tuple[int, int, int]) -> None:
    x = noise(5, shape)
    frequency, power, size = radial_spectrum(x)
    torch.testing.assert_close((power * size).sum(), x.square().sum((-2, -1)).mean())
    assert size.sum() == shape[1] * shape[2]
    assert (frequency.diff() > 0).all() and frequency[0] == 0 and frequency[-1] <= math.sqrt(0.5) + 1 / max(shape)


@pytest.mark.parametrize(("height", "width", "k"), [(16, 16, 3), (8, 24, 5), (24, 8, 2), (20, 20, 0)])
def test_a_sine_lands_in_its_ring(height: int, width: int, k: int) -> None:
    """k cycles over the width: a frequency of k / width."""
    wave = 3 + torch.cos(2 * math.pi * k * torch.arange(width) / width).expand(1, 1, height, width)
    frequency, power, size = radial_spectrum(wave)
    energy = power * size
    found = frequency[energy > 1e-6 * energy.sum()]
    torch.testing.assert_close(found, torch.tensor(sorted({0.0, k / width}), dtype=torch.float64), atol=1e-6, rtol=0)
    if k:
        assert energy[1:].sum().item() == pytest.approx(height * width / 2, rel=1e-5)
        assert energy[0].item() == pytest.approx(9 * height * width, rel=1e-5)


def test_white_noise_is_flat() -> None:
    _, power, size = radial_spectrum(noise(2000, (1, 8, 8)))
    assert ((power - 1).abs() < 6 * (2 / (2000 * size)).sqrt()).all()


def test_sharpness_is_the_share_of_fine_detail() -> None:
    stripes = torch.tensor([0.0, 1.0]).repeat(8).expand(1, 1, 16, 16)
    slow = torch.sin(2 * math.pi * torch.arange(16) / 16).expand(1, 1, 16, 16)
    assert sharpness(stripes) == pytest.approx(1)
    assert sharpness(slow) == pytest.approx(0, abs=1e-12)
    # energies 1/4 and 1/2 a pixel
    assert sharpness(stripes + slow) == pytest.approx(1 / 3)
    assert sharpness(5 + 2 * (stripes + slow)) == pytest.approx(1 / 3), "neither brightness nor contrast"
    assert sharpness(torch.full((2, 1, 8, 8), 0.3)) == 0


def test_blurring_takes_it_away() -> None:
    x = noise(20, (3, 12, 10))
    blurred = (x + x.roll(1, -1) + x.roll(1, -2) + x.roll((1, 1), (-2, -1))) / 4
    assert sharpness(blurred) < 0.5 * sharpness(x)
    frequency, sharp, _ = radial_spectrum(x)
    high = frequency > 0.25
    assert (radial_spectrum(blurred).power[high] < sharp[high]).all()
