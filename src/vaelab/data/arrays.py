"""Images of your own as NumPy arrays."""

from pathlib import Path
from typing import Literal

import numpy as np

from vaelab.config.types import ExistingPath, PositiveInt
from vaelab.data.image_data import ImageData
from vaelab.data.split import SPLITS, Splits, fill
from vaelab.data.units import Transform
from vaelab.errors import DataError

Layout = Literal["auto", "nhw", "nchw", "nhwc"]


class Arrays(ImageData):
    """An .npz with arrays `train`, `val` and `test`, or an .npz or .npy with one array; [N, H, W] or 4-D.

    A val or test that is not there is cut off train, 10 % each, always the same images. float32 stays as it
    is, float64 is rounded to it, whole numbers 0..255 become bytes, bool becomes 0.0 and 1.0.
    """

    def __init__(
        self,
        *,
        path: ExistingPath,
        layout: Literal["auto", "nhw", "nchw", "nhwc"],
        batch_size: PositiveInt,
        transform: Transform,
    ) -> None:
        super().__init__(batch_size=batch_size, transform=transform, name="arrays")
        self.path, self.layout = Path(path).expanduser(), layout
        self._names: dict[str, str] = {}
        self._plan: dict[str, tuple[str, np.ndarray | None]] = {}

    def read(self) -> Splits:
        arrays = load(self.path)
        self._names = {"train": next(iter(arrays))} if "train" not in arrays else {s: s for s in arrays}
        images = {
            split: to_values(to_nchw(arrays[name], self.layout, self._array(name)), self._array(name))
            for split, name in self._names.items()
        }
        self._plan = fill({split: len(x) for split, x in images.items()}, f"data=arrays: {self.path}")
        return {
            split: images[source] if rows is None else images[source][rows]
            for split, (source, rows) in self._plan.items()
        }

    def origin(self, split: str, index: int | None = None) -> str:
        source, rows = self._plan[split]
        array = self._array(self._names[source])
        if index is None:
            return f"the {split} split, from {array}," if rows is not None else array
        return f"image {index if rows is None else rows[index]} (counted from 0) of {array}"

    def _array(self, name: str) -> str:
        return f"array {name!r} of {self.path}" if name else str(self.path)


def load(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file by name: those named after splits, or else its only array ("" in an .npy)."""
    try:
        # never allow_pickle: a pickle runs code of whoever wrote the file
        with open(path, "rb") as file:
            held = np.load(file, allow_pickle=False)
            if isinstance(held, np.ndarray):
                return {"": held}
            names = [name for name in SPLITS if name in held.files]
            if not names and len(held.files) == 1:
                names = list(held.files)
            elif "train" not in names:
                raise DataError(
                    f"data=arrays: {path} holds the arrays {', '.join(held.files) or '(none)'}; expected one "
                    "named train (and val and test, or they are cut off train), or a single array"
                )
            arrays = {name: held[name] for name in names}
    except DataError:
        raise
    except Exception as error:  # np.load on a damaged file raises a dozen kinds, TokenError among them
        raise DataError(
            f"data=arrays: {path} cannot be read as .npz or .npy: it is of another kind, damaged, or holds "
            f"Python objects ({type(error).__name__}: {' '.join(str(error).split())})"
        ) from error
    for name, x in arrays.items():
        if not isinstance(x, np.ndarray):
            raise DataError(f"data=arrays: {name!r} of {path} is not an array")
    return arrays


def to_nchw(x: np.ndarray, layout: Layout, where: str) -> np.ndarray:
    """x as [N, C, H, W], a view of it. Raises DataError for a shape that does not fit or fits two ways."""
    if x.ndim == 2:
        n, d = x.shape
        raise DataError(
            f"data=arrays: {where} has shape [{n}, {d}], flat images; reshape it to [N, 1, H, W] with "
            f"H·W = {d} and save it again"
        )
    if x.ndim == 3 and layout in ("auto", "nhw"):
        return x[:, None]
    if x.ndim == 4 and layout == "auto":
        # grey or colour first: a side of four pixels is commoner than four channels
        for channels in ((1, 3), (4,)):
            planes_second, planes_last = x.shape[1] in channels, x.shape[3] in channels
            if planes_second or planes_last:
                break
        if planes_second == planes_last:
            raise DataError(
                f"data=arrays: {where} has shape {list(x.shape)}, in which the channels could be axis 1 or "
                "axis 3; say which with data.layout=nchw or data.layout=nhwc"
            )
        layout = "nchw" if planes_second else "nhwc"
    if x.ndim == 4 and layout in ("nchw", "nhwc"):
        return x if layout == "nchw" else x.transpose(0, 3, 1, 2)
    raise DataError(
        f"data=arrays: {where} has shape {list(x.shape)}, which does not fit data.layout={layout}; "
        "data.layout=nhw is for [N, H, W], nchw for [N, C, H, W], nhwc for [N, H, W, C], auto for all three"
    )


def to_values(x: np.ndarray, where: str) -> np.ndarray:
    """x as uint8 or float32. Raises DataError for values that are neither bytes nor real numbers."""
    kind = x.dtype.kind
    if kind in "bf":
        with np.errstate(over="ignore"):  # a number too large for float32 turns inf, which check_splits reports
            return x.astype(np.float32, copy=False)
    if kind not in "ui":
        raise DataError(f"data=arrays: {where} is of type {x.dtype}, expected whole or real numbers or bool")
    if x.size:
        low, high = int(x.min()), int(x.max())
        if low < 0 or high > 255:
            raise DataError(
                f"data=arrays: {where} holds whole numbers from {low} to {high}; bytes must be 0..255. "
                "Save other values as float32."
            )
        if high == 1:
            # as bytes these would be two shades of black, and nothing downstream would notice
            raise DataError(
                f"data=arrays: {where} is {x.dtype} with only 0 and 1, but whole numbers mean bytes 0..255. "
                "Save black-and-white images as bool, or as 0 and 255."
            )
    return x.astype(np.uint8, copy=False)
