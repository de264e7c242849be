"""q as a normalizing flow of a Gaussian."""

from typing import ClassVar, Literal

from torch import Tensor, nn

from vaelab.config.types import PositiveInt
from vaelab.distributions import Autoregressive, DiagonalNormal, NormalizingFlow, ToNormal, whole
from vaelab.posterior.posterior import Head, MakeNet, used_on


def flow(
    make_net: MakeNet,
    z_dim: int,
    layer: int,
    *,
    kind: Literal["iaf", "maf", "nsf"],
    transforms: PositiveInt,
    widths: list[PositiveInt],
    context: PositiveInt,
    layers: list[PositiveInt] | None,
) -> "ToFlow | ToNormal":
    """A diagonal Gaussian bent by autoregressive maps (Kingma et al. 2016, algorithm 1) on `layers` (1 is z1; None:
    all of them), a diagonal Gaussian as it is on the others.

    `kind`, `transforms` and `widths` as in `vaelab.distributions.Autoregressive`; the maps read `context` numbers.
    """
    if not used_on(layer, layers):
        return ToNormal(make_net, z_dim, "free")
    return ToFlow(make_net, z_dim, context, Autoregressive(kind, z_dim, context, transforms, widths))


class ToFlow(Head):
    """μ and log σ of the base and the maps' context, all from one network: 2d + c outputs."""

    has_mean: ClassVar[bool] = False

    def __init__(self, make_net: MakeNet, z_dim: int, context: int, f: Autoregressive) -> None:
        super().__init__()
        self.z_dim = z_dim
        self.net: nn.Module = make_net(2 * z_dim + context)
        self.f = f

    def forward(self, context: Tensor) -> NormalizingFlow:
        params = whole(self.net(context))
        base = DiagonalNormal.from_params(params[..., : 2 * self.z_dim])
        return NormalizingFlow(self.f(params[..., 2 * self.z_dim :]), base)
