"""A network made into a conditional: context -> diagonal Gaussian."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

from vaelab.distributions.diagonal_normal import DiagonalNormal
from vaelab.distributions.operations import whole

Scale = Literal["free", "constant"]


class ToNormal(nn.Module):
    """N(μ(context), σ²) over `z_dim` units, from `make_net(n)`, a network with n outputs.

    `free` reads log σ from the context as it does μ. `constant` learns one σ for each unit, whatever the context: the
    Gaussian of linear models (Lucas et al. 2019, eq. 5), where a σ that could follow the context has no use and,
    being an exponential of it, no bound.
    """

    def __init__(self, make_net: Callable[[int], nn.Module], z_dim: int, scale: Scale) -> None:
        super().__init__()
        self.net = make_net(2 * z_dim if scale == "free" else z_dim)
        self.raw = nn.Parameter(torch.zeros(z_dim)) if scale == "constant" else None

    def forward(self, context: Tensor) -> DiagonalNormal:
        params = whole(self.net(context))
        if self.raw is None:
            return DiagonalNormal.from_params(params)
        return DiagonalNormal.bounded(params, self.raw)
