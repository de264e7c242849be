"""The kl of a whole split cut in two, layer by layer: what z tells about x, and how far q(z) is from p(z)."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from vaelab.diagnostics.passes import Pass, log_aggregate, one_pass, score_blocks
from vaelab.encoder import BottomUp
from vaelab.model import Hierarchy

Form = Literal["top_down", "bottom_up"]


@dataclass(frozen=True)
class Surgery:
    """Per image and layer, [N, L] nats, float64, from one draw of z an image. Seed equations 20 and 21.

    top_down: `information` is I_q(x; z_i | z_>i), `marginal_kl` E KL(q(z_i | z_>i) ‖ p(z_i | z_>i)). All of them add up
    to kl, and the two of a layer to the layer's.
    bottom_up: `information` is I_q(z_{i-1}; z_i), z_0 = x, which bounds I_q(x; z_i) from above; `marginal_kl` is
    E KL(q(z_i | z_{i+1}) ‖ p(z_i | z_{i+1})), at the top KL(q(z_L) ‖ p(z_L)). z_1's information and every marginal KL
    add up to kl. One layer is both forms at once (Hoffman & Johnson 2016).
    """

    form: Form
    information: Tensor
    marginal_kl: Tensor

    @property
    def n(self) -> int:
        return len(self.information)

    @property
    def cap(self) -> float:
        """log N: no estimate of an information can exceed it."""
        return math.log(self.n)

    @property
    def parts(self) -> dict[str, Tensor]:
        """What adds up to kl, [N] each, by its name; from z_1 up."""
        depth = self.information.shape[1]
        informed = range(1) if self.form == "bottom_up" else range(depth)
        parts = {f"information/z{l + 1}": self.information[:, l] for l in informed}
        return parts | {f"marginal_kl/z{l + 1}": self.marginal_kl[:, l] for l in range(depth)}

    @property
    def mutual_information(self) -> Tensor:
        """I_q(x; z_1..L), [N]: all that z tells. kl less this is KL(q(z_1..L) ‖ p(z_1..L)). Seed equation 21."""
        return self.ladder[:, 0]

    @property
    def kl(self) -> Tensor:
        """log q(z | x) - log p(z) at the draws, [N]."""
        return torch.stack(list(self.parts.values())).sum(0)

    @property
    def ladder(self) -> Tensor:
        """[N, L]. top_down: I_q(x; z_i..L), of a layer and all above it. bottom_up: `information` itself."""
        return self.information if self.form == "bottom_up" else self.information.flip(1).cumsum(1).flip(1)

    @property
    def saturated(self) -> tuple[bool, ...]:
        """Of each layer: is its information within a nat of the cap, or rests on layers above that are?"""
        return tuple((self.ladder.mean(0) > self.cap - 1).tolist())


@torch.no_grad()
def surgery(hierarchy: Hierarchy, x: Tensor, max_rows: int) -> Surgery:
    """From one draw of z for each image of x [N, C, H, W] in units, scored under q(z | x_m) of every image m.

    log q(z_n) = logsumexp_m log q(z_n | x_m) - log N over all m, n among them: the parts add up to kl for every draw.
    N² densities; top-down also N² passes of the heads that read x, `max_rows` at a time.
    """
    drawn = one_pass(hierarchy, x, max_rows)
    if hierarchy.depth == 1 or isinstance(hierarchy.encoder, BottomUp):
        return _of_a_chain(drawn, max_rows)
    return _of_a_ladder(hierarchy, drawn, max_rows)


def _of_a_chain(drawn: Pass, max_rows: int) -> Surgery:
    """Bottom-up: q(z_i) = (1/N) Σ_n q(z_i | z_{i-1}^n): layers i..L are a VAE whose data are draws of z_{i-1}.

    By Bayes' rule q(z_i | z_{i+1}) = q(z_i) q(z_{i+1} | z_i) / q(z_{i+1}).
    """
    q_of = torch.stack([log_aggregate(q, z, max_rows) for q, z in zip(drawn.q, drawn.z, strict=True)])
    backwards = torch.cat([q_of[:-1] + drawn.log_q[1:] - q_of[1:], q_of[-1:]])
    form: Form = "top_down" if len(q_of) == 1 else "bottom_up"
    return Surgery(form, (drawn.log_q - q_of).T, (backwards - drawn.log_p).T)


def _of_a_ladder(hierarchy: Hierarchy, drawn: Pass, max_rows: int) -> Surgery:
    """Top-down: log q(z_i | z_>i) = log q(z_≥i) - log q(z_>i), with q(z_≥i) = (1/N) Σ_n q(z_≥i | x_n)."""
    blocks = [
        # from z_L down: log q(z_≥i | x_m), [L, s, N]
        some.flip(0).cumsum(0).logsumexp(2)
        for some in score_blocks(hierarchy, drawn.encoded, drawn.z, max_rows)
    ]
    upwards = torch.cat(blocks, 1).flip(0) - math.log(len(drawn.z[0]))  # log q(z_≥i), from z_1
    q_of = torch.cat([upwards[:-1] - upwards[1:], upwards[-1:]])
    return Surgery("top_down", (drawn.log_q - q_of).T, (q_of - drawn.log_p).T)
