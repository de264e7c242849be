"""What an encoder asks of a family of posteriors."""

from collections.abc import Callable
from typing import ClassVar, Protocol

from torch import nn

# n -> a network with n outputs
MakeNet = Callable[[int], nn.Module]


class Posterior(Protocol):
    """What `posterior` is in a config: makes the head of one layer, a module context -> q over `z_dim` units.

    `layer` counts from 0, next to the data: a family may be richer on some layers than on others.
    """

    def __call__(self, make_net: MakeNet, z_dim: int, layer: int) -> nn.Module: ...


class Head(nn.Module):
    """A head of one's own. `has_mean` says whether its q knows its mean, or E_q[z] must be had from draws."""

    has_mean: ClassVar[bool] = True


def has_means(encoder: nn.Module) -> bool:
    """Whether every q of an encoder knows its mean."""
    return all(head.has_mean for head in encoder.modules() if isinstance(head, Head))


def used_on(layer: int, layers: list[int] | None) -> bool:
    """Whether a family is used on `layer`, counted from 0; `layers` count from 1 as in z1, None is all of them."""
    return layers is None or layer + 1 in layers
