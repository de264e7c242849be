"""The maximum mean discrepancy of two samples."""

from typing import Literal

import torch
from torch import Tensor

Kernel = Literal["imq", "rbf"]


def mmd(a: Tensor, b: Tensor, kernel: Kernel) -> Tensor:
    """MMD² between the distributions of a [.., n, d] and b [.., m, d], [..]: unbiased, so at times below 0.

    Gretton et al. 2012, eq. 3: E k(a, a') - 2 E k(a, b) + E k(b, b') over pairs of different points. A sample of one
    has no pair: 0.
    """
    if a.shape[-2] < 2 or b.shape[-2] < 2:
        return a.new_zeros(a.shape[:-2])
    return _within(a, kernel) + _within(b, kernel) - 2 * _gram(a, b, kernel).mean((-2, -1))


def _within(a: Tensor, kernel: Kernel) -> Tensor:
    n = a.shape[-2]
    # k(a, a) = 1 for both kernels
    return (_gram(a, a, kernel).sum((-2, -1)) - n) / (n * (n - 1))


def _gram(a: Tensor, b: Tensor, kernel: Kernel) -> Tensor:
    """k(a_i, b_j) [.., n, m], of width C = 2d: the mean squared distance of two draws of a unit Gaussian."""
    width = 2.0 * a.shape[-1]
    # products instead of differences: no [n, m, d] in memory
    squares = a.square().sum(-1)[..., :, None] + b.square().sum(-1)[..., None, :]
    distance = torch.sub(squares, a @ b.mT, alpha=2.0).clamp(min=0.0)
    return width / (width + distance) if kernel == "imq" else torch.exp(-distance / width)
