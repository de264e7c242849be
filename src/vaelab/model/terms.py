"""The record of one pass: every number of the ELBO, and all that is derived from them.

Shapes: B images; K draws of z for each where the pass was asked for several. Units: nats per image, summed over
pixels and units.
"""

import math
from contextlib import suppress
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import Distribution, kl_divergence

from vaelab.cached import cached
from vaelab.distributions import log_ratio


@dataclass(frozen=True)
class Latent:
    """One layer of one pass: the draw z [.., B, d], its density q, the model's p, and whether the two are aligned.

    Aligned means conditioned on the same z_>l. Only then is their divergence a KL of this layer.
    """

    z: Tensor
    q: Distribution | None
    p: Distribution
    aligned: bool

    @property
    def _density(self) -> Distribution:
        if self.q is None:
            raise ValueError("a clamped layer was given, not drawn: it has no density and the pass no ELBO")
        return self.q

    @cached
    def log_ratio(self) -> Tensor:
        """log q(z) - log p(z) at the draw, [.., B]. The only form that may enter a K-sample bound."""
        return log_ratio(self.z, self._density, self.p)

    @cached
    def cost(self) -> Tensor:
        """The same expectation with the least noise, [.., B].

        Aligned: KL(q ‖ p) in closed form where torch knows one. Where there is none, or q and p are not aligned (a
        bottom-up layer below the top, whose p is conditioned on a z drawn after this one: a closed form there is
        biased): the analytic entropy of q and log p at the draw. Where q has no known entropy: the log-ratio.
        """
        q = self._density
        if self.aligned:
            with suppress(NotImplementedError):
                return kl_divergence(q, self.p)
        try:
            entropy = q.entropy()
        except NotImplementedError:
            return self.log_ratio
        return -entropy - self.p.log_prob(self.z)


@dataclass(frozen=True)
class Terms:
    """One batch, one record: objectives, metrics, diagnostics and pictures all read it.

    `latents` run from z_1, next to the data, to z_L. `px` is p(x | z); `log_px` [.., B] its value at the data,
    None when the pass had no data.
    """

    latents: tuple[Latent, ...]
    px: Distribution
    log_px: Tensor | None

    @property
    def _log_px(self) -> Tensor:
        if self.log_px is None:
            raise ValueError("this pass had no data: give `x` to `generate` to have a likelihood and an ELBO")
        return self.log_px

    @property
    def aligned(self) -> bool:
        """Whether every layer's term is a KL."""
        return all(latent.aligned for latent in self.latents)

    @cached
    def reconstruction(self) -> Tensor:
        """E_q log p(x | z) per image, [B]."""
        return _over_draws(self._log_px)

    @cached
    def costs(self) -> tuple[Tensor, ...]:
        """Each layer's share of the kl per image, from z_1 to z_L, [B] each. They add up to `kl`."""
        return tuple(_over_draws(latent.cost) for latent in self.latents)

    @cached
    def kl(self) -> Tensor:
        """E_q[log q(z | x) - log p(z)] per image, [B]."""
        return sum(self.costs[1:], self.costs[0])

    @cached
    def elbo(self) -> Tensor:
        """reconstruction - kl per image, [B]: a lower bound of log p(x). Seed equations 4 and 18."""
        return self.reconstruction - self.kl

    @cached
    def log_weight(self) -> Tensor:
        """log p(x, z) - log q(z | x) at the draws, [.., B]: no closed form enters. Seed equation 17."""
        ratios = [latent.log_ratio for latent in self.latents]
        return self._log_px - sum(ratios[1:], ratios[0])

    @cached
    def iw_bound(self) -> Tensor:
        """log (1/K) Σ_k exp(log_weight_k) per image, [B] (Burda et al. 2016, eq. 8). K = 1 gives log_weight."""
        if self.log_weight.dim() == 1:
            return self.log_weight
        return torch.logsumexp(self.log_weight, dim=0) - math.log(self.log_weight.shape[0])


def _over_draws(values: Tensor) -> Tensor:
    """The mean over the leading draws: [K, B] -> [B]; [B] stays."""
    return values.mean(0) if values.dim() > 1 else values
