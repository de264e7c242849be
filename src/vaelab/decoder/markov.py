"""The seed's chain: each layer sees only the one above it."""

from torch import Tensor, nn

from vaelab.decoder.decoder import Decoder
from vaelab.distributions import DiagonalNormal
from vaelab.nn import NetFactory, Shape


class Markov(Decoder):
    """p(x, z) = p(x | z_1) Π p(z_{i-1} | z_i) p(z_L), seed equation 16. The state is the last z itself.

        z_L → z_{L-1} → … → z_1 → x
    """

    def __init__(self, z_dims: list[int], params_shape: Shape, *, net: NetFactory) -> None:
        super().__init__()
        self.z_dims = list(z_dims)
        outs: list[Shape] = [params_shape, *((2 * d,) for d in z_dims[:-1])]
        self.nets = nn.ModuleList(net((d,), out, layer=l) for l, (d, out) in enumerate(zip(z_dims, outs, strict=True)))

    def p(self, l: int, h: Tensor) -> DiagonalNormal:
        return DiagonalNormal.from_params(self.nets[l + 1](h))

    def update(self, l: int, h: Tensor | None, z: Tensor) -> Tensor:
        return z

    def params(self, h: Tensor) -> Tensor:
        return self.nets[0](h)

    def state_shape(self, l: int) -> Shape:
        return (self.z_dims[l + 1],)
