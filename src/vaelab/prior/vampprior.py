"""The posterior of learned images, averaged."""

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.config.types import PositiveInt
from vaelab.distributions import mixture
from vaelab.errors import ConfigError
from vaelab.prior.prior import Examples, Prior, TopPosterior


class VampPrior(Prior):
    """p(z_L) = (1/K) Σ_k q(z_L | u_k), with K = `components` learned pseudo-inputs u_k (Tomczak & Welling 2018, eq. 9).

    They start as K images spread over the training set and are learned as u = mean + std·raw, with one mean and one
    std of those images: a step of the optimiser means the same whatever the units of x are. Nothing holds u in the
    range of x. The components carry gradients into the encoder as the paper's do.
    Raises ConfigError without images to start from, or with fewer than K.
    """

    mean: Tensor
    std: Tensor
    equal: Tensor

    def __init__(self, z_dim: int, examples: Examples | None = None, *, components: PositiveInt) -> None:
        super().__init__()
        if examples is None:
            raise ConfigError(
                "the VampPrior starts from training images: give it `examples`, a function of n that returns n of "
                "them, [n, C, H, W] in the units of the likelihood"
            )
        u = examples(components)
        if len(u) < components:
            raise ConfigError(
                f"prior.components={components}, but there are only {len(u)} training images: give that many or fewer"
            )
        mean, std = u.mean(), u.std(correction=0)
        # images of one constant value have no scale to give
        std = torch.where(std > 0, std, torch.ones_like(std))
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)
        self.register_buffer("equal", torch.zeros(components, dtype=u.dtype), persistent=False)
        self.raw = nn.Parameter((u - mean) / std)

    @property
    def pseudo_inputs(self) -> Tensor:
        """u, [K, C, H, W] in the units of x."""
        return self.mean + self.std * self.raw

    def forward(self, q_top: TopPosterior | None = None) -> Distribution:
        if q_top is None:
            raise ValueError("the VampPrior is made of q(z_L | x): call it with that")
        return mixture(self.equal, q_top(self.pseudo_inputs))
