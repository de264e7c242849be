"""How many nats about x each layer carries, over a whole set of images."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.encoder import BottomUp
from vaelab.model import Hierarchy
from vaelab.proposal import Drawn, Proposal


@dataclass(frozen=True)
class Information:
    """Nats per image of each layer, from z_1 up, with standard errors over the `n` images.

    Top-down: I_q(x; z_i | z_>i), which add up to I_q(x; z_1..L). Bottom-up: I_q(z_{i-1}; z_i), z_0 = x, which bounds
    I_q(x; z_i) from above. No estimate can exceed log n: `saturated` marks those within a nat of it.
    """

    nats: tuple[float, ...]
    stderr: tuple[float, ...]
    n: int

    @property
    def saturated(self) -> tuple[bool, ...]:
        return tuple(nats > math.log(self.n) - 1 for nats in self.nats)


@torch.no_grad()
def information(hierarchy: Hierarchy, x: Tensor, max_rows: int) -> Information:
    """From one draw of z for each image of x [N, C, H, W], scored under q(z | x_m) of every image m.

    log q(z_n) = logsumexp_m log q(z_n | x_m) - log N, over all m and n itself (Hoffman & Johnson 2016). N² passes,
    `max_rows` at a time.
    """
    encoded = hierarchy.encode(x)
    drawn = hierarchy.generate(hierarchy.encoder.propose(encoded))
    z = [latent.z for latent in drawn.latents]
    if isinstance(hierarchy.encoder, BottomUp):
        each = _of_a_chain(hierarchy.encoder, encoded, z)
    else:
        each = _of_a_ladder(hierarchy, encoded, z, max_rows)
    nats = tuple(values.mean().item() for values in each)
    errors = tuple(values.std().item() / math.sqrt(len(x)) for values in each)
    return Information(nats, errors, len(x))


def _of_a_chain(encoder: BottomUp, q: Distribution, z: list[Tensor]) -> list[Tensor]:
    """log q(z_i^n | z_{i-1}^n) - log (1/N) Σ_m q(z_i^n | z_{i-1}^m), [N] for each layer."""
    each = []
    for l, draws in enumerate(z):
        q = q if l == 0 else encoder.q(l, z[l - 1])
        scores = torch.stack([q.log_prob(draw) for draw in draws]).double()  # [n, m]
        each.append(scores.diagonal() - _mean(scores))
    return each


def _of_a_ladder(hierarchy: Hierarchy, encoded: Any, z: list[Tensor], max_rows: int) -> list[Tensor]:
    """The increments over layers, from the top, of log q(z_≥i^n | x_n) - log (1/N) Σ_m q(z_≥i^n | x_m)."""
    n = len(z[0])
    rows, block = [], max(1, max_rows // n)
    for start in range(0, n, block):
        few = [draws[start : start + block] for draws in z]
        proposal = hierarchy.encoder.propose(encoded, (len(few[0]),))
        given = _given([draws[:, None].expand(-1, n, -1) for draws in few], proposal)
        latents = hierarchy.generate(given).latents
        scores = torch.stack([_log_q(latent.q, latent.z) for latent in reversed(latents)]).double()
        scores = scores.cumsum(0)  # from z_L down: log q(z_≥i | x_m), [L, n, m]
        own = scores[:, torch.arange(len(few[0])), torch.arange(start, start + len(few[0]))]
        rows.append(own - _mean(scores))
    ladder = torch.cat(rows, 1)
    return list(reversed([ladder[0], *(ladder[1:] - ladder[:-1])]))


def _given(z: list[Tensor], source: Proposal) -> Proposal:
    """These values, with the density that `source` would have drawn them from."""
    return lambda l, h, p: Drawn(z[l], source(l, h, p).q, aligned=True)


def _log_q(q: Distribution | None, z: Tensor) -> Tensor:
    assert q is not None
    return q.log_prob(z)


def _mean(scores: Tensor) -> Tensor:
    """log (1/M) Σ_m exp(scores [.., M])."""
    return scores.logsumexp(-1) - math.log(scores.shape[-1])
