"""Free samples."""

from collections.abc import Iterator, Sequence

from torch import Tensor

from vaelab.config.types import Positive, PositiveInt
from vaelab.model import Hierarchy
from vaelab.pictures.grid import Grid
from vaelab.pictures.picture import Picture, Temperature, heat, shown, temperature_faults
from vaelab.proposal import Ancestral


class Samples(Picture):
    """`rows` rows of samples, as many in a row as there are images. Seed section 1.1 and equation 15.

    `truncation` cuts the noise of every unit at that many standard deviations; null leaves it whole.
    """

    shows_data = False

    def __init__(self, *, rows: PositiveInt, temperature: Temperature, truncation: Positive | None) -> None:
        self.rows, self.temperature, self.truncation = rows, temperature, truncation

    def faults(self, z_dims: Sequence[int], images: int) -> Iterator[str]:
        yield from temperature_faults(self.temperature, len(z_dims))

    def __call__(self, hierarchy: Hierarchy, x: Tensor) -> Grid:
        n = len(x)
        proposal = Ancestral((self.rows * n,), self.temperature, self.truncation)
        pictures, what = shown(hierarchy.generate(proposal).px)
        cut = f", cut at {self.truncation:g} standard deviations" if self.truncation is not None else ""
        every = "every layer" if hierarchy.depth > 1 else "z1"
        title = f"samples: {every} drawn from p at {heat(self.temperature)}{cut}; {what}"
        return Grid(title, [("", row) for row in pictures.split(n)])
