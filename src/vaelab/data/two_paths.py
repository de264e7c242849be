"""Made images on a torus: to the same place lead two paths."""

import numpy as np

from vaelab.config.types import Positive, PositiveInt
from vaelab.data.image_data import ImageData
from vaelab.data.split import Splits, cut
from vaelab.data.units import Transform

# of a von Mises bump: the larger, the narrower
CONCENTRATION = 2.0


class TwoPaths(ImageData):
    """`count` noisy pictures, `size`×`size`, of one soft spot, its place uniform; what leaves at one edge comes back
    at the opposite one.

    The places are a torus, and no continuous map of the plane onto a torus is one to one: both edges of a cut show the
    same pictures. A model with z in R² has images that two z explain, however well it is trained.
    `noise` is the standard deviation of the Gaussian on every pixel: likelihood=gaussian with variance = `noise`² is
    the truth.
    """

    def __init__(
        self, *, size: PositiveInt, noise: Positive, count: PositiveInt, batch_size: PositiveInt, transform: Transform
    ) -> None:
        super().__init__(batch_size=batch_size, transform=transform, name="two_paths")
        self.size, self.noise, self.count = size, noise, count

    def read(self) -> Splits:
        rng = np.random.default_rng(0)
        clean = spot(rng.random((self.count, 2)), self.size)
        x = (clean + self.noise * rng.standard_normal(clean.shape)).astype(np.float32)
        return {split: x[rows] for split, rows in cut(self.count, (0.1, 0.1)).items()}


def spot(place: np.ndarray, size: int) -> np.ndarray:
    """The pictures without noise, [N, 1, size, size] from 0 to 1; `place` [N, 2] is (row, column) in turns: 0 and 1 are
    one place."""
    pixels = (np.arange(size) + 0.5) / size
    profile = np.exp(CONCENTRATION * (np.cos(2 * np.pi * (pixels - place[..., None])) - 1))  # [N, 2, size]
    return (profile[:, 0, :, None] * profile[:, 1, None, :])[:, None]
