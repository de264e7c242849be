"""The variances of the data beside that of the decoder: which units a linear model would leave unused.

In a linear VAE of decoder variance σ² a unit is used at the optimum only for a direction whose data variance, an
eigenvalue of the covariance, exceeds σ² (Lucas et al. 2019, section 4). What lies below is no fault of training.
"""

import torch
from torch import Tensor

from vaelab.distributions import DiagonalNormal
from vaelab.model import Hierarchy


def data_spectrum(x: Tensor) -> Tensor:
    """Eigenvalues of the covariance of N images x [N, ...] of D values, descending, float64: min(N, D) of them.

    In squared units of x, 1/N and not 1/(N-1), as in maximum likelihood; the rest of the D are 0. By the smaller of
    the D×D covariance and the N×N products of the images, whose eigenvalues are the same.
    """
    flat = x.flatten(1).double()
    flat = flat - flat.mean(0)
    n, d = flat.shape
    products = (flat.T @ flat if d <= n else flat @ flat.T) / n
    return torch.linalg.eigvalsh(products).flip(0).clamp(min=0)


@torch.no_grad()
def decoder_variance(hierarchy: Hierarchy, x: Tensor) -> float | None:
    """σ² of p(x | z), in squared units of x; of one that hangs on z or the pixel the mean, at z ~ q(z | x). None for a
    likelihood that is no Gaussian."""
    px = hierarchy(x).px
    return px.variance.double().mean().item() if isinstance(px, DiagonalNormal) else None
