"""What inference loses, in two: what its family cannot say, and what one encoder for all images misses."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from vaelab.diagnostics.evaluate import SplitFigures, evaluate_split
from vaelab.diagnostics.refine import cannot_refine, refine, shifted
from vaelab.model import Hierarchy
from vaelab.seeding import seed_noise


@dataclass(frozen=True)
class Gap:
    """Figures of N images under the encoder's own q, and (None where none is to be had) under q refined for each image
    alone: the same draws of noise, none of which the refinement saw."""

    encoder: SplitFigures
    refined: SplitFigures | None

    @property
    def best(self) -> SplitFigures:
        """Of the two, the one whose importance-weighted bound is the higher over all images: both are bounds of
        log p(x), and the draws of the better q tell more."""
        if self.refined is None or self.encoder.iw_bound.mean() >= self.refined.iw_bound.mean():
            return self.encoder
        return self.refined

    @property
    def total(self) -> Tensor:
        """log p̂(x) - ELBO, nats, [N] = approximation + amortisation (Cremer et al. 2018, eq. 5); log p̂(x) is a bound
        of K draws, so that this one is from below."""
        return self.best.iw_bound - self.encoder.elbo

    @property
    def approximation(self) -> Tensor | None:
        """log p̂(x) - ELBO of the refined q, nats, [N]: what no q of the family would close."""
        return None if self.refined is None else self.best.iw_bound - self.refined.elbo

    @property
    def amortisation(self) -> Tensor | None:
        """ELBO of the refined q - ELBO, nats, [N]: what a better encoder would close."""
        return None if self.refined is None else self.refined.elbo - self.encoder.elbo


def gap(
    hierarchy: Hierarchy,
    x: Tensor,
    samples: int,
    steps: int,
    lr: float,
    draws: int,
    max_rows: int,
    kl_weight: float = 1.0,
) -> Gap:
    """The gap of every image of x [N, C, H, W], from `samples` draws of each q; `steps`, `lr`, `draws` and `kl_weight`
    are those of `refine`. No pass holds more than `max_rows` images × draws."""
    blocks = x.split(max(1, max_rows // draws))
    refinable = cannot_refine(hierarchy.encoder) is None
    offsets = [refine(hierarchy, block, steps, lr, draws, kl_weight) for block in blocks] if refinable else []
    key = int(torch.randint(2**62, ()))
    seed_noise(key)
    own = evaluate_split(hierarchy, blocks, samples, max_rows)
    if not refinable:
        return Gap(own, None)
    seed_noise(key)
    return Gap(own, evaluate_split(hierarchy, _in_turn(hierarchy, blocks, offsets), samples, max_rows))


def _in_turn(hierarchy: Hierarchy, blocks: Iterable[Tensor], offsets: list[list[Tensor]]) -> Iterator[Tensor]:
    """Each block, its own offsets in force until the next is asked for."""
    for block, its_own in zip(blocks, offsets, strict=True):
        with shifted(hierarchy, its_own):
            yield block
