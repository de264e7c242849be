"""q = N(μ, F Fᵀ + diag(σ²))."""

from torch import Tensor, nn

from vaelab.config.types import PositiveInt
from vaelab.distributions import CorrelatedNormal, DiagonalNormal, ToNormal, low_rank_normal, whole
from vaelab.posterior.posterior import Head, MakeNet, used_on


def low_rank(
    make_net: MakeNet, z_dim: int, layer: int, *, rank: PositiveInt, layers: list[PositiveInt] | None
) -> "ToLowRankNormal | ToNormal":
    """A Gaussian whose units share `rank` directions of noise beside their own (factor covariance, Ong et al. 2018) on
    `layers` (1 is z1; None: all of them), a diagonal one on the others."""
    return ToLowRankNormal(make_net, z_dim, rank) if used_on(layer, layers) else ToNormal(make_net, z_dim, "free")


class ToLowRankNormal(Head):
    """μ and σ as in `DiagonalNormal.from_params`, F [d, rank] as the network gives it: d (2 + rank) outputs."""

    def __init__(self, make_net: MakeNet, z_dim: int, rank: int) -> None:
        super().__init__()
        self.z_dim, self.rank = z_dim, rank
        self.net: nn.Module = make_net(z_dim * (2 + rank))

    def forward(self, context: Tensor) -> CorrelatedNormal:
        params = whole(self.net(context))
        diagonal = DiagonalNormal.from_params(params[..., : 2 * self.z_dim])
        factor = params[..., 2 * self.z_dim :].unflatten(-1, (self.z_dim, self.rank))
        return low_rank_normal(diagonal.loc, factor, diagonal.log_scale)
