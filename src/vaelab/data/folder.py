"""Images of your own in a folder."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from vaelab.config.types import ExistingPath, PositiveInt
from vaelab.data.cache import Decoded, cached
from vaelab.data.files import stamps, walk
from vaelab.data.image_data import ImageData
from vaelab.data.pixels import Decoder
from vaelab.data.split import SPLITS, Splits, fill
from vaelab.data.units import Transform
from vaelab.errors import DataError

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff")
SUBFOLDERS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}


class Folder(ImageData):
    """Every image below a folder, in the order of the names.

    If it has subfolders train, val and test, those are the splits and nothing else is read. What has no
    subfolder is cut off train, or off the whole, 10 % each, always the same images. `size` is [H, W], or
    null if all images have one size. They are decoded once into a cache.
    """

    holds = "bytes"

    def __init__(
        self,
        *,
        path: ExistingPath,
        size: list[PositiveInt] | None,
        channels: Literal[1, 3],
        batch_size: PositiveInt,
        transform: Transform,
    ) -> None:
        super().__init__(batch_size=batch_size, transform=transform, name="folder")
        self.path, self.decoder = Path(path).expanduser(), Decoder(size, channels)

    def read(self) -> Splits:
        given = find(self.path)
        title = f"data=folder ({self.path})"
        plan = fill({split: len(names) for split, names in given.items()}, title)
        names = {
            split: given[source] if rows is None else [given[source][row] for row in rows]
            for split, (source, rows) in plan.items()
        }
        key = {
            "folder": str(self.path.resolve()),
            "files": {split: stamps(self.path, names[split]) for split in SPLITS},
            "size": self.decoder.size,
            "channels": self.decoder.channels,
        }
        return cached(key, partial(self._decode, names), title)

    def _decode(self, names: dict[str, list[str]]) -> Decoded:
        return {split: (len(names[split]), self._images(names[split])) for split in SPLITS}

    def _images(self, names: list[str]) -> Iterator[np.ndarray]:
        from PIL import Image

        for name in names:
            file = self.path / name
            yield self.decoder(f"data=folder: {file}", partial(Image.open, file))


def find(root: Path) -> dict[str, list[str]]:
    """Images below `root`, relative and sorted: those of each split's subfolder, or all as train."""
    if not root.is_dir():
        raise DataError(f"data=folder: {root} is not a folder; for .npz and .npy there is data=arrays")
    names = [name for name in walk(root) if name.lower().endswith(ENDINGS)]
    if not names:
        raise DataError(f"data=folder: {root} has no images ({' '.join(ENDINGS)}), in its subfolders neither")
    found = {
        split: [name for name in names if name.split("/")[0] in aliases and "/" in name]
        for split, aliases in SUBFOLDERS.items()
    }
    given = {split: files for split, files in found.items() if files}
    if given and "train" not in given:
        raise DataError(f"data=folder: {root} has a subfolder for {' and '.join(given)} but no images in train/")
    return given or {"train": names}
