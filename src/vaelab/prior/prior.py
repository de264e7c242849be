"""What the hierarchy asks of a prior."""

from collections.abc import Callable
from typing import Protocol

from torch import Tensor, nn
from torch.distributions import Distribution

# x [N, C, H, W] -> q(z_L | x), where the encoder has one that hangs on x alone
TopPosterior = Callable[[Tensor], Distribution]
# n -> n training images [n, C, H, W] in the likelihood's units
Examples = Callable[[int], Tensor]


class Prior(nn.Module):
    """p(z_L) over `z_dim` units, with an empty batch shape. Called with the encoder's q(z_L | x), of which the
    VampPrior alone makes anything."""

    def forward(self, q_top: TopPosterior | None = None) -> Distribution:
        raise NotImplementedError


class PriorFactory(Protocol):
    """What `prior` is in a config: made from the number of top units and a source of training images."""

    def __call__(self, z_dim: int, examples: Examples) -> Prior: ...
