"""The distance between drawn and real images, as a feature network sees them."""

import warnings
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Kid(NamedTuple):
    """The mean over `subsets` draws of `subset_size` images of each kind, and the standard deviation among them."""

    value: float
    std: float
    subsets: int
    subset_size: int


def fid(real: Tensor, fake: Tensor) -> float:
    """The Fréchet distance |μ - μ'|² + tr(Σ + Σ' - 2 (Σ Σ')^½) of features [N, d] and [M, d].

    Heusel et al. 2017, eq. 6, of Gaussians with the features' means and covariances. The estimate is too high, by an
    amount that falls with N (Bińkowski et al. 2018): figures of different N, or of different feature networks, do not
    compare.
    """
    real, fake = real.double(), fake.double()
    squared = (real.mean(0) - fake.mean(0)).square().sum()
    root, other = _root(real.T.cov()), _root(fake.T.cov())
    # tr (Σ Σ')^½ is the sum of the singular values of Σ^½ Σ'^½. torchmetrics takes the eigenvalues of Σ Σ', which is
    # not symmetric, and may fail where a covariance lacks full rank: a collapsed model, or few images
    cross = torch.linalg.svdvals(root @ other).sum()
    return max(0.0, (squared + root.square().sum() + other.square().sum() - 2 * cross).item())


def _root(covariance: Tensor) -> Tensor:
    """The symmetric square root; eigenvalues that rounding made negative are nought."""
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp(min=0).sqrt() @ vectors.T


def kid(real: Tensor, fake: Tensor, subsets: int, subset_size: int, seed: int) -> Kid:
    """The squared MMD of features [N, d] and [M, d] under the kernel (x·y / d + 1)³.

    Bińkowski et al. 2018, section 3. Without bias at any N, so it may come out below 0. A subset holds at most half of
    the images: drawn from too few, all subsets would be one and the same, and their spread nothing.
    """
    # not at the top: it brings scipy and matplotlib along
    from torchmetrics.image.kid import KernelInceptionDistance

    subset_size = max(2, min(subset_size, len(real) // 2, len(fake) // 2))
    with warnings.catch_warnings(), torch.random.fork_rng(devices=[]):
        warnings.filterwarnings("ignore", message=".*will save all extracted features in buffer.*")
        # torchmetrics draws its subsets from the default generator
        torch.default_generator.manual_seed(seed)
        # features are given, so that the network runs once for all figures
        metric = KernelInceptionDistance(
            feature=nn.Identity(), subsets=subsets, subset_size=subset_size, degree=3, gamma=None, coef=1.0
        )
        metric.update(real.double(), real=True)
        metric.update(fake.double(), real=False)
        mean, std = metric.compute()
    return Kid(mean.item(), std.item(), subsets, subset_size)
