"""Labelled images that ship inside a package."""

from abc import abstractmethod

import numpy as np

from vaelab.data.image_data import ImageData
from vaelab.data.split import Splits, cut


class Bundled(ImageData):
    """A table of bytes with a class for each image; fixed split of 80/10/10 %, each class shared out alike."""

    holds = "bytes"

    @abstractmethod
    def table(self) -> tuple[np.ndarray, np.ndarray]:
        """All images [N, C, H, W] and the class of each, [N]."""

    def read(self) -> Splits:
        x, labels = self.table()
        return {split: x[rows] for split, rows in _rows(labels).items()}

    def labels(self, split: str) -> np.ndarray:
        _, labels = self.table()
        return labels[_rows(labels)[split]]


def _rows(labels: np.ndarray) -> dict[str, np.ndarray]:
    return cut(len(labels), (0.1, 0.1), labels=labels)
