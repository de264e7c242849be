"""The images as they were before any binarisation, and the range that counts as black to white."""

import torch
from torch import Tensor

from vaelab.data.image_data import ImageData


def stored(data: ImageData, split: str) -> Tensor:
    """A split as its source gives it, [N, C, H, W], uint8 or float32: grey where `data.split` is binarised."""
    if data.transform == "static_binarisation":
        return torch.from_numpy(data.read()[split])
    return data.split(split)


def span(data: ImageData) -> tuple[float, float]:
    """What is shown as 0 and as 1: 0 and 255 of bytes, 0 and 1 of values between them, or else the lowest and the
    highest value of the training split."""
    x = stored(data, "train")
    if x.dtype == torch.uint8:
        return 0.0, 255.0
    low, high = float(x.min()), float(x.max())
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)


def to_unit(x: Tensor, low: float, high: float) -> Tensor:
    """x as float32 in [0, 1]; what lies outside is clipped."""
    return ((x.float() - low) / max(high - low, 1e-12)).clamp(0, 1)
