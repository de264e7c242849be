"""Layers whose value is given."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor
from torch.distributions import Distribution

from vaelab.proposal.proposal import Drawn, Proposal


@dataclass(frozen=True)
class Clamped:
    """Layers in `given` (0-based) have these values; the others come from `otherwise`.

    A given layer was not drawn and has no density: the pass has a likelihood but no ELBO.
    """

    given: Mapping[int, Tensor]
    otherwise: Proposal

    def __call__(self, l: int, h: Tensor | None, p: Distribution) -> Drawn:
        return Drawn(self.given[l], None, aligned=False) if l in self.given else self.otherwise(l, h, p)
