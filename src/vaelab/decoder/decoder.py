"""What the loop asks of a decoder."""

from typing import Any, ClassVar, Literal

from torch import Tensor, nn
from torch.distributions import Distribution

from vaelab.nn import Shape


class Decoder(nn.Module):
    """A state h passes from the top layer to the data; layers count from 0, next to the data.

    The state is the decoder's own: a tensor, or what an encoder made for it knows how to read. `layout` says which
    setting of the model lists the layers. `p(l, h)` is p(z_l | z_>l) for every layer below the top,
    `update(l, h, z)` takes z_l into the state (h is None at the top), `params(h)` is what the likelihood reads.
    `state_shape(l)` is the shape of h before layer l.
    """

    layout: ClassVar[Literal["z_dims", "stages"]] = "z_dims"
    z_dims: list[int]

    def p(self, l: int, h: Any) -> Distribution:
        raise NotImplementedError

    def update(self, l: int, h: Any, z: Tensor) -> Any:
        raise NotImplementedError

    def params(self, h: Any) -> Tensor:
        raise NotImplementedError

    def state_shape(self, l: int) -> Shape:
        raise NotImplementedError
