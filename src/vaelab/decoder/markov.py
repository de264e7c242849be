"""The seed's chain: each layer sees only the one above it."""

from torch import Tensor, nn

from vaelab.decoder.decoder import Decoder
from vaelab.distributions import DiagonalNormal, Scale, ToNormal
from vaelab.nn import NetFactory, Shape


class Markov(Decoder):
    """p(x, z) = p(x | z_1) Π p(z_{i-1} | z_i) p(z_L), seed equation 15. The state is the last z itself.

    z_L → z_{L-1} → … → z_1 → x
    """

    def __init__(self, z_dims: list[int], params_shape: Shape, *, net: NetFactory, scale: Scale) -> None:
        super().__init__()
        self.z_dims = list(z_dims)
        self.out = net((z_dims[0],), params_shape, layer=0)
        self.heads = nn.ModuleList(self._head(net, l, scale) for l in range(len(z_dims) - 1))

    def _head(self, net: NetFactory, l: int, scale: Scale) -> ToNormal:
        return ToNormal(lambda n: net((self.z_dims[l + 1],), (n,), layer=l + 1), self.z_dims[l], scale)

    def p(self, l: int, h: Tensor) -> DiagonalNormal:
        return self.heads[l](h)

    def update(self, l: int, h: Tensor | None, z: Tensor) -> Tensor:
        return z

    def params(self, h: Tensor) -> Tensor:
        return self.out(h)

    def state_shape(self, l: int) -> Shape:
        return (self.z_dims[l + 1],)
