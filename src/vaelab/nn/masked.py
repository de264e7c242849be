"""Convolutions that look back only: the network of a Gated PixelCNN."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from vaelab.config.types import PositiveInt


class GatedLayer(nn.Module):
    """One layer of two stacks (van den Oord et al. 2016b, figure 2 and equation 4), kernels cut and not masked.

        v: rows above, all columns    ──(k/2+1 × k)── + context ──gate── v
                                             │ 1×1
        h: this row, columns before   ──(1 × k/2+1)── + ──gate──1×1── + h

    Both kernels end at the pixel itself: what looks back is the input, which the network shifts.
    """

    def __init__(self, c_in: int, channels: int, features: int, kernel: int) -> None:
        super().__init__()
        self.side = kernel // 2
        self.down = nn.Conv2d(c_in, 2 * channels, (self.side + 1, kernel))
        self.context = nn.Conv2d(features, 2 * channels, 1, bias=False)
        self.between = nn.Conv2d(2 * channels, 2 * channels, 1, bias=False)
        self.across = nn.Conv2d(c_in, 2 * channels, (1, self.side + 1))
        self.out = nn.Conv2d(channels, channels, 1)
        self.residual = c_in == channels

    def vertical(self, v: Tensor, context: Tensor) -> Tensor:
        """Before the gate, [N, 2·channels, H, W]: what both stacks go on from."""
        return self.down(F.pad(v, (self.side, self.side, self.side, 0))) + self.context(context)

    def horizontal(self, h: Tensor, above: Tensor) -> Tensor:
        out = self.out(gate(self.across(F.pad(h, (self.side, 0, 0, 0))) + self.between(above)))
        return out + h if self.residual else out


class GatedPixelCNN(nn.Module):
    """x [N, C, H, W], context [N, features, H, W] -> [N, planes, H, W]; no pixel's output sees it or one after it.

    In raster order, all channels of a pixel at once; every pixel before it within `reach` is seen, none is blind. The
    context is added in every layer (Gulrajani et al. 2017, PixelVAE). Raises ValueError for a kernel that is even or 1.
    """

    layers: Sequence[GatedLayer]

    def __init__(
        self,
        c_in: int,
        planes: int,
        features: PositiveInt,
        *,
        channels: PositiveInt,
        layers: PositiveInt,
        kernel: int,
    ) -> None:
        super().__init__()
        if kernel < 3 or kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, 3 or more: {kernel} has no middle, or sees no neighbour")
        self.features = features
        stack = [GatedLayer(channels if l else c_in, channels, features, kernel) for l in range(layers)]
        self.layers = nn.ModuleList(stack)  # type: ignore[assignment]
        self.head = nn.Sequential(
            nn.ReLU(), nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, planes, 1)
        )
        # rows up, and columns to the left, of the furthest pixel that is seen
        self.reach = 1 + layers * (kernel // 2)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        return self.along(x, self.above(x, context))

    def above(self, x: Tensor, context: Tensor) -> list[Tensor]:
        """What each layer knows of the rows above, at every pixel: [N, 2·channels, H, W] each."""
        v, known = F.pad(x, (0, 0, 1, -1)), []
        for layer in self.layers:
            known.append(layer.vertical(v, context))
            v = gate(known[-1])
        return known

    def along(self, x: Tensor, above: list[Tensor]) -> Tensor:
        """The output, from the pixels before in the same row: rows do not meet here."""
        h = F.pad(x, (1, -1, 0, 0))
        for layer, known in zip(self.layers, above, strict=True):
            h = layer.horizontal(h, known)
        return self.head(h)


def gate(x: Tensor) -> Tensor:
    """tanh(a) σ(b) of the two halves of the channels."""
    a, b = x.chunk(2, dim=1)
    return a.tanh() * b.sigmoid()
