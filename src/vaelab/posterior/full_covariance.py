"""q = N(μ, L Lᵀ)."""

import torch
from torch import Tensor, nn

from vaelab.config.types import PositiveInt
from vaelab.distributions import CorrelatedNormal, DiagonalNormal, ToNormal, full_normal, whole
from vaelab.posterior.posterior import Head, MakeNet, used_on


def full_covariance(
    make_net: MakeNet, z_dim: int, layer: int, *, layers: list[PositiveInt] | None
) -> "ToFullNormal | ToNormal":
    """A Gaussian with any covariance (Kingma & Welling 2019, section 2.5.1) on `layers` (1 is z1; None: all of them),
    a diagonal one on the others."""
    return ToFullNormal(make_net, z_dim) if used_on(layer, layers) else ToNormal(make_net, z_dim, "free")


class ToFullNormal(Head):
    """L = diag(σ) + what the network gives below the diagonal; μ and σ as in `DiagonalNormal.from_params`.

    The network has d + d + d(d-1)/2 outputs: μ, log σ, and L below its diagonal row by row.
    """

    below: Tensor

    def __init__(self, make_net: MakeNet, z_dim: int) -> None:
        super().__init__()
        self.z_dim = z_dim
        self.net: nn.Module = make_net(2 * z_dim + z_dim * (z_dim - 1) // 2)
        self.register_buffer("below", torch.tril_indices(z_dim, z_dim, -1), persistent=False)

    def forward(self, context: Tensor) -> CorrelatedNormal:
        params = whole(self.net(context))
        diagonal = DiagonalNormal.from_params(params[..., : 2 * self.z_dim])
        scale_tril = torch.diag_embed(diagonal.scale)
        scale_tril[..., self.below[0], self.below[1]] = params[..., 2 * self.z_dim :]
        return full_normal(diagonal.loc, scale_tril)
