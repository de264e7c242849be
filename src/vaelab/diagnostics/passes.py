"""One draw of every layer for each of many images, and how each draw scores under the q of every other image.

Legend: N images x_n, one draw z_1..L^n of each; S given draws; L layers, z_1 first. All densities are float64 nats.
"""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.distributions import DiagonalNormal, MixtureOfNormals
from vaelab.encoder import BottomUp
from vaelab.model import Hierarchy
from vaelab.proposal import Drawn, Proposal

# numbers in memory at a time: 32 MiB of them
BLOCK = 1 << 22


class Pass(NamedTuple):
    """What the encoder read of each block of images; z and q of each layer (q block by block); and the densities
    log q(z_l | its condition) and log p(z_l | z_>l) at the draws, [L, N]."""

    encoded: list[Any]
    z: list[Tensor]
    q: list[list[Distribution]]
    log_q: Tensor
    log_p: Tensor


@torch.no_grad()
def one_pass(hierarchy: Hierarchy, x: Tensor, max_rows: int) -> Pass:
    """One draw of z for every image of x [N, C, H, W], `max_rows` images at a time."""
    encoded, layers = [], []
    for some in x.split(max_rows):
        encoded.append(hierarchy.encode(some))
        layers.append(hierarchy.generate(hierarchy.encoder.propose(encoded[-1])).latents)
    by_layer = list(zip(*layers, strict=True))
    z = [torch.cat([latent.z for latent in blocks]) for blocks in by_layer]
    q = [[_density(latent.q) for latent in blocks] for blocks in by_layer]
    log_q = [torch.cat([_density(b.q).log_prob(b.z).double() for b in blocks]) for blocks in by_layer]
    log_p = [torch.cat([b.p.log_prob(b.z).double() for b in blocks]) for blocks in by_layer]
    return Pass(encoded, z, q, torch.stack(log_q), torch.stack(log_p))


@torch.no_grad()
def log_aggregate(q: list[Distribution], z: Tensor, max_rows: int) -> Tensor:
    """log (1/N) Σ_n q(z_s | condition n) of draws z [S, d], [S]: `q` are the N conditionals, block by block.

    Diagonal Gaussians by matrix products, in bounded memory; other families by their own density, `max_rows` at a time.
    """
    z, total, n = z.double() if isinstance(q[0], DiagonalNormal) else z, None, 0
    for some in q:
        k = some.batch_shape[0]
        if isinstance(some, DiagonalNormal):
            mixture = MixtureOfNormals(z.new_zeros(k), some.loc, some.log_scale)
            found = torch.cat([mixture.log_prob(rows) for rows in z.split(max(1, BLOCK // k))]) + math.log(k)
        else:
            rows = z.split(max(1, max_rows // k))
            found = torch.cat([some.log_prob(row[:, None]).double().logsumexp(1) for row in rows])
        total, n = found if total is None else torch.logaddexp(total, found), n + k
    assert total is not None
    return total - math.log(n)


@torch.no_grad()
def scores(hierarchy: Hierarchy, x: Tensor, z: list[Tensor], max_rows: int) -> Tensor:
    """log q(z_l^s | what z_l is conditioned on in draw s, x_n), [L, S, N], for draws z_l [S, d_l].

    Their sum over l is log q(z_1..L^s | x_n). Bottom-up, the first layer alone hangs on n.
    """
    encoded = [hierarchy.encode(some) for some in x.split(max_rows)]
    return torch.cat(list(score_blocks(hierarchy, encoded, z, max_rows)), 1)


def score_blocks(hierarchy: Hierarchy, encoded: list[Any], z: list[Tensor], max_rows: int) -> Iterator[Tensor]:
    """`scores` of some draws at a time, [L, s, N]: no more than `max_rows` draws × images pass through a network."""
    together = encoded[0].batch_shape[0] if isinstance(encoded[0], Distribution) else len(encoded[0][-1])
    for some in zip(*(layer.split(max(1, max_rows // together)) for layer in z), strict=True):
        # the decoder runs once for each draw, [s, 1]; only q meets every image, [s, N]
        given = [layer[:, None] for layer in some]
        yield torch.cat([_block(hierarchy, images, given) for images in encoded], 2)


def _block(hierarchy: Hierarchy, encoded: Any, z: list[Tensor]) -> Tensor:
    if isinstance(hierarchy.encoder, BottomUp):
        first = encoded.log_prob(z[0])
        above = [hierarchy.encoder.q(l, z[l - 1]).log_prob(z[l]).expand_as(first) for l in range(1, len(z))]
        return torch.stack([first, *above]).double()
    latents = hierarchy.generate(_given(z, hierarchy.encoder.propose(encoded))).latents
    return torch.stack([_density(latent.q).log_prob(latent.z) for latent in latents]).double()


def _given(z: list[Tensor], source: Proposal) -> Proposal:
    """These values, with the density that `source` would have drawn them from."""
    return lambda l, h, p: Drawn(z[l], source(l, h, p).q, aligned=True)


def _density(q: Distribution | None) -> Distribution:
    assert q is not None
    return q
