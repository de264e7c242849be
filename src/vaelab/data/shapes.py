"""Made images of simple shapes whose factors are known, in the manner of dSprites."""

import itertools

import numpy as np

from vaelab.config.types import PositiveInt
from vaelab.data.image_data import ImageData
from vaelab.data.split import Splits, cut
from vaelab.data.units import Transform

SHAPES = ("square", "ellipse", "heart")
# after which turn a shape looks the same again: its angles are dealt over that
PERIODS = np.array([0.5, 1.0, 2.0]) * np.pi
SCALES, ANGLES = 4, 8
# the factors of an image, in the order of `factors`
FACTORS = ("shape", "scale", "angle", "x", "y")


class Shapes(ImageData):
    """White shapes on black, `size`×`size`: 3 shapes × 4 scales × 8 angles × `places`² positions, each once.

    The factors are independent and uniform, so that what a latent unit holds can be told. dSprites itself (Matthey et
    al. 2017) is an .npz for data=arrays.
    """

    holds = "bytes"

    def __init__(
        self, *, size: PositiveInt, places: PositiveInt, batch_size: PositiveInt, transform: Transform
    ) -> None:
        super().__init__(batch_size=batch_size, transform=transform, name="shapes")
        self.size, self.places = size, places

    def read(self) -> Splits:
        x = draw(self.factors(), self.size, self.places)
        return {split: x[rows] for split, rows in cut(len(x), (0.1, 0.1)).items()}

    def factors(self) -> np.ndarray:
        """The factors of every image before it is dealt to a split, [N, 5] whole numbers, named by `FACTORS`."""
        ranges = (len(SHAPES), SCALES, ANGLES, self.places, self.places)
        return np.array(list(itertools.product(*map(range, ranges))))

    def labels(self, split: str) -> np.ndarray:
        """Which shape it is."""
        return self.factors()[cut(len(self.factors()), (0.1, 0.1))[split], 0]


def draw(factors: np.ndarray, size: int, places: int) -> np.ndarray:
    """The images of these factors, [N, 1, size, size], bytes 0 and 255."""
    shape, scale, angle, column, row = factors.T[:, :, None, None]
    # pixel centres, -1 … 1 over the picture, seen from the middle of the shape, turned and scaled with it
    y, x = (np.mgrid[:size, :size] + 0.5) * 2 / size - 1
    middle = np.linspace(-0.5, 0.5, places) if places > 1 else np.zeros(1)
    x, y = x - middle[column], y - middle[row]
    turn = PERIODS[shape] * angle / ANGLES
    radius = 0.25 + 0.2 * scale / (SCALES - 1)
    u = (np.cos(turn) * x + np.sin(turn) * y) / radius
    v = (np.cos(turn) * y - np.sin(turn) * x) / radius
    square = np.maximum(abs(u), abs(v)) <= 0.7
    ellipse = u**2 + (v / 0.5) ** 2 <= 1
    # (u² + v² - 1)³ < u² v³, the point downwards
    a, b = 1.2 * u, -1.2 * v
    heart = (a**2 + b**2 - 1) ** 3 <= a**2 * b**3
    inside = np.choose(shape, [square, ellipse, heart])
    return (255 * inside).astype(np.uint8)[:, None]
