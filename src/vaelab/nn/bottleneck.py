"""The block that deep convolutional VAEs are made of."""

import math

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from vaelab.nn.layers import Activation, make_activation


class Bottleneck(nn.Module):
    """1×1 down to `middle` channels, 3×3, 3×3, 1×1 up to `out`, an activation before each (Child 2021, figure 3).

    `residual` adds the input to it. `gain` scales the last weights at the start: 1/√N in a residual path of N blocks
    keeps its variance, 0 makes the block begin as nothing. Maps of at most two pixels a side have no neighbours worth
    a 3×3. `recompute` keeps no activations for the backward pass but makes them again: the same gradient from less
    memory and a third more time.
    """

    def __init__(
        self,
        width: int,
        middle: int,
        out: int,
        size: tuple[int, int],
        activation: Activation,
        residual: bool = False,
        gain: float = 1.0,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.residual, self.recompute = residual, recompute
        kernel = 3 if min(size) > 2 else 1
        convolutions = [
            nn.Conv2d(width, middle, 1),
            nn.Conv2d(middle, middle, kernel, padding=kernel // 2),
            nn.Conv2d(middle, middle, kernel, padding=kernel // 2),
            nn.Conv2d(middle, out, 1),
        ]
        for convolution in convolutions:
            nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
        with torch.no_grad():
            convolutions[-1].weight *= gain
        self.body = nn.Sequential(*(m for conv in convolutions for m in (make_activation(activation), conv)))

    def forward(self, x: Tensor) -> Tensor:
        if self.recompute and torch.is_grad_enabled():
            out = checkpoint(self.body, x, use_reentrant=False, preserve_rng_state=False)
        else:
            out = self.body(x)
        return x + out if self.residual else out


def middle_of(width: int, bottleneck: float) -> int:
    """The channels inside a block on maps of `width`."""
    return max(1, math.floor(width * bottleneck))
