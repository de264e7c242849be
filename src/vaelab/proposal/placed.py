"""Layers that stand at a given place in p."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.proposal.proposal import Drawn, Proposal


@dataclass(frozen=True)
class Placed:
    """Layers in `given` (0-based) stand this many standard deviations of p from its mean, unit by unit; the others
    come from `otherwise`.

    `Clamped` says what z_l is; this says where in p(z_l | z_>l) it lies, and so goes along when the layers above
    change: z_l = μ + σ ε with μ and σ of the p that this pass meets. As with `Clamped` there is no density.
    """

    given: Mapping[int, Tensor]
    otherwise: Proposal

    def __call__(self, l: int, h: Tensor | None, p: Distribution) -> Drawn:
        if l not in self.given:
            return self.otherwise(l, h, p)
        found = moments(p)
        z = self.given[l] if found is None else found[0] + found[1] * self.given[l]
        return Drawn(z, None, aligned=False)


def place(z: Tensor, p: Distribution) -> Tensor:
    """ε = (z - μ) / σ: what `Placed` takes to give z again under the same p. z itself where p has no moments."""
    found = moments(p)
    return z if found is None else (z - found[0]) / found[1]


def moments(p: Distribution) -> tuple[Tensor, Tensor] | None:
    """Mean and standard deviation of every unit; None for a family that has none or cannot tell them, as a flow."""
    try:
        mean, deviation = p.mean, p.stddev
    except NotImplementedError:
        return None
    return (mean, deviation) if bool(torch.isfinite(mean).all() and torch.isfinite(deviation).all()) else None
