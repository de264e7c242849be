"""The best mean that a decoder can have with q fixed: a blend of the training images (seed section 1.4).

Legend: N training images x_n, [C, H, W] each; S draws z_s, of all layers; weights w_n(z) = q(z | x_n) / Σ_m q(z | x_m).
Seed equation 14 is what minimises the squared error of equation 11. The same blend is the best mean for Bernoulli and
every other exponential family told by its mean, whose maximum-likelihood mean is that of the data.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from vaelab.diagnostics.passes import scores
from vaelab.model import Hierarchy

# images scored at a time: few, so that many draws share what a head reads of an image
TOGETHER = 128


class Ideal(NamedTuple):
    """Of each z: μ*(z) = Σ_n w_n x_n and Var(x | z) of each value under the same weights, [S, C, H, W] both, and how
    many images are blended, [S]: exp of the weights' entropy, 1 is sharp and N the mean of the data. float64."""

    mean: Tensor
    variance: Tensor
    perplexity: Tensor


@torch.no_grad()
def ideal(hierarchy: Hierarchy, x: Tensor, z: Sequence[Tensor], max_rows: int) -> Ideal:
    """μ*, its variance and perplexity at draws z_l [S, d_l], from z_1 up, over the images x [N, C, H, W] in units.

    The weights are those of all layers together, log q(z_1..L | x_n): bottom-up z_1 alone tells of x. S·N densities,
    in blocks of images, so that the memory is bounded whatever N is.
    """

    def blocks() -> Iterator[tuple[Tensor, Tensor]]:
        for some in x.split(min(TOGETHER, max_rows)):
            yield scores(hierarchy, some, list(z), max_rows).sum(0), some

    return blend(blocks())


def blend(blocks: Iterable[tuple[Tensor, Tensor]]) -> Ideal:
    """From log q(z_s | x_n) [S, n], up to what hangs on z alone, and x_n [n, C, H, W] of all images, block by block."""
    peak = total = entropy = mean = square = torch.zeros(())
    shape: tuple[int, ...] = ()
    for log_q, x in blocks:
        flat = x.flatten(1).double()
        if not shape:
            shape = tuple(x.shape[1:])
            peak = log_q.new_full((len(log_q),), -torch.inf)
            total, entropy = torch.zeros_like(peak), torch.zeros_like(peak)
            mean = square = peak.new_zeros(len(peak), flat.shape[1])
        # weights relative to the highest met so far; what was summed is brought down to it
        higher = torch.maximum(peak, log_q.max(1).values)
        down = torch.exp(peak - higher)
        ratio = log_q - higher[:, None]
        w = ratio.exp()
        # Σ w log w, where a new peak takes its height off every logarithm; before the first block all sums are zero
        fall = torch.where(total > 0, peak - higher, torch.zeros_like(peak))
        entropy = down * (entropy + fall * total) + (w * ratio).sum(1)
        total = down * total + w.sum(1)
        mean = down[:, None] * mean + w @ flat
        square = down[:, None] * square + w @ flat.square()
        peak = higher
    mean, square = mean / total[:, None], square / total[:, None]
    variance = (square - mean.square()).clamp(min=0)
    perplexity = torch.exp(total.log() - entropy / total)
    return Ideal(mean.reshape(-1, *shape), variance.reshape(-1, *shape), perplexity)
