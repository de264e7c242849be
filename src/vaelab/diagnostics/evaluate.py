"""Every figure of a split from one kind of pass: K draws of z for each image, in blocks of bounded memory."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from vaelab.diagnostics.active_units import active, mean_or_draws, mean_unit_kl, moments_of
from vaelab.model import Hierarchy, Latent, Terms


@dataclass(frozen=True)
class SplitFigures:
    """Per image, [N] each, float64, nats: means over `samples` draws, and the bound of all of them.

    `costs` [N, L] are the layers' terms from z_1 to z_L, KLs where `aligned`; `effective_sample_size` is that of the
    bound's weights; `moments` are, for each layer, sums over images of its posterior means; `unit_kl` [d] are the
    mean KLs of a layer's units, nan where q and p are not aligned or not both diagonal.
    """

    elbo: Tensor
    objective: Tensor
    reconstruction: Tensor
    costs: Tensor
    iw_bound: Tensor
    effective_sample_size: Tensor
    moments: tuple[Tensor, ...]
    unit_kl: tuple[Tensor, ...]
    aligned: tuple[bool, ...]
    samples: int

    @property
    def active_units(self) -> tuple[int | None, ...]:
        """The number of active units of each layer, over all N images; None where one draw cannot tell."""
        return tuple(
            None if moments.isnan().any() else int(active(moments, len(self.elbo), self.samples).sum())
            for moments in self.moments
        )


@torch.no_grad()
def evaluate_split(
    hierarchy: Hierarchy,
    batches: Iterable[Tensor],
    samples: int,
    max_rows: int,
    objective: Callable[[Terms], Tensor] = lambda terms: terms.elbo,
    advance: Callable[[int], None] = lambda images: None,
    group: int = 1,
) -> SplitFigures:
    """Figures of all images in `batches` (each [B, C, H, W], in units), with `samples` draws of z an image.

    No pass holds more than `max_rows` images × draws: that bounds the memory, whatever K is. The encoder reads each
    image once; its draws are taken in blocks and their weights summed in the log domain as they come. `objective` is
    made from `group` draws an image: it is asked of whole groups alone, and is nan where `samples` are fewer.
    """
    parts = []
    for x in batches:
        for block in x.split(max(1, max_rows // group)):
            draws = max(1, max_rows // len(block) // group) * group
            parts.append(_images(hierarchy, block, samples, draws, objective, group))
            advance(len(block))
    return _join(parts)


def _join(parts: list[SplitFigures]) -> SplitFigures:
    def images(name: str) -> Tensor:
        return torch.cat([getattr(part, name) for part in parts])

    per_image = ("elbo", "objective", "reconstruction", "costs", "iw_bound", "effective_sample_size")
    moments = tuple(torch.stack(layer).sum(0) for layer in zip(*(part.moments for part in parts), strict=True))
    joined: dict[str, Any] = {name: images(name) for name in per_image}
    shares = [len(part.elbo) / len(joined["elbo"]) for part in parts]
    layers = zip(*(part.unit_kl for part in parts), strict=True)
    unit_kl = tuple(sum(s * kl for s, kl in zip(shares, layer, strict=True)) for layer in layers)
    return replace(parts[0], moments=moments, unit_kl=unit_kl, **joined)


def _images(
    hierarchy: Hierarchy, x: Tensor, samples: int, block: int, objective: Callable[[Terms], Tensor], group: int
) -> SplitFigures:
    encoded = hierarchy.encode(x)
    zeros = torch.zeros(len(x), dtype=torch.float64, device=x.device)
    reconstruction, optimised, costs = zeros.clone(), zeros.clone(), zeros.new_zeros(len(x), hierarchy.depth)
    # log Σ w and log Σ w², as they come
    log_sum, log_squares = zeros - math.inf, zeros - math.inf
    means: list[Tensor] = []  # of each layer: Σ_k and Σ_k² of E_q[z], [2, B, d]
    units = [torch.zeros(d, dtype=torch.float64, device=x.device) for d in hierarchy.z_dims]
    done = 0
    while done < samples:
        k = min(block, samples - done)
        terms = hierarchy.generate(hierarchy.encoder.propose(encoded, (k,)), x)
        reconstruction += terms.reconstruction.double() * k
        if whole := k - k % group:
            optimised += objective(terms).double() * whole
        costs += torch.stack(terms.costs, 1).double() * k
        log_weight = terms.log_weight.double()
        log_sum = torch.logaddexp(log_sum, log_weight.logsumexp(0))
        log_squares = torch.logaddexp(log_squares, (2 * log_weight).logsumexp(0))
        for l, latent in enumerate(terms.latents):
            mean = mean_or_draws(latent).double()
            # [B, d]: of x alone, the same for every draw
            mean = mean.expand(k, *mean.shape) if mean.dim() == 2 else mean
            sums = torch.stack([mean.sum(0), mean.square().sum(0)])
            if len(means) <= l:
                means.append(sums)
            else:
                means[l] += sums
            units[l] += mean_unit_kl(latent) * (k / samples)
        done += k
    reconstruction, costs = reconstruction / samples, costs / samples
    return SplitFigures(
        elbo=reconstruction - costs.sum(1),
        objective=optimised / (samples - samples % group) if samples >= group else optimised * math.nan,
        reconstruction=reconstruction,
        costs=costs,
        iw_bound=log_sum - math.log(samples),
        effective_sample_size=torch.exp(2 * log_sum - log_squares),
        moments=tuple(_moments(sums, samples, latent) for sums, latent in zip(means, terms.latents, strict=True)),
        unit_kl=tuple(units),
        aligned=hierarchy.encoder.aligned,
        samples=samples,
    )


def _moments(sums: Tensor, samples: int, latent: Latent) -> Tensor:
    """From Σ_k m and Σ_k m² [2, B, d] to what `active` takes, [3, d]."""
    mean = sums[0] / samples
    if mean_or_draws(latent).dim() == 2:  # of x alone: nothing was estimated
        noise = torch.zeros_like(mean)
    elif samples == 1:  # an estimate, and one draw cannot tell how good it is
        noise = mean * math.nan
    else:
        noise = (sums[1] / samples - mean.square()).clamp(min=0) / (samples - 1)
    return moments_of(mean, noise)
