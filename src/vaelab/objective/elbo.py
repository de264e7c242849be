"""The ELBO itself."""

from torch import Tensor

from vaelab.model import Terms


class Elbo:
    """reconstruction - kl. Seed equations 4 and 18."""

    def __call__(self, terms: Terms, step: int) -> Tensor:
        return terms.elbo

    def settled(self, step: int) -> bool:
        return True
