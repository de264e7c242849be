"""The aggregate posterior q(z) = (1/N) Σ_n q(z | x_n) of a whole split, and the cut of the kl that it gives.

Legend: N images, d units; `mean` and `log_scale` [N, d] are q's of each image, `z` [N, d] or [S, N, d] its draws, in
the images' order. Everything is reckoned in 64 bits, in blocks of `BLOCK` numbers.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.diagnostics.passes import BLOCK, log_aggregate
from vaelab.distributions import DiagonalNormal, draw
from vaelab.distributions.diagonal_normal import HALF_LOG_2PI
from vaelab.errors import ConfigError
from vaelab.model import Hierarchy


class Shares(NamedTuple):
    """The kl of each draw in three, nats, [N] or [S, N] each; they add up to log q(z | x) - log p(z).

    mutual_information  log q(z | x) - log q(z)        I(x; z), at most log N
    total_correlation   log q(z) - Σ_u log q(z_u)      how dependent the units are
    dimension_kl        Σ_u log q(z_u) - log p(z)      how far each unit is from the prior
    """

    mutual_information: Tensor
    total_correlation: Tensor
    dimension_kl: Tensor


class Posteriors(NamedTuple):
    """q(z | x) of every image: mean and log scale [N, d], and one draw of each, z [N, d]."""

    mean: Tensor
    log_scale: Tensor
    z: Tensor


@torch.no_grad()
def posteriors(hierarchy: Hierarchy, batches: Iterable[Tensor]) -> Posteriors:
    """What the functions below take, from a model of one latent layer and batches [B, C, H, W] in units.

    Raises ConfigError for a q that is no diagonal Gaussian.
    """
    parts = []
    for x in batches:
        q = hierarchy.q_top(x)
        if not isinstance(q, DiagonalNormal):
            raise ConfigError(
                f"the mixture of all q(z | x) is known for diagonal Gaussians, not for {type(q).__name__}: "
                "use posterior=diagonal."
            )
        parts.append([part.flatten(1) for part in (q.loc, q.log_scale.expand_as(q.loc), draw(q, q.batch_shape))])
    return Posteriors(*(torch.cat(part) for part in zip(*parts, strict=True)))


@torch.no_grad()
def total_correlation(mean: Tensor, log_scale: Tensor, z: Tensor, prior: Distribution) -> Shares:
    """The shares of each draw (Chen et al. 2018, eq. 2), with q(z) and q(z_u) mixtures over all N images.

    Exact but for the draws: no mini-batch stands for the whole. N²·d exponentials.
    """
    mean, log_scale, draws = mean.double(), log_scale.double().expand_as(mean), z.double()
    N, d = mean.shape
    side = max(1, math.isqrt(BLOCK // d))
    joint, units = [], []
    for rows in draws.reshape(-1, d).split(side):
        log_q = rows.new_full((len(rows),), -math.inf)
        log_u = rows.new_full((len(rows), d), -math.inf)
        for loc, scale in zip(mean.split(side), log_scale.split(side), strict=True):
            # the row maximum is taken off in each block, and the blocks are joined in the log domain
            each = _units_log_prob(rows[:, None], loc, scale)  # [rows, images, d]
            log_q = torch.logaddexp(log_q, each.sum(-1).logsumexp(1))
            log_u = torch.logaddexp(log_u, each.logsumexp(1))
        joint.append(log_q - math.log(N))
        units.append((log_u - math.log(N)).sum(-1))
    log_q, log_units = torch.cat(joint).reshape(z.shape[:-1]), torch.cat(units).reshape(z.shape[:-1])
    own = _units_log_prob(draws, mean, log_scale).sum(-1)
    return Shares(own - log_q, log_q - log_units, log_units - prior.log_prob(z).double())


@torch.no_grad()
def mutual_information(mean: Tensor, log_scale: Tensor, z: Tensor) -> Tensor:
    """log q(z | x) - log q(z) of each draw, nats, [N] or [S, N]: its mean is I_q(x; z), which log N caps.

    Hoffman & Johnson 2016, section 4. N² numbers from matrix products, where `total_correlation` needs N²·d.
    """
    q, draws = DiagonalNormal(mean.double(), log_scale.double().expand_as(mean)), z.double()
    log_q = log_aggregate([q], draws.reshape(-1, mean.shape[-1]), max_rows=len(mean))
    return q.log_prob(draws) - log_q.reshape(z.shape[:-1])


def _units_log_prob(z: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """log N(z_u; mean_u, scale_u²) of each unit, nats."""
    return -0.5 * ((z - mean) * torch.exp(-log_scale)).square() - log_scale - HALF_LOG_2PI
