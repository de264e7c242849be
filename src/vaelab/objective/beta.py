"""A weighted KL."""

from torch import Tensor

from vaelab.model import Terms
from vaelab.objective.objective import Objective
from vaelab.objective.schedule import Schedule


class Beta(Objective):
    """reconstruction - β(step) · kl (Higgins et al. 2017, eq. 4; as a warm-up, Bowman et al. 2016, section 3.1).

    Only at β = 1 is it the ELBO; the reported `elbo` always is.
    """

    schedule: Schedule

    def __init__(self, *, schedule: Schedule) -> None:
        self.schedule = schedule

    def __call__(self, terms: Terms, step: int) -> Tensor:
        return terms.reconstruction - self.schedule(step) * terms.kl

    def kl_weight(self, step: int) -> float:
        return self.schedule(step)

    def settled(self, step: int) -> bool:
        return self.schedule.settled(step)
