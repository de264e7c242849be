"""The model's own samples."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.distributions import Distribution

from vaelab.distributions import missing, tempered
from vaelab.distributions.truncated_normal import truncated
from vaelab.proposal.proposal import Drawn

Temperature = float | Sequence[float]


@dataclass(frozen=True)
class Ancestral:
    """z_l ~ p(z_l | z_>l) at a temperature, for a batch of `batch_shape`.

    `temperature` multiplies every standard deviation: one number for all layers, or one for each from z_1 to z_L.
    `truncation` then cuts each unit's tails, at that many standard deviations from the mean. At temperature 1, uncut,
    the draw costs nothing (q is p); else q is the tempered, truncated density.
    """

    batch_shape: tuple[int, ...]
    temperature: Temperature = 1.0
    truncation: float | None = None

    def __call__(self, l: int, h: Tensor | None, p: Distribution) -> Drawn:
        t = self.temperature if isinstance(self.temperature, int | float) else self.temperature[l]
        q = p if t == 1 else tempered(p, float(t))
        if self.truncation is not None:
            q = truncated(q, self.truncation)
        # a sample of the model needs no gradient: families without a reparameterised draw are welcome here
        draw = q.rsample if q.has_rsample else q.sample
        return Drawn(draw(missing(q, self.batch_shape)), q, aligned=True)
