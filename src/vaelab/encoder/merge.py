"""Three ways to make q(z_l | z_>l, x) from the features of x, the decoder's state and the model's p."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.distributions import DiagonalNormal, ToNormal
from vaelab.errors import ConfigError
from vaelab.nn import NetFactory, Shape
from vaelab.posterior import MakeNet, Posterior


class PrecisionWeighted(nn.Module):
    """The product of p and a Gaussian read from x alone: precisions add (Sønderby et al. 2016, eq. 17-19)."""

    def __init__(
        self, z_dim: int, width: int, state_shape: Shape, net: NetFactory, layer: int, posterior: Posterior
    ) -> None:
        super().__init__()
        self.seen = _diagonal(posterior, partial(nn.Linear, width), z_dim, layer)

    def forward(self, features: Tensor, h: Tensor, p: DiagonalNormal) -> DiagonalNormal:
        seen = self.seen(features)
        # the share of what was seen in the summed precision, without leaving the log scale
        excess = 2.0 * (p.log_scale - seen.log_scale)
        loc = torch.lerp(p.loc, seen.loc, torch.sigmoid(excess))
        return DiagonalNormal(loc, torch.add(seen.log_scale, F.logsigmoid(excess), alpha=0.5))


class Concatenate(nn.Module):
    """q, of any family, read by a network from the features beside the decoder's state (Child 2021, section 3)."""

    def __init__(
        self, z_dim: int, width: int, state_shape: Shape, net: NetFactory, layer: int, posterior: Posterior
    ) -> None:
        super().__init__()
        self.read = posterior(_from_both(width, state_shape, net, layer), z_dim, layer)

    def forward(self, features: Tensor, h: Tensor, p: Distribution) -> Distribution:
        return self.read(_both(features, h))


class Residual(nn.Module):
    """q as a step away from p: q = N(μ_p + Δμ, σ_p · Δσ) (Vahdat & Kautz 2020, eq. 3)."""

    def __init__(
        self, z_dim: int, width: int, state_shape: Shape, net: NetFactory, layer: int, posterior: Posterior
    ) -> None:
        super().__init__()
        self.read = _diagonal(posterior, _from_both(width, state_shape, net, layer), z_dim, layer)

    def forward(self, features: Tensor, h: Tensor, p: DiagonalNormal) -> DiagonalNormal:
        step = self.read(_both(features, h))
        return DiagonalNormal(p.loc + step.loc, p.log_scale + step.log_scale)


def _from_both(width: int, state_shape: Shape, net: NetFactory, layer: int) -> MakeNet:
    """A network that reads the features [.., f] beside the state [.., s]."""
    return lambda n: net((width + state_shape[0],), (n,), layer=layer)


def _both(features: Tensor, h: Tensor) -> Tensor:
    lead = torch.broadcast_shapes(features.shape[:-1], h.shape[:-1])  # [B] beside [K, B], or [s, 1] beside [N]
    return torch.cat([features.expand(*lead, -1), h.expand(*lead, -1)], dim=-1)


def _diagonal(posterior: Posterior, make_net: MakeNet, z_dim: int, layer: int) -> ToNormal:
    """A head for a merge that reckons with means and scales. Raises ConfigError for another family."""
    return diagonal_alone(posterior(make_net, z_dim, layer), layer)


def diagonal_alone(head: nn.Module, layer: int) -> ToNormal:
    """The head of a layer whose q is reckoned from means and scales. Raises ConfigError for another family."""
    if not isinstance(head, ToNormal):
        raise ConfigError(
            f"this encoder joins diagonal Gaussians, and the posterior of z{layer + 1} is none. "
            "Use encoder/merge=concatenate, or leave that family to the top layer (posterior.layers)."
        )
    return head
