"""How like its image a reconstruction is."""

from typing import NamedTuple

import torch
from torch import Tensor

# Wang et al. 2003, section 3.2: the weights of five scales, from the finest
BETAS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
# σ of the Gaussian window and the side of the window that torchmetrics gives it; the first is that of the papers
WINDOWS = ((1.5, 11), (1.0, 9), (0.8, 7), (0.5, 5))


class Scales(NamedTuple):
    """How a structural similarity is taken: over so many scales, with a Gaussian window of this σ and side."""

    scales: int
    sigma: float
    window: int

    @property
    def name(self) -> str:
        return "ms_ssim" if self.scales > 1 else "ssim"


def fitting(height: int, width: int) -> Scales | None:
    """As many of the five scales as the 11×11 window fits into, or else one scale and the largest window that fits.

    28×28 and 32×32 have two scales, 64×64 three, 128×128 four. None for an image smaller than every window.
    """
    side, (sigma, window) = min(height, width), WINDOWS[0]
    for scales in range(len(BETAS), 1, -1):
        # the second is a rule of torchmetrics' own
        if side >> (scales - 1) >= window and side // (scales - 1) ** 2 >= window:
            return Scales(scales, sigma, window)
    return next((Scales(1, sigma, window) for sigma, window in WINDOWS if side >= window), None)


def structural_similarity(shown: Tensor, x: Tensor, scales: Scales) -> Tensor:
    """SSIM (Wang et al. 2004, eq. 13) or MS-SSIM (Wang et al. 2003, eq. 7) of each pair of images in [0, 1], [B].

    Of fewer than five scales the first weights are taken, scaled to add up to one.
    """
    from torchmetrics.functional.image.ssim import (
        multiscale_structural_similarity_index_measure,
        structural_similarity_index_measure,
    )

    if scales.scales == 1:
        ssim = structural_similarity_index_measure(
            shown, x, sigma=scales.sigma, kernel_size=scales.window, data_range=1.0, reduction="none"
        )
        assert isinstance(ssim, Tensor)
        return ssim
    betas = BETAS[: scales.scales]
    return multiscale_structural_similarity_index_measure(
        shown,
        x,
        sigma=scales.sigma,
        kernel_size=scales.window,
        data_range=1.0,
        reduction="none",
        betas=tuple(beta / sum(betas) for beta in betas),
        normalize="relu",
    )


def psnr(shown: Tensor, x: Tensor) -> Tensor:
    """The peak signal-to-noise ratio -10 log10(mean squared error) of each pair of images in [0, 1], [B] in decibels.

    Infinite where the two are equal."""
    return -10 * torch.log10((shown - x).square().flatten(1).mean(1))
