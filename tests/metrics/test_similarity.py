"""SSIM, MS-SSIM and PSNR: the scales that fit, and the values of images that can be reckoned by hand."""

import math

import pytest
import torch
from torch import Tensor

from vaelab.metrics.similarity import BETAS, Scales, fitting, psnr, structural_similarity

SIZES = {
    5: (1, 5),
    8: (1, 7),
    10: (1, 9),
    20: (1, 11),
    28: (2, 11),
    32: (2, 11),
    64: (3, 11),
    128: (4, 11),
    256: (5, 11),
}


def pictures(side: int, n: int = 3, channels: int = 1) -> Tensor:
    return torch.rand(n, channels, side, side, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("side", SIZES)
def test_as_many_scales_are_taken_as_the_window_fits_into(side: int) -> None:
    scales = fitting(side + 3, side)
    assert scales is not None and (scales.scales, scales.window) == SIZES[side]
    assert scales.name == ("ssim" if SIZES[side][0] == 1 else "ms_ssim")
    x = pictures(side)
    # of an image and itself it is 1, whatever the size, one number for each image
    torch.testing.assert_close(structural_similarity(x, x, scales), torch.ones(3))
    assert (structural_similarity(x.flip(0), x, scales)[[0, 2]] < 0.5).all()


def test_an_image_smaller_than_every_window_has_none() -> None:
    assert fitting(4, 28) is None


def test_of_flat_images_the_luminance_alone_is_left() -> None:
    """(2ab + c₁) / (a² + b² + c₁), c₁ = 0.01² (Wang et al. 2004, eq. 6); of two scales, to the weight of the last."""
    a, b = torch.full((1, 1, 28, 28), 0.2), torch.full((1, 1, 28, 28), 0.5)
    luminance = (2 * 0.1 + 1e-4) / (0.04 + 0.25 + 1e-4)
    assert structural_similarity(a, b, Scales(1, 1.5, 11)).item() == pytest.approx(luminance, abs=1e-4)
    last = BETAS[1] / (BETAS[0] + BETAS[1])
    assert structural_similarity(a, b, Scales(2, 1.5, 11)).item() == pytest.approx(luminance**last, abs=1e-4)


def test_psnr_is_that_of_the_mean_squared_error_of_each_image() -> None:
    x = torch.zeros(3, 3, 4, 4)
    shown = torch.tensor([0.1, 1.0, 0.0]).reshape(3, 1, 1, 1).expand_as(x)
    torch.testing.assert_close(psnr(shown, x), torch.tensor([20.0, 0.0, math.inf]))


def test_psnr_is_that_of_torchmetrics() -> None:
    from torchmetrics.functional.image.psnr import peak_signal_noise_ratio

    x, shown = pictures(9, 5, 3), pictures(9, 5, 3).flip(0).sqrt()
    for i, value in enumerate(psnr(shown, x)):
        torch.testing.assert_close(value, peak_signal_noise_ratio(shown[i], x[i], data_range=1.0))
