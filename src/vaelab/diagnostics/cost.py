"""What an analysis will take, by a small piece of it."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from vaelab.diagnostics.passes import log_aggregate, one_pass, scores
from vaelab.diagnostics.posterior_grid import posterior_grid
from vaelab.distributions import DiagonalNormal
from vaelab.encoder import BottomUp
from vaelab.model import Hierarchy

ROWS = 256  # enough to be measured, few enough not to matter


@torch.no_grad()
def pass_seconds(hierarchy: Hierarchy, x: Tensor, max_rows: int) -> float:
    """Of one image and draw through encoder and decoder."""
    few = x[: min(ROWS, max_rows)]
    return _quickest(lambda: hierarchy(few)) / len(few)


@torch.no_grad()
def score_seconds(hierarchy: Hierarchy, x: Tensor, max_rows: int) -> float:
    """Of one draw scored under the q of one image, in all layers.

    A chain of diagonal Gaussians takes matrix products and counts as nothing; other densities, and networks that read z
    and x, are run for each pair.
    """
    few = x[: min(ROWS, max_rows)]
    drawn = one_pass(hierarchy, few, len(few))
    z = [layer[:1] for layer in drawn.z]
    if hierarchy.depth > 1 and not isinstance(hierarchy.encoder, BottomUp):
        return _quickest(lambda: scores(hierarchy, few, z, max_rows)) / len(few)
    if all(isinstance(block, DiagonalNormal) for layer in drawn.q for block in layer):
        return 0.0
    layers = list(zip(drawn.q, z, strict=True))
    return _quickest(lambda: [log_aggregate(q, draw, max_rows) for q, draw in layers]) / len(few)


@torch.no_grad()
def grid_seconds(hierarchy: Hierarchy, x: Tensor, size: int, max_rows: int) -> float:
    """Of `posterior_grid` with `size`² points and all images of x, by a few points and images."""
    few, points = x[:2], 20
    work = size**2 * (1 + len(x)) / (points**2 * (1 + len(few)))
    return _quickest(lambda: posterior_grid(hierarchy, few, points, max_rows)) * work


def _quickest(run: Callable[[], object]) -> float:
    """Seconds of the quickest of three: the first is slower, and others may have the machine at any of them."""
    seconds = []
    for _ in range(3):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        started = time.perf_counter()
        run()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return min(seconds)
