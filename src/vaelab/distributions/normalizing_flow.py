"""A density made from a simple one by an invertible map."""

from typing import Any, Literal

import torch
from torch import Size, Tensor, nn
from torch.distributions import Distribution

from vaelab.distributions.operations import tempered

# which map, and which of its two directions is one pass of a network
Family = Literal["maf", "iaf", "nsf"]


class NormalizingFlow(Distribution):
    """log p(z) = log base(f(z)) + log |det ∂f/∂z| in nats (Rezende & Mohamed 2015); f is `to_base`, of zuko.

    The density of a draw of its own is remembered, for that very tensor: it is known as soon as the draw is, and for
    an f that is slow this way (inverse autoregressive: d passes) nothing else is ever asked of a posterior.
    There is no mean and no entropy in closed form: NotImplementedError.
    """

    arg_constraints: dict = {}
    has_rsample = True

    def __init__(self, to_base: Any, base: Distribution) -> None:
        self.to_base, self.base = to_base, base
        self._drawn: tuple[Tensor, Tensor, bool] | None = None
        super().__init__(base.batch_shape, base.event_shape, validate_args=False)

    def rsample(self, sample_shape: Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        u = self.base.rsample(Size(sample_shape))
        with _whole_precision(u):
            z, log_det = self.to_base.inv.call_and_ladj(u)
        self._drawn = z, self.base.log_prob(u) - log_det, torch.is_grad_enabled()
        return z

    def log_prob(self, value: Tensor) -> Tensor:
        if self._drawn is not None:
            own, log_prob, with_gradient = self._drawn
            if value is own and (with_gradient or not torch.is_grad_enabled()):
                return log_prob
        # zuko asks for z of the whole shape, [.., *batch, d]
        z = value.expand(*torch.broadcast_shapes(value.shape[:-1], self.batch_shape), -1)
        with _whole_precision(z):
            u, log_det = self.to_base.call_and_ladj(z)
        return self.base.log_prob(u) + log_det


class Autoregressive(nn.Module):
    """`context` [.., c] (None where c = 0) -> f, `transforms` masked autoregressive maps of z onto the base.

    `maf`: affine, a density is one pass and a draw d (Papamakarios et al. 2017). `iaf`: affine, a draw is one pass and
    a density d (Kingma et al. 2016). `nsf`: splines of 8 bins on [-5, 5], the identity beyond (Durkan et al. 2019);
    they go the way of `iaf` where there is a context, that of `maf` where there is none. The masked networks have
    `widths` hidden units and ReLUs; the order of the units is turned around from map to map.
    """

    def __init__(self, family: Family, z_dim: int, context: int, transforms: int, widths: list[int]) -> None:
        super().__init__()
        from zuko.flows import MAF, NSF

        make = NSF if family == "nsf" else MAF
        # the flow's own base is left out
        self.maps = make(z_dim, context, transforms=transforms, hidden_features=widths).transform
        if z_dim == 1 and context == 0:
            # constants, which zuko draws from N(0, 1): a start far from the base
            for parameter in self.maps.parameters():
                nn.init.normal_(parameter, std=0.1)
        self.quick_draws = family == "iaf" or (family == "nsf" and context > 0)

    def forward(self, context: Tensor | None = None) -> Any:
        f = self.maps(context)
        return f.inv if self.quick_draws else f


def _whole_precision(like: Tensor) -> torch.autocast:
    """The networks inside a density run when it is asked for, under mixed precision if nobody says otherwise."""
    return torch.autocast(like.device.type, enabled=False)


@tempered.register
def _(distribution: NormalizingFlow, temperature: float) -> Distribution:
    if temperature == 1.0:
        return distribution
    return NormalizingFlow(distribution.to_base, tempered(distribution.base, temperature))
