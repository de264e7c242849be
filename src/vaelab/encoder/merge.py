"""Three ways to make q(z_l | z_>l, x) from the features of x, the decoder's state and the model's p."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vaelab.distributions import DiagonalNormal, Scale, ToNormal
from vaelab.nn import NetFactory, Shape


class PrecisionWeighted(nn.Module):
    """The product of p and a Gaussian read from x alone: precisions add (Sønderby et al. 2016, eq. 17-19)."""

    def __init__(self, z_dim: int, width: int, state_shape: Shape, net: NetFactory, layer: int, scale: Scale) -> None:
        super().__init__()
        self.seen = ToNormal(partial(nn.Linear, width), z_dim, scale)

    def forward(self, features: Tensor, h: Tensor, p: DiagonalNormal) -> DiagonalNormal:
        seen = self.seen(features)
        # the share of what was seen in the summed precision, without leaving the log scale
        excess = 2.0 * (p.log_scale - seen.log_scale)
        loc = torch.lerp(p.loc, seen.loc, torch.sigmoid(excess))
        return DiagonalNormal(loc, torch.add(seen.log_scale, F.logsigmoid(excess), alpha=0.5))


class _FromBoth(nn.Module):
    """A Gaussian read by a network from the features beside the state: [.., f] and [.., s]."""

    def __init__(self, z_dim: int, width: int, state_shape: Shape, net: NetFactory, layer: int, scale: Scale) -> None:
        super().__init__()
        both = width + state_shape[0]
        self.read = ToNormal(lambda n: net((both,), (n,), layer=layer), z_dim, scale)

    def both(self, features: Tensor, h: Tensor) -> DiagonalNormal:
        return self.read(torch.cat([features.expand(*h.shape[:-1], -1), h], dim=-1))


class Concatenate(_FromBoth):
    """q read by a network from the features beside the decoder's state (Child 2021, section 3)."""

    def forward(self, features: Tensor, h: Tensor, p: DiagonalNormal) -> DiagonalNormal:
        return self.both(features, h)


class Residual(_FromBoth):
    """q as a step away from p: q = N(μ_p + Δμ, σ_p · Δσ) (Vahdat & Kautz 2020, eq. 3)."""

    def forward(self, features: Tensor, h: Tensor, p: DiagonalNormal) -> DiagonalNormal:
        step = self.both(features, h)
        return DiagonalNormal(p.loc + step.loc, p.log_scale + step.log_scale)
