"""What an encoder asks of a family of posteriors."""

from collections.abc import Callable
from typing import Protocol

from torch import nn

# n -> a network with n outputs
MakeNet = Callable[[int], nn.Module]


class Posterior(Protocol):
    """What `posterior` is in a config: makes the head of one layer, a module context -> q over `z_dim` units.

    `layer` counts from 0, next to the data: a family may be richer on some layers than on others.
    """

    def __call__(self, make_net: MakeNet, z_dim: int, layer: int) -> nn.Module: ...
