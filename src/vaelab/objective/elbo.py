"""The ELBO itself."""

from torch import Tensor

from vaelab.model import Terms
from vaelab.objective.objective import Objective


class Elbo(Objective):
    """reconstruction - kl. Seed equations 4 and 18."""

    def __call__(self, terms: Terms, step: int) -> Tensor:
        return terms.elbo
