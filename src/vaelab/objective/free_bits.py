"""A floor under each layer's KL."""

from torch import Tensor

from vaelab.config.types import NonNegative
from vaelab.model import Terms
from vaelab.objective.objective import Objective, need_kls


class FreeBits(Objective):
    """reconstruction - Σ_l max(floor, mean over the batch of kl_l) (Kingma et al. 2016, eq. 15), nats a layer.

    Below `floor_nats` a layer's KL has no gradient: it may carry that much for nothing. Raises ConfigError for
    layers that are not aligned, whose terms are log-ratios and can be negative.
    """

    def __init__(self, *, floor_nats: NonNegative) -> None:
        self.floor_nats = floor_nats

    def __call__(self, terms: Terms, step: int) -> Tensor:
        need_kls(terms, "free_bits", instead="elbo")
        floored = [cost.mean().clamp(min=self.floor_nats) for cost in terms.costs]
        return terms.reconstruction - sum(floored[1:], floored[0])
