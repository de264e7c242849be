"""All figures of one stage."""

from torch import Tensor, nn

from vaelab.metrics.active_units import ActiveUnits
from vaelab.metrics.elbo_split import ElboSplit
from vaelab.model import Terms


class Figures(nn.Module):
    """The ELBO split and, with `z_dims`, the active units, since the last reset. A Module, so that its sums move
    with the model to its device."""

    def __init__(self, depth: int, units: str, n_dims: int, z_dims: list[int] | None = None) -> None:
        super().__init__()
        self.split = ElboSplit(depth, units, n_dims)
        self.alive = None if z_dims is None else ActiveUnits(z_dims)

    def update(self, terms: Terms, objective: Tensor) -> None:
        self.split.update(terms, objective)
        if self.alive is not None:
            self.alive.update(terms)

    def compute(self) -> dict[str, float]:
        """{name: value} over all images since the reset, over all ranks. Empty when there were none."""
        if self.split.update_count == 0:
            return {}
        return self.split.compute() | ({} if self.alive is None else self.alive.compute())

    def reset(self) -> None:
        self.split.reset()
        if self.alive is not None:
            self.alive.reset()
