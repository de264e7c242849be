"""What a feature network learns to tell apart: the classes of the data, or which way up an image is."""

from collections.abc import Callable

import torch
from torch import Tensor

Unit = Callable[[Tensor], Tensor]


class Labelled:
    """Images x [N, C, H, W], brought to [0, 1] by `unit`, and their classes [N]."""

    def __init__(self, x: Tensor, labels: Tensor, unit: Unit) -> None:
        self.x, self.labels, self.unit = x, labels, unit

    def __len__(self) -> int:
        return len(self.x)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures [B, C, H, W] and classes [B] of these rows."""
        return self.unit(self.x[rows]), self.labels[rows]


class Turned:
    """Each image four times, turned by 0°, 90°, 180° and 270°; the class is the turn (RotNet, Gidaris et al. 2018).

    Of images that are not square the centre square is taken: their shape would tell the turn.
    """

    def __init__(self, x: Tensor, unit: Unit) -> None:
        h, w = x.shape[2:]
        side = min(h, w)
        top, left = (h - side) // 2, (w - side) // 2
        self.x, self.unit = x[..., top : top + side, left : left + side], unit

    def __len__(self) -> int:
        return 4 * len(self.x)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures [B, C, S, S] and turns [B] of these rows of the 4N."""
        turns = rows % 4
        x = self.unit(self.x[rows // 4])
        return torch.stack([image.rot90(int(turn), (1, 2)) for image, turn in zip(x, turns, strict=True)]), turns


Task = Labelled | Turned
