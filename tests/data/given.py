"""A source that holds what a test gives it."""

import numpy as np

from vaelab.data.image_data import ImageData
from vaelab.data.split import SPLITS, Splits
from vaelab.data.units import Transform


class Given(ImageData):
    def __init__(self, splits: Splits, transform: Transform = "auto", batch_size: int = 4) -> None:
        super().__init__(batch_size=batch_size, transform=transform, name="given")
        self.given = splits

    def read(self) -> Splits:
        return self.given


def greys(n: int = 12, dtype: str = "uint8") -> Splits:
    """Three splits of n random 1×5×5 images, bytes or floats in [0, 1)."""
    rng = np.random.default_rng(0)
    x = {split: rng.integers(0, 256, (n, 1, 5, 5)) for split in SPLITS}
    return {s: v.astype(np.uint8) if dtype == "uint8" else (v / 256).astype(np.float32) for s, v in x.items()}
