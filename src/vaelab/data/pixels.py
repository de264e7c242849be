"""From an encoded image to bytes [C, H, W]."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from vaelab.errors import ConfigError, DataError

if TYPE_CHECKING:
    from PIL.Image import Image

Size = tuple[int, int]


class Decoder:
    """Opens images one by one, [C, H, W] uint8 each, and holds them all to one size.

    `size` is [H, W], or None for images that are alike already; `channels` is 1 (grey) or 3 (RGB).
    """

    def __init__(self, size: Sequence[int] | None, channels: int) -> None:
        if size is not None and (len(size) != 2 or min(size) < 1):
            raise ConfigError(f"data.size={list(size)}: must be [H, W] in pixels, or null for images as they are")
        self.size: Size | None = None if size is None else (int(size[0]), int(size[1]))
        self.channels = channels
        self._first: tuple[str, Size] | None = None

    def __call__(self, name: str, opener: Callable[[], "Image"]) -> np.ndarray:
        """The image that `opener` gives; `name` is what a message calls it. Raises DataError."""
        try:
            with opener() as image:
                x = to_bytes(image, self.size, self.channels)
        except DataError as error:
            raise DataError(f"{name} {error}") from error
        except Exception as error:  # a decoder on a damaged file can raise anything
            raise DataError(f"{name} cannot be read as an image ({type(error).__name__}: {error})") from error
        h, w = x.shape[1:]
        if self._first is None:
            self._first = name, (h, w)
        elif self._first[1] != (h, w):
            raise DataError(
                f"{name} has (H, W) = {(h, w)}, but {self._first[0]} has {self._first[1]}; "
                "say data.size=[H,W] to crop and resize all images to one size"
            )
        return x


def to_bytes(image: "Image", size: Size | None, channels: int) -> np.ndarray:
    """[C, H, W] uint8: turned as its camera says, on white where transparent, the first frame of several.

    To `size` = (H, W) by the largest centred crop of that aspect, then an antialiased (bilinear) resize.
    """
    from PIL import Image, ImageOps

    if image.mode[0] in "IF":
        # Pillow would clip these to 255 without a word
        raise DataError(f"has more than 8 bits a channel (mode {image.mode}); save it as 8 bits, or use data=arrays")
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("L" if channels == 1 else "RGB")
    if size is not None and image.size != size[::-1]:
        h, w = size
        scale = min(image.width / w, image.height / h)
        crop_w, crop_h = max(1, round(w * scale)), max(1, round(h * scale))
        left, top = (image.width - crop_w) // 2, (image.height - crop_h) // 2
        # not ImageOps.fit: its filter reaches beyond the crop, so that what was cut away shows at the edges
        image = image.crop((left, top, left + crop_w, top + crop_h)).resize((w, h), Image.Resampling.BILINEAR)
    x = np.asarray(image)
    return x[None] if channels == 1 else np.ascontiguousarray(x.transpose(2, 0, 1))
