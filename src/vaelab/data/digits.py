"""1797 real digits that ship inside scikit-learn: the smallest real set, for quick trials."""

import numpy as np

from vaelab.config.types import PositiveInt
from vaelab.data.image_data import ImageData
from vaelab.data.split import Splits, cut
from vaelab.data.units import Transform


class Digits(ImageData):
    """8×8 digits, 0..16 stretched to bytes 0..255, fixed split of 80/10/10 %, each digit shared out alike."""

    holds = "bytes"

    def __init__(self, *, batch_size: PositiveInt, transform: Transform) -> None:
        super().__init__(batch_size=batch_size, transform=transform, name="digits")

    def read(self) -> Splits:
        x, labels = _table()
        return {split: x[rows] for split, rows in _rows(labels).items()}

    def labels(self, split: str) -> np.ndarray:
        labels = _table()[1]
        return labels[_rows(labels)[split]]


def _table() -> tuple[np.ndarray, np.ndarray]:
    """All images [N, 1, 8, 8] and which digit each is."""
    from sklearn.datasets import load_digits

    flat, labels = load_digits(return_X_y=True)
    return np.rint(flat * 255 / 16).astype(np.uint8).reshape(-1, 1, 8, 8), labels


def _rows(labels: np.ndarray) -> dict[str, np.ndarray]:
    return cut(len(labels), (0.1, 0.1), labels=labels)
