"""What reaches each layer of a chain, and the order that no chain can break."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vaelab.diagnostics.passes import log_aggregate
from vaelab.distributions import draw
from vaelab.encoder import BottomUp
from vaelab.model import Hierarchy


@dataclass(frozen=True)
class Ladder:
    """I_q(x; z_i) of every layer per image, [N, L] nats, between two estimates: `low` ≤ I ≤ `high` in expectation
    for the density q(z_i | x), which z_1 knows and the layers above average over draws."""

    low: Tensor
    high: Tensor

    @property
    def value(self) -> Tensor:
        return (self.low + self.high) / 2

    @property
    def saturated(self) -> tuple[bool, ...]:
        return tuple((self.value.mean(0) > math.log(len(self.value)) - 1).tolist())


@torch.no_grad()
def ladder(hierarchy: Hierarchy, x: Tensor, chains: int, max_rows: int) -> Ladder:
    """I_q(x; z_i) for images x [N, C, H, W], bottom-up, by `chains` ≥ 2 draws an image of all that lies below z_i.

    q(z_i | x) = E q(z_i | z_{i-1}) over q(z_{i-1} | x). z_i comes from the first chain: with it among the average the
    density at z_i is too high, without it too low (both by Jensen's inequality), and they close in as chains grow.
    """
    encoder = hierarchy.encoder
    assert isinstance(encoder, BottomUp)
    q = [hierarchy.encode(some) for some in x.split(max_rows)]
    z = [draw(some, (chains, *some.batch_shape)) for some in q]  # of each block of images, [chains, n, d]
    known = torch.cat([some.log_prob(draws[0]).double() for some, draws in zip(q, z, strict=True)])
    low = high = (known - log_aggregate(q, torch.cat([draws[0] for draws in z]), max_rows))[None]
    for l in range(1, encoder.depth):
        below, q = z, [encoder.q(l, draws) for draws in z]
        z = [draw(some, some.batch_shape) for some in q]
        # log q(z_l | z_{l-1}) of the first chain's z_l, given every chain of its image
        given = torch.cat([some.log_prob(draws[0]).double() for some, draws in zip(q, z, strict=True)], 1)
        everywhere = [encoder.q(l, draws.flatten(0, 1)) for draws in below]
        of_all = log_aggregate(everywhere, torch.cat([draws[0] for draws in z]), max_rows)
        low = torch.cat([low, (_log_mean(given[1:]) - of_all)[None]])
        high = torch.cat([high, (_log_mean(given) - of_all)[None]])
    return Ladder(low.T, high.T)


def _log_mean(values: Tensor) -> Tensor:
    return values.logsumexp(0) - math.log(len(values))
