"""Which units carry anything of x."""

import math

import torch
from torch import Tensor

from vaelab.distributions import DiagonalNormal, unit_kl
from vaelab.model import Latent

THRESHOLD = 0.01


def mean_or_draws(latent: Latent) -> Tensor:
    """E_q[z | x], [B, d], where q hangs on x alone and knows its mean; else estimates of it, [K, B, d].

    The estimates are the means given K draws of other layers, or where q knows no mean (a flow) its own draws.
    """
    assert latent.q is not None
    try:
        return latent.q.mean
    except NotImplementedError:
        return latent.z if latent.z.dim() > 2 else latent.z[None]


def posterior_means(latent: Latent) -> tuple[Tensor, Tensor]:
    """(E_q[z | x] per image, the variance of that estimate), [B, d] each.

    The mean over K estimates is E_q[z | x] up to noise of variance Var_k / K, which must be taken off again or a dead
    unit reads as alive.
    """
    mean = mean_or_draws(latent)
    if mean.dim() == 2:
        return mean, mean.new_zeros(()).expand_as(mean)
    if len(mean) < 2:
        raise ValueError("active units need at least 2 draws an image below or above another layer, or of a flow")
    return mean.mean(0), mean.var(0) / len(mean)


def mean_unit_kl(latent: Latent) -> Tensor:
    """The mean over draws and images of each unit's KL, [d] nats, float64; they add up to the layer's KL.

    nan where a unit has none of its own: q and p are not aligned, or not both diagonal Gaussians.
    """
    q, p = latent.q, latent.p
    if not latent.aligned or not isinstance(q, DiagonalNormal) or not isinstance(p, DiagonalNormal):
        return torch.full((latent.z.shape[-1],), math.nan, dtype=torch.float64, device=latent.z.device)
    return unit_kl(q, p).double().flatten(0, -2).mean(0)


def moments_of(mean: Tensor, noise: Tensor) -> Tensor:
    """What `active` takes, [3, d]: sums over images of the means [B, d], of their squares, and of their noise."""
    return torch.stack([mean.sum(0), mean.square().sum(0), noise.sum(0)])


def variance(moments: Tensor, count: float) -> Tensor:
    """Var_x(E_q[z_u | x]) of each unit over `count` images, [d], with the noise of the means taken off; 0 or above."""
    mean, square, noise = moments / count
    return (square - mean.square() - noise).clamp(min=0)


def active(moments: Tensor, count: float, draws: int) -> Tensor:
    """Var_x(E_q[z_u | x]) > 0.01 for each unit, [d] bool (Burda et al. 2016, section 5.2), over `count` images.

    `moments` are those of means estimated from `draws` draws. What is taken off is their noise and two standard errors
    of it: with few draws of few images a unit of pure noise would else read as alive half of the time. Both vanish as
    the draws grow, and are zero where no layer lies between.
    """
    mean, square, noise = moments / count
    error = math.sqrt(2 * draws / (count * (draws - 1))) if draws > 1 else 0.0
    return square - mean.square() - noise * (1 + 2 * error) > THRESHOLD
