"""All figures of one stage."""

import warnings
from collections.abc import Sequence

from torch import Tensor, nn

from vaelab.metrics.active_units import ActiveUnits, LayerUnits
from vaelab.metrics.elbo_split import ElboSplit
from vaelab.model import Terms


class Figures(nn.Module):
    """The ELBO split and, with `z_dims`, the active units from `draws` draws an image, since the last reset.

    A Module, so that its sums move with the model to its device."""

    def __init__(
        self, aligned: Sequence[bool], units: str, n_dims: int, z_dims: list[int] | None = None, draws: int = 1
    ) -> None:
        super().__init__()
        self.split = ElboSplit(aligned, units, n_dims)
        self.alive = None if z_dims is None else ActiveUnits(z_dims, draws)

    def update(self, terms: Terms, objective: Tensor) -> None:
        self.split.note(terms, objective)
        if self.alive is not None:
            self.alive.update(terms)

    def compute(self) -> dict[str, float]:
        """{name: value} over all images since the reset, over all ranks. Empty when there were none."""
        with warnings.catch_warnings():
            # a stage without images yet is no fault here
            warnings.filterwarnings("ignore", message=".*called before the ``update``.*")
            figures = self.split.compute()
        return figures | self.alive.compute() if figures and self.alive is not None else figures

    def units(self) -> list[LayerUnits]:
        """Every unit of every layer since the reset, over all ranks; empty without `z_dims`, or without images."""
        return [] if self.alive is None else self.alive.units()

    def reset(self) -> None:
        self.split.reset()
        if self.alive is not None:
            self.alive.reset()
