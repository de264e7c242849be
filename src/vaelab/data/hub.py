"""Data sets of the Hugging Face hub, or a local folder laid out like one."""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from vaelab.config.types import PositiveInt
from vaelab.data.cache import Decoded, cached
from vaelab.data.files import stamps, walk
from vaelab.data.image_data import ImageData
from vaelab.data.pixels import Decoder
from vaelab.data.reach import offline, reachable
from vaelab.data.split import SPLITS, Splits, fill
from vaelab.data.units import Transform
from vaelab.errors import ConfigError, DataError


class Hub(ImageData):
    """The images of `path`, a data set id or a local folder, through `datasets`; decoded once into a cache.

    `splits` says what the hub calls train, val and test; a val or test of null is cut off train, 10 % each,
    always the same images. `image` is the column, or null to find it. A data set of the hub is fetched once
    and then always the same: no run asks the network again for what is in the cache.
    """

    holds = "bytes"

    def __init__(
        self,
        *,
        path: str,
        config_name: str | None,
        image: str | None,
        splits: dict[str, str | None],
        size: list[PositiveInt] | None,
        channels: Literal[1, 3],
        batch_size: PositiveInt,
        transform: Transform,
    ) -> None:
        super().__init__(batch_size=batch_size, transform=transform, name=f"hub ({path})")
        if sorted(splits) != sorted(SPLITS) or splits["train"] is None:
            raise ConfigError("data.splits must name train, val and test; val and test may be null, train not")
        self.path, self.config_name, self.image = path, config_name, image
        self.given = {split: str(splits[split]) for split in SPLITS if splits[split] is not None}
        self.decoder = Decoder(size, channels)

    def read(self) -> Splits:
        source, local = self._source()
        folder = Path(self.path).expanduser()
        key = {
            "hub": source,
            "files": stamps(folder, walk(folder)) if local else None,
            "config_name": self.config_name,
            "image": self.image,
            "splits": self.given,
            "size": self.decoder.size,
            "channels": self.decoder.channels,
        }
        return cached(key, partial(self._decode, source, local), f"data={self.name}")

    def labels(self, split: str) -> np.ndarray | None:
        """The set's only column of classes; None where there is none or several, or where some are not told (-1)."""
        from datasets import ClassLabel

        rows = self._rows(*self._source())
        columns = [name for name, feature in rows["train"][0].features.items() if isinstance(feature, ClassLabel)]
        table, taken = rows[split]
        if len(columns) != 1 or columns[0] not in table.features:
            return None
        labels = np.asarray(table.with_format("numpy")[columns[0]][:], np.int64)[taken]
        return labels if (labels >= 0).all() else None

    def _source(self) -> tuple[str, bool]:
        """What `datasets` loads, and whether it is a local folder. Raises DataError for a path that is neither."""
        folder = Path(self.path).expanduser()
        local = folder.is_dir()
        if not local and (folder.is_absolute() or self.path[0] in ".~" or self.path.count("/") > 1):
            raise DataError(f"data={self.name}: there is no such folder, and an id of the hub is owner/name")
        return (str(folder.resolve()) if local else self.path), local

    def _rows(self, source: str, local: bool) -> "dict[str, tuple[Any, range | np.ndarray]]":
        """Of each split: the table it is taken from, and its rows there."""
        loaded = load(source, local, self.config_name, list(self.given.values()), f"data={self.name}")
        tables = dict(zip(self.given, loaded, strict=True))
        plan = fill({split: len(table) for split, table in tables.items()}, f"data={self.name}")
        return {split: (tables[s], range(len(tables[s])) if r is None else r) for split, (s, r) in plan.items()}

    def _decode(self, source: str, local: bool) -> Decoded:
        rows = self._rows(source, local)
        column = self.image or image_column(rows["train"][0].features, self.name)
        return {split: (len(taken), self._images(table, column, taken)) for split, (table, taken) in rows.items()}

    def _images(self, table: Any, column: str, rows: "range | np.ndarray") -> Iterator[np.ndarray]:
        from datasets import Image

        try:
            table = table.select_columns([column]).cast_column(column, Image())
        except Exception as error:
            raise DataError(
                f"data={self.name}: column {column!r} holds no images, or is not there; data.image may be "
                f"one of {', '.join(table.column_names)} ({type(error).__name__})"
            ) from error

        def opened(row: int) -> Any:
            image = table[row][column]
            if image is None:
                raise DataError("has no image")
            return image

        for row in rows:
            yield self.decoder(f"data={self.name}: row {row}", partial(opened, int(row)))


def load(source: str, local: bool, config_name: str | None, names: list[str], title: str) -> list[Any]:
    """The named splits, a `datasets.Dataset` each. Raises one line of DataError, in seconds when offline."""
    try:
        from datasets import load_dataset
    except ImportError as error:
        raise DataError(f"{title} needs the package datasets: pip install 'vaelab[hub]' ({error})") from error
    unreachable = not local and not reachable()
    try:
        with offline() if unreachable else nullcontext():
            return load_dataset(source, config_name, split=names)
    except Exception as error:  # load_dataset has no error type of its own
        if isinstance(error, ConnectionError) or (unreachable and isinstance(error, OSError)):
            raise DataError(
                f"{title}: the data set could not be reached, this machine seems to be offline and has no "
                "copy. Run once with a network and HF_HUB_OFFLINE unset; or use data=mnist5k, which needs "
                "none, data=hub data.path=<local folder>, or data=arrays or data=folder with your own images."
            ) from error
        raise DataError(f"{title} cannot be loaded: {' '.join(str(error).split())}") from error


def image_column(features: Any, name: str) -> str:
    """The column called image or img, or else the only one that holds images."""
    from datasets import Image

    for column in ("image", "img"):
        if column in features:
            return column
    found = [column for column, feature in features.items() if isinstance(feature, Image)]
    if len(found) != 1:
        raise DataError(
            f"data={name}: {len(found) or 'no'} columns hold images; say which with data.image, one of "
            f"{', '.join(found or features)}"
        )
    return found[0]
