"""A skip state that every layer adds to: p sees all layers above."""

from functools import partial

from torch import Tensor, nn

from vaelab.config.types import PositiveInt
from vaelab.decoder.decoder import Decoder
from vaelab.distributions import DiagonalNormal, Scale, ToNormal
from vaelab.nn import NetFactory, Shape


class Residual(Decoder):
    """h ← h + W z_l, then h ← h + f_l(h); p(z_l | z_>l) and p(x | z_1..L) read h, a vector of `width`.

    The widened family of ResNet VAE, NVAE and VDVAE (Kingma et al. 2016, section 4; Child 2021, section 3).

        z_L ─┐      z_{L-1} ─┐           z_1 ─┐
             h ──────────────h── … ───────────h──→ x
    """

    def __init__(
        self, z_dims: list[int], params_shape: Shape, *, net: NetFactory, width: PositiveInt, scale: Scale
    ) -> None:
        super().__init__()
        self.width, self.z_dims = width, list(z_dims)
        depth = len(z_dims)
        self.into = nn.ModuleList(nn.Linear(d, width) for d in z_dims)
        self.blocks = nn.ModuleList(net((width,), (width,), layer=l) for l in range(depth))
        self.heads = nn.ModuleList(ToNormal(partial(nn.Linear, width), d, scale) for d in z_dims[:-1])
        self.out = net((width,), params_shape, layer=0)

    def p(self, l: int, h: Tensor) -> DiagonalNormal:
        return self.heads[l](h)

    def update(self, l: int, h: Tensor | None, z: Tensor) -> Tensor:
        h = self.into[l](z) if h is None else h + self.into[l](z)
        return h + self.blocks[l](h)

    def params(self, h: Tensor) -> Tensor:
        return self.out(h)

    def state_shape(self, l: int) -> Shape:
        return (self.width,)
