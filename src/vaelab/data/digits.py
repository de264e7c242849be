"""1797 real digits that ship inside scikit-learn: the smallest real set, for quick trials."""

import numpy as np

from vaelab.config.types import PositiveInt
from vaelab.data.bundled import Bundled
from vaelab.data.units import Transform


class Digits(Bundled):
    """8×8 digits, 0..16 stretched to bytes 0..255, fixed split of 80/10/10 %, each digit shared out alike."""

    def __init__(self, *, batch_size: PositiveInt, transform: Transform) -> None:
        super().__init__(batch_size=batch_size, transform=transform, name="digits")

    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """All images [N, 1, 8, 8] and which digit each is."""
        from sklearn.datasets import load_digits

        flat, labels = load_digits(return_X_y=True)
        return np.rint(flat * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8), labels
