"""What the loop asks of a decoder."""

from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.nn import Shape


class Decoder(nn.Module):
    """A state h passes from the top layer to the data; layers count from 0, next to the data.

    `p(l, h)` is p(z_l | z_>l) for every layer below the top, `update(l, h, z)` takes z_l into the state (h is None
    at the top), `params(h)` is what the likelihood reads. `state_shape(l)` is the shape of h before layer l.
    """

    def p(self, l: int, h: Tensor) -> Distribution:
        raise NotImplementedError

    def update(self, l: int, h: Tensor | None, z: Tensor) -> Tensor:
        raise NotImplementedError

    def params(self, h: Tensor) -> Tensor:
        raise NotImplementedError

    def state_shape(self, l: int) -> Shape:
        raise NotImplementedError
