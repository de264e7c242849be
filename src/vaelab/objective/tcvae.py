"""The kl cut into mutual information, total correlation and the units' own divergence."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vaelab.config.types import NonNegative
from vaelab.distributions import DiagonalNormal
from vaelab.errors import ConfigError
from vaelab.model import Latent, Terms
from vaelab.objective.objective import Objective


class TcVae(Objective):
    """reconstruction - a·MI - β·TC - c·dimension kl, [B] nats (Chen et al. 2018, eq. 4; a, β, c are the settings).

    MI = log q(z|x) - log q(z), TC = log q(z) - Σ_u log q(z_u), dimension kl = Σ_u log q(z_u) - log p(z), at the draws,
    with q(z) = (1/N) Σ_n q(z | x_n) over the `n_images` of training, estimated from the batch (`aggregate`). Their sum
    is the log-ratio at the draw whatever the estimate: with all weights 1 its expectation is the ELBO. The estimate
    of log q(z) is low, as that of any logarithm of a mean: MI reads too high in a small batch. The figures of a whole
    set are those of `vaelab.diagnostics.total_correlation`. Raises ConfigError for more than one layer and for a q that
    is no diagonal Gaussian.
    """

    def __init__(
        self, n_images: int, *, mi_weight: NonNegative, beta: NonNegative, dimension_weight: NonNegative
    ) -> None:
        self.n_images, self.mi_weight, self.beta, self.dimension_weight = n_images, mi_weight, beta, dimension_weight

    def kl_weight(self, step: int) -> float:
        """The least of the three shares' weights: all of the kl costs that much."""
        return min(self.mi_weight, self.beta, self.dimension_weight)

    def __call__(self, terms: Terms, step: int) -> Tensor:
        if len(terms.latents) > 1:
            raise ConfigError("objective=tcvae is for one latent layer; use model=vae, or objective=beta.")
        (latent,) = terms.latents
        assert latent.q is not None
        log_q, log_units = aggregate(latent, self.n_images)
        mutual, total = latent.q.log_prob(latent.z) - log_q, log_q - log_units
        dimension = log_units - latent.p.log_prob(latent.z)
        cost = self.mi_weight * mutual + self.beta * total + self.dimension_weight * dimension
        return terms.reconstruction - (cost.mean(0) if cost.dim() > 1 else cost)


class Aggregate(NamedTuple):
    """log q(z) and Σ_u log q(z_u) at the draws, [.., B] nats."""

    joint: Tensor
    units: Tensor


def aggregate(latent: Latent, n_images: int) -> Aggregate:
    """log q(z) and Σ_u log q(z_u) by minibatch stratified sampling (Chen et al. 2018, appendix C.2).

    For the draw of image i the density q(z | x_i) counts 1/N and each of the B-1 others (N-1) / N(B-1). (The paper
    gives one of the others a weight of its own; this is its mean over which one that is.) Before the logarithm that is
    q(z) without bias, and B = N is q(z) itself.
    """
    q, z = latent.q, latent.z
    if not isinstance(q, DiagonalNormal):
        raise ConfigError(
            f"objective=tcvae needs a posterior with independent units, not {type(q).__name__}: use posterior=diagonal."
        )
    loc, log_scale = (t.flatten(1) for t in (q.loc, q.log_scale.expand_as(q.loc)))
    z = z.flatten(z.dim() - q.event_dims)
    B, N = len(loc), n_images
    others = (N - 1) / (N * (B - 1)) if B > 1 else 1.0
    log_weights = torch.full((B, B), math.log(others) if others else -math.inf, dtype=z.dtype, device=z.device)
    log_weights.fill_diagonal_(-math.log(N))
    # [.., B, B, d]: unit u of draw i under the posterior of image j
    each = DiagonalNormal(loc[..., None], log_scale[..., None]).log_prob(z[..., :, None, :, None])
    joint = torch.logsumexp(each.sum(-1) + log_weights, -1)
    return Aggregate(joint, torch.logsumexp(each + log_weights[..., None], -2).sum(-1))
