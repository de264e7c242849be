"""A density on the line, cut into one bin for each byte.

A byte v stands at y = 2v/255 - 1 in [-1, 1] and owns the bin y ± 1/255; the first and last bins take the tails. Means
and scales are on that line, x and its mean are bytes. [..] is any shape: all but the class at the end is elementwise.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.likelihood.location_scale import LocationScale

T = TypeVar("T", float, Tensor)
# e^10 is ten thousand times the whole line: a bin has no less than 3e-7 of a scale, and 32 bits still know it
MAX_LOG_SCALE = 10.0


class Standard(Protocol):
    """A family's member of location 0 and scale 1, symmetric about 0; logs in nats."""

    def cdf(self, u: Tensor) -> Tensor: ...
    def log_cdf(self, u: Tensor) -> Tensor: ...

    def log_between(self, middle: Tensor, width: Tensor) -> Tensor:
        """log of the mass of middle ± width/2, exact in both tails and for bins of any width; gradients are finite."""
        ...

    def draw(self, like: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Bins:
    """P(x) = F((y + h - loc)/s) - F((y - h - loc)/s) for x in 0..levels-1, y where x stands, h half a bin.

    Salimans et al. 2017 (PixelCNN++), eq. 2, for one component; a byte has 256 levels.

    loc: [..]; log_scale: anything that broadcasts to it, log s.
    """

    loc: Tensor
    log_scale: Tensor
    family: Standard
    levels: int = 256

    def log_prob(self, x: Tensor) -> Tensor:
        """log P(x), nats, elementwise; x broadcasts against loc."""
        x, per_scale = x.to(self.loc.dtype), torch.exp(-self.log_scale)
        middle, width = (on_line(x, self.levels) - self.loc) * per_scale, 2.0 / (self.levels - 1) * per_scale
        first, last = x <= 0, x >= self.levels - 1
        # what lies below the upper edge of the first bin, or, mirrored, above the lower edge of the last
        tail = self.family.log_cdf(torch.where(first, middle, -middle) + 0.5 * width)
        return torch.where(first | last, tail, self.family.log_between(middle, width))

    def mean(self) -> Tensor:
        """E[x] in 0..levels-1, [..]: Σ_v P(x ≥ v), exact."""
        per_scale, total = torch.exp(-self.log_scale), torch.zeros_like(self.loc)
        for v in range(1, self.levels):
            total = total + self.family.cdf((self.loc - on_line(v - 0.5, self.levels)) * per_scale)
        return total

    def sample(self) -> Tensor:
        """x in 0..levels-1, [..]: the nearest value to a draw on the line."""
        y = self.loc + torch.exp(self.log_scale) * self.family.draw(self.loc)
        return ((y + 1) * 0.5 * (self.levels - 1)).round().clamp(0, self.levels - 1)

    def expand(self, *shape: int) -> "Bins":
        return Bins(self.loc.expand(shape), self.log_scale, self.family, self.levels)


def on_line(x: T, levels: int) -> T:
    """Where the values 0..levels-1 stand on [-1, 1]."""
    return (2 * x - (levels - 1)) / (levels - 1)


class DiscretisedImages(Distribution):
    """Independent bins [.., C, H, W]."""

    arg_constraints: dict = {}

    def __init__(self, bins: Bins) -> None:
        self.bins = bins
        super().__init__(bins.loc.shape[:-3], bins.loc.shape[-3:], validate_args=False)

    @property
    def mean(self) -> Tensor:
        return self.bins.mean()

    def sample(self, sample_shape: torch.Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        return self.bins.expand(*sample_shape, *self.bins.loc.shape).sample()

    def log_prob(self, value: Tensor) -> Tensor:
        return self.bins.log_prob(value).flatten(-3).sum(-1)


class Discretised(LocationScale):
    """Each byte has its own bins: loc(z), and one learned scale for all or s(z) for each. A scale of 1 is half of the
    line that the bytes lie on."""

    takes = ("byte",)
    family: ClassVar[Standard]

    def forward(self, params: Tensor) -> Distribution:
        loc, log_scale = self.read(params)
        return DiscretisedImages(Bins(loc, log_scale.clamp(max=MAX_LOG_SCALE), self.family))
