"""The one interface of an objective."""

from abc import ABC, abstractmethod

from torch import Tensor

from vaelab.errors import ConfigError
from vaelab.model import Terms
from vaelab.objective.schedule import Restarted, Schedule


def need_kls(terms: Terms, objective: str, instead: str) -> None:
    """Raise ConfigError for layers that are not aligned, whose terms are log-ratios and can be negative."""
    if not terms.aligned:
        raise ConfigError(
            f"objective={objective} needs a KL in every layer; bottom-up inference has log-ratios below the top. "
            f"Use encoder=top_down, or objective={instead}."
        )


class Objective(ABC):
    """(terms, step) -> [B] nats, maximised: a function of the record of one pass and of the optimiser step.

    `samples` is how many draws of z an image it is made from in training; None is one, without a dimension for it.
    """

    samples: int | None = None
    schedule: Schedule | None = None  # of its weights, where they change with the step

    @abstractmethod
    def __call__(self, terms: Terms, step: int) -> Tensor: ...

    def kl_weight(self, step: int) -> float:
        """How many nats of reconstruction a nat of kl costs: 1 in the ELBO."""
        return 1.0

    def settled(self, step: int) -> bool:
        """Whether its weights have reached their last value. Until then the ELBO is not what is being optimised, and
        no checkpoint is chosen as the best."""
        return True

    @property
    def warms_up(self) -> bool:
        """Whether it has a schedule that needs steps to settle, so that there is something to restart."""
        return self.schedule is not None and not self.schedule.settled(0)

    def restart(self, step: int) -> None:
        """Let its schedule begin again at `step`, for good."""
        if self.schedule is not None:
            self.schedule = Restarted(self.schedule, step)

    def figures(self) -> dict[str, float]:
        """What an objective with a memory has to show beside the figures of every objective: {name: value}."""
        return {}

    def observe(self, terms: Terms) -> None:  # noqa: B027  most objectives remember nothing
        """What an objective with a memory learns from a training step, and from nothing else."""
