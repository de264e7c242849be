"""How much of a picture is fine detail: its spectral power by spatial frequency."""

from typing import NamedTuple

import torch
from torch import Tensor

NYQUIST = 0.5  # cycles a pixel


class RadialSpectrum(NamedTuple):
    """Rings of the 2-D spectrum, [R] each, float64.

    frequency  cycles a pixel at the middle of the ring; 0 is the mean brightness, corners lie above Nyquist (0.5)
    power      |FFT|² / HW, the mean over the ring, over images and colours
    size       coefficients in the ring: Σ size · power = mean over images and colours of Σ x² (Parseval)
    """

    frequency: Tensor
    power: Tensor
    size: Tensor


def radial_spectrum(x: Tensor) -> RadialSpectrum:
    """Of images x [N, C, H, W] of any sides. A ring is one cycle a side wide, of the longer side."""
    height, width = x.shape[-2:]
    power = torch.fft.fft2(x.double(), norm="ortho").abs().square().flatten(0, -3).mean(0).flatten()
    up, along = (torch.fft.fftfreq(side, dtype=torch.float64, device=x.device) for side in (height, width))
    side = max(height, width)
    radius = (torch.hypot(up[:, None], along) * side).round().flatten()
    # a short side leaves rings empty: only those that are met
    rings, which, size = radius.unique(return_inverse=True, return_counts=True)
    summed = torch.zeros_like(rings).index_add_(0, which, power)
    return RadialSpectrum(rings / side, summed / size, size)


def sharpness(x: Tensor) -> float:
    """The share of the energy of images [N, C, H, W] that lies above half Nyquist; mean brightness is not counted.

    0 for images of one colour each, which have no other energy.
    """
    frequency, power, size = radial_spectrum(x - x.mean((-2, -1), keepdim=True))
    energy = power * size
    return (energy[frequency > NYQUIST / 2].sum() / energy.sum().clamp_min(torch.finfo(energy.dtype).tiny)).item()
