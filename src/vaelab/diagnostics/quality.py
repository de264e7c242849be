"""All pictures of a run looked at once, by a feature network and beside their images."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from vaelab.diagnostics.shown import Shown
from vaelab.features import Features
from vaelab.metrics.similarity import Scales, fitting, psnr, structural_similarity
from vaelab.proposal.ancestral import Temperature


@dataclass(frozen=True)
class Looked:
    """Features of the real images [N, d] and of the samples [M, d]; of each reconstruction its PSNR in decibels and its
    structural similarity, [N] each, the last None where the images are too small for one."""

    real: Tensor
    fake: Tensor
    psnr: Tensor
    similarity: Tensor | None
    scales: Scales | None


@torch.no_grad()
def look(
    shown: Shown,
    features: Features,
    split: str,
    n_real: int,
    n_fake: int,
    temperature: Temperature,
    seed: int,
    advance: Callable[[int], None] = lambda images: None,
) -> Looked:
    """`n_real` images of a split with their reconstructions, and `n_fake` samples; no more than a batch is held."""
    scales = fitting(*shown.data.x_shape[1:])
    real, ratios, similarities, fake = [], [], [], []
    for x, reconstruction in shown.pairs(split, n_real, seed):
        real.append(features(x))
        ratios.append(psnr(reconstruction, x))
        if scales is not None:
            similarities.append(structural_similarity(reconstruction, x, scales))
        advance(len(x))
    for x in shown.samples(n_fake, temperature, seed):
        fake.append(features(x))
        advance(len(x))
    similarity = torch.cat(similarities) if similarities else None
    return Looked(torch.cat(real), torch.cat(fake), torch.cat(ratios), similarity, scales)
