"""The importance-weighted bound with the doubly reparameterised gradient."""

from functools import singledispatch

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.config.types import PositiveInt
from vaelab.distributions import DiagonalNormal, log_ratio
from vaelab.errors import ConfigError
from vaelab.model import Terms
from vaelab.objective.iwae import bound, in_groups
from vaelab.objective.objective import Objective


class Dreg(Objective):
    """The value of `iwae`, [B] nats, with another estimate of its gradient (Tucker et al. 2019, eq. 8-9).

    With w̃_k = w_k / Σ w_j: the encoder gets Σ_k w̃_k² ∂log w_k/∂z_k · ∂z_k/∂φ, whose signal does not drown in noise as K
    grows; all else gets IWAE's own Σ_k w̃_k ∂log w_k/∂θ. Reading ∂log w_k/∂z_k costs one backward pass of the decoder
    more. Raises ConfigError for more than one layer (Bauer & Mnih 2021 have the rule for those) and for a q without
    `stopped`.
    """

    samples: int

    def __init__(self, *, samples: PositiveInt) -> None:
        self.samples = samples

    def __call__(self, terms: Terms, step: int) -> Tensor:
        if len(terms.latents) > 1:
            raise ConfigError("objective=dreg is for one latent layer; use model=vae, or objective=iwae.")
        value = bound(in_groups(terms.log_weight, self.samples))
        (latent,) = terms.latents
        if not latent.z.requires_grad:  # evaluation: there is nothing to differentiate
            return value
        assert latent.q is not None and terms.log_px is not None
        log_weight = terms.log_px - log_ratio(latent.z, stopped(latent.q), latent.p)
        groups = in_groups(log_weight, self.samples)
        share = groups.detach().softmax(1)
        live = (share * groups).sum(1).mean(0)
        # through z this has w̃_k where w̃_k² is wanted: the difference is added by hand, so that the graph of the terms
        # stays as it is for whoever differentiates them too
        (slope,) = torch.autograd.grad(live.sum(), latent.z, retain_graph=True)
        share = share.flatten(0, 1)
        draws, images = share.shape
        slope, z = (t.reshape(-1, images, latent.q.event_shape.numel())[:draws] for t in (slope, latent.z))
        missing = ((share - 1)[..., None] * slope * z).sum((0, 2))
        live = live + missing
        return value.detach() + live - live.detach()


@singledispatch
def stopped(q: Distribution) -> Distribution:
    """q with constants for parameters: its density's gradient goes to the draw alone.

    Raises ConfigError for a family that has no rule for it.
    """
    raise ConfigError(
        f"objective=dreg needs q with its gradient stopped, which is not known for {type(q).__name__}. "
        "Use posterior=diagonal, or objective=iwae."
    )


@stopped.register
def _(q: DiagonalNormal) -> DiagonalNormal:
    return DiagonalNormal(q.loc.detach(), q.log_scale.detach(), q.event_dims)
