"""The one interface of an objective."""

from typing import Protocol

from torch import Tensor

from vaelab.model import Terms


class Objective(Protocol):
    """(terms, step) -> [B] nats, maximised. `settled(step)`: the weights have reached their last value.

    Until then the ELBO is not what is being optimised, and no checkpoint is chosen as the best.
    """

    def __call__(self, terms: Terms, step: int) -> Tensor: ...

    def settled(self, step: int) -> bool: ...
