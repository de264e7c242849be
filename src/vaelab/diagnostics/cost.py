"""What an analysis will take, by a small piece of it."""

import time

import torch
from torch import Tensor

from vaelab.diagnostics.passes import one_pass, scores
from vaelab.encoder import BottomUp
from vaelab.model import Hierarchy

ROWS = 256  # enough to be measured, few enough not to matter


@torch.no_grad()
def pass_seconds(hierarchy: Hierarchy, x: Tensor, max_rows: int) -> float:
    """Of one image and draw through encoder and decoder."""
    few = x[: min(ROWS, max_rows)]
    hierarchy(few[:2])  # the first call is slower
    started = time.perf_counter()
    hierarchy(few)
    return (time.perf_counter() - started) / len(few)


def score_seconds(hierarchy: Hierarchy, x: Tensor, max_rows: int) -> float:
    """Of one draw scored under the q of one image. A chain's densities are matrix products and count as nothing;
    networks that read z and x are run for each pair."""
    if hierarchy.depth == 1 or isinstance(hierarchy.encoder, BottomUp):
        return 0.0
    few = x[: min(ROWS, max_rows)]
    z = [layer[:1] for layer in one_pass(hierarchy, few[:1], 1).z]
    scores(hierarchy, few[:2], z, max_rows)
    started = time.perf_counter()
    scores(hierarchy, few, z, max_rows)
    return (time.perf_counter() - started) / len(few)
