"""What every likelihood says of itself."""

from typing import ClassVar

from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.nn import Shape


class Likelihood(nn.Module):
    """Params [..., planes·C, H, W] -> a distribution over images [..., C, H, W], log-density summed over pixels.

    A subclass says the units of x it takes, best first (`takes`; the names are those of `vaelab.data.units`), and
    how many numbers it needs for each value of x (`planes`).
    """

    takes: ClassVar[tuple[str, ...]]

    def __init__(self, x_shape: Shape) -> None:
        super().__init__()
        self.x_shape = tuple(x_shape)

    @property
    def planes(self) -> int:
        return 1

    @property
    def params_shape(self) -> Shape:
        c, *size = self.x_shape
        return (self.planes * c, *size)

    def as_input(self, x: Tensor) -> Tensor:
        """x as a network should see it: of order one. Bytes come out between -1 and 1, all else as it is."""
        return x / 127.5 - 1.0 if self.takes == ("byte",) else x

    def forward(self, params: Tensor) -> Distribution:
        raise NotImplementedError
