"""The importance-weighted bound as an objective."""

import math

from torch import Tensor

from vaelab.config.types import PositiveInt
from vaelab.model import Terms
from vaelab.objective.objective import Objective


class Iwae(Objective):
    """log (1/K) Σ_k exp(log_weight_k) with K = `samples` (Burda et al. 2016, eq. 8), [B] nats.

    No closed form enters: every layer's term is the log-ratio at its draw. K = 1 is the ELBO with a sampled kl. A
    record of more draws, as evaluation has, gives the same K-sample bound with less noise, never a tighter one.
    """

    samples: int

    def __init__(self, *, samples: PositiveInt) -> None:
        self.samples = samples

    def __call__(self, terms: Terms, step: int) -> Tensor:
        return bound(in_groups(terms.log_weight, self.samples))


def in_groups(log_weight: Tensor, samples: int) -> Tensor:
    """[S, B] or [B] -> [n, K, B]: n groups of K draws. What is left over is dropped; fewer draws are one group."""
    draws = log_weight if log_weight.dim() > 1 else log_weight[None]
    k = min(samples, len(draws))
    n = len(draws) // k
    return draws[: n * k].unflatten(0, (n, k))


def bound(groups: Tensor) -> Tensor:
    """The K-sample bound of each group of log weights [n, K, B], averaged over the groups, [B]."""
    return (groups.logsumexp(1) - math.log(groups.shape[1])).mean(0)
