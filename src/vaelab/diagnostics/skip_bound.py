"""The ELBO with the lower layers drawn from the model: how many nats each layer carries."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.distributions import DiagonalNormal
from vaelab.model import Hierarchy, Latent
from vaelab.proposal import Ancestral, Drawn, Proposal, Split


@torch.no_grad()
def skip_bound(hierarchy: Hierarchy, x: Tensor, ks: Sequence[int], samples: int, max_rows: int) -> Tensor:
    """L^{>k} of each image of x [N, C, H, W] for each k of `ks`, [N, len(ks)] nats, float64.

    Maaløe et al. 2019, eq. 12: z_{k+1..L} from q(z | x), z_1..k from p; k = 0 is the ELBO, k = L E_p(z) log p(x | z).
    Each is a mean over `samples` draws, and all k share them, so that differences have less noise than either. Every
    one is a lower bound of log p(x); bottom-up a looser one, by I(z_k; z_{k+1} | x) under q, for 0 < k < L (`Split`).
    """
    parts = []
    for some in x.split(max_rows):
        encoded, done = hierarchy.encode(some), 0
        total = torch.zeros(len(some), len(ks), dtype=torch.float64, device=x.device)
        while done < samples:
            n = min(max(1, max_rows // len(some)), samples - done)
            kept = hierarchy.generate(hierarchy.encoder.propose(encoded, (n,)), some)
            for i, k in enumerate(ks):
                below = _same_noise(kept.latents, Ancestral((n, len(some))))
                terms = hierarchy.generate(Split(k, _again(kept.latents), below), some) if k else kept
                total[:, i] += terms.elbo.double() * n
            done += n
        parts.append(total / samples)
    return torch.cat(parts)


def _again(latents: Sequence[Latent]) -> Proposal:
    """The draws of a pass, under the densities they came from."""
    return lambda l, h, p: Drawn(latents[l].z, latents[l].q, latents[l].aligned)


def _same_noise(latents: Sequence[Latent], otherwise: Proposal) -> Proposal:
    """z_l ~ p with the noise that gave z_l ~ q in a pass, where both are diagonal Gaussians: where they are equal, so
    are the draws. Bottom-up that noise is in the layers above already, and must be fresh."""

    def proposal(l: int, h: Tensor | None, p: Distribution) -> Drawn:
        z, q = latents[l].z, latents[l].q
        if not (latents[l].aligned and isinstance(q, DiagonalNormal) and isinstance(p, DiagonalNormal)):
            return otherwise(l, h, p)
        return Drawn(p.loc + p.scale * (z - q.loc) / q.scale, p, aligned=True)

    return proposal
