"""How much of what is drawn could be real, and how much of what is real is drawn."""

from typing import NamedTuple

import torch
from torch import Tensor


class PrecisionRecall(NamedTuple):
    """Both are shares, from 0 to 1."""

    precision: float
    recall: float


def precision_recall(real: Tensor, fake: Tensor, neighbours: int, max_entries: int = 1 << 24) -> PrecisionRecall:
    """Improved precision and recall (Kynkäänniemi et al. 2019, eqs. 1 and 2) of features [N, d] and [M, d].

    A set's manifold is the union of balls around its points, each reaching to the point's `neighbours`-th nearest
    neighbour in that set. Precision is the share of `fake` inside the manifold of `real`, recall the share of `real`
    inside that of `fake`. No more than `max_entries` distances are held at once. Raises ValueError for a set of
    `neighbours` points or fewer.
    """
    if min(len(real), len(fake)) <= neighbours:
        raise ValueError(f"{neighbours} neighbours need more than {neighbours} points, not {len(real)} and {len(fake)}")
    return PrecisionRecall(
        precision=share_inside(fake, real, radii(real, neighbours, max_entries), max_entries),
        recall=share_inside(real, fake, radii(fake, neighbours, max_entries), max_entries),
    )


def radii(points: Tensor, neighbours: int, max_entries: int) -> Tensor:
    """The distance of each of the points [N, d] to its `neighbours`-th nearest other point, [N]."""
    # the nearest of all is the point itself
    blocks = _blocks(points, len(points), max_entries)
    return torch.cat([_distances(block, points).kthvalue(neighbours + 1, dim=1).values for block in blocks])


def share_inside(points: Tensor, centres: Tensor, radii: Tensor, max_entries: int) -> float:
    """The share of `points` [N, d] that lie in at least one ball around `centres` [M, d] of these `radii` [M]."""
    blocks = _blocks(points, len(centres), max_entries)
    inside = [(_distances(block, centres) <= radii).any(dim=1) for block in blocks]
    return torch.cat(inside).double().mean().item()


def _blocks(points: Tensor, columns: int, max_entries: int) -> tuple[Tensor, ...]:
    return points.split(max(1, max_entries // columns))


def _distances(a: Tensor, b: Tensor) -> Tensor:
    # never by |a|² + |b|² - 2ab: the distance of two equal points would not be 0
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")
