"""The top layers from one source, the rest from another."""

from dataclasses import dataclass

from torch import Tensor
from torch.distributions import Distribution

from vaelab.proposal.proposal import Drawn, Proposal


@dataclass(frozen=True)
class Split:
    """Layers from `first` up (0-based) come from `upper`, the ones below it from `lower`.

    With `upper` an encoder's proposal and `lower` ancestral this draws the coarse-to-fine picture, and its elbo is the
    skip bound L^{>k} of Maaløe et al. 2019 (eq. 12) for top-down inference. For bottom-up inference it is a bound too,
    but a looser one: q of the lowest layer that is kept is conditioned on a draw that is thrown away.
    """

    first: int
    upper: Proposal
    lower: Proposal

    def __call__(self, l: int, h: Tensor | None, p: Distribution) -> Drawn:
        return (self.upper if l >= self.first else self.lower)(l, h, p)
