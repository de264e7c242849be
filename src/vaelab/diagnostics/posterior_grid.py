"""The true posterior p(z | x) of a model with two latent units, by summing over a grid.

Legend: N images; G = S² grid points, row by row, z_1 to the right and z_2 upwards. Densities are kept as logs.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Distribution

from vaelab.model import Hierarchy
from vaelab.proposal import Clamped, Drawn

# a peak lower than this share of the highest is no mode of its own
LEAST_PEAK = 0.05
# and between two modes the density falls below this share of the lower
VALLEY = 0.5
# draws of p and of each q that the box is made to hold
DRAWS = 1000


@dataclass(frozen=True)
class PosteriorGrid:
    """`log_p` [N, S, S] is log p(z | x) by quadrature, `log_q` [N, S, S] the encoder's log q(z | x), at points of a
    square box from `low` to `high` in both units; `log_px` [N] the log-likelihood, nats. Row 0 is the lowest z_2."""

    log_p: Tensor
    log_q: Tensor
    log_px: Tensor
    low: float
    high: float

    @property
    def cell(self) -> float:
        """The area of a cell."""
        return ((self.high - self.low) / (self.log_p.shape[-1] - 1)) ** 2

    @property
    def q_mass(self) -> Tensor:
        """The mass of q that the grid sees, [N]: 1, unless the box or the resolution is too small for it."""
        return self.log_q.flatten(1).logsumexp(1).exp() * self.cell

    @property
    def kl_from_q(self) -> Tensor:
        """KL(q(z | x) ‖ p(z | x)), nats, [N]: log p(x) - ELBO, all that inference loses."""
        return _kl(self.log_q, self.log_p) * self.cell

    @property
    def kl_to_q(self) -> Tensor:
        """KL(p(z | x) ‖ q(z | x)), nats, [N]: large where q misses a peak."""
        return _kl(self.log_p, self.log_q) * self.cell

    @property
    def modes(self) -> Tensor:
        """How many peaks p(z | x) has, [N]: see `peaks`."""
        return torch.tensor([peaks(log_p) for log_p in self.log_p])

    @property
    def quadrature_error(self) -> Tensor:
        """How far log p(x) of every second point is from that of all, nats, [N]: more than the error of all of them."""
        every_second = self.log_p[:, ::2, ::2].flatten(1).logsumexp(1) + math.log(4 * self.cell)
        return every_second.abs()


@torch.no_grad()
def posterior_grid(hierarchy: Hierarchy, x: Tensor, size: int, max_rows: int) -> PosteriorGrid:
    """log p(z | x) = log p(x | z) + log p(z) - log p(x) at `size`² points, for each image of x [N, C, H, W].

    The box holds draws of p(z) and of every q(z | x), with a tenth to spare; log p(x) is the sum over it, which for a
    smooth density is exact once a cell is no wider than a peak. The decoder runs once on each point, `max_rows` points
    at a time. Raises ValueError for a model that has other than one layer of two units.
    """
    if list(hierarchy.z_dims) != [2]:
        raise ValueError(f"a grid needs one layer of two units, not z_dims={list(hierarchy.z_dims)}")
    q = hierarchy.q_top(x)
    prior = hierarchy.prior(hierarchy.q_top)
    drawn = torch.cat([q.sample((DRAWS,)).flatten(0, 1), prior.sample((DRAWS,))])
    low, high = drawn.min().item(), drawn.max().item()
    low, high = low - 0.1 * (high - low), high + 0.1 * (high - low)
    axis = torch.linspace(low, high, size, dtype=drawn.dtype, device=x.device)
    points = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1).flatten(0, 1)  # [G, 2]

    joint, log_q = [], []
    for z in points.split(max_rows):
        terms = hierarchy.generate(Clamped({0: z}, _never))
        log_pz = terms.latents[0].p.log_prob(z).double()
        joint.append(torch.stack([terms.px.log_prob(image).double() + log_pz for image in x]))
        log_q.append(q.log_prob(z[:, None].expand(-1, len(x), -1)).double().T)
    log_joint = torch.cat(joint, 1)
    log_px = log_joint.logsumexp(1) + 2 * math.log((high - low) / (size - 1))
    square = (len(x), size, size)
    log_p = (log_joint - log_px[:, None]).reshape(square)
    return PosteriorGrid(log_p, torch.cat(log_q, 1).reshape(square), log_px, low, high)


def peaks(log_p: Tensor) -> int:
    """The modes of a density log_p [S, S]: points above all eight neighbours and above `LEAST_PEAK` of the highest,
    each way from which to a higher one leads through less than `VALLEY` of it: ripples on a ridge are none."""
    around = F.max_pool2d(log_p[None], 3, 1, 1)[0]
    candidates = ((log_p == around) & (log_p > log_p.max() + math.log(LEAST_PEAK))).nonzero()
    heights = log_p[candidates[:, 0], candidates[:, 1]]
    found = torch.zeros_like(log_p, dtype=torch.bool)
    modes = 0
    for i in heights.argsort(descending=True, stable=True):
        row, column = candidates[i].tolist()
        if not modes or not (_reached(log_p > heights[i] + math.log(VALLEY), row, column) & found).any():
            modes += 1
        found[row, column] = True
    return modes


def _reached(land: Tensor, row: int, column: int) -> Tensor:
    """What of the land [S, S], bool, can be walked to from a point of it, by steps to the eight neighbours."""
    reached = torch.zeros_like(land)
    reached[row, column] = True
    while True:
        wider = (F.max_pool2d(reached[None].float(), 3, 1, 1)[0] > 0) & land
        if bool((wider == reached).all()):
            return reached
        reached = wider


def _kl(log_a: Tensor, log_b: Tensor) -> Tensor:
    """Σ a · (log a - log b) of each image, [N]; a point where a is 0 gives nothing, whatever b is."""
    a = log_a.exp()
    return torch.where(a > 0, a * (log_a - log_b), 0.0).flatten(1).sum(1)


def _never(l: int, h: Any, p: Distribution) -> Drawn:
    raise AssertionError("every layer is given")
