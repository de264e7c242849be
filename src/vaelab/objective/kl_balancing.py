"""A warm-up in which the layers' KLs are balanced."""

import torch
from torch import Tensor

from vaelab.model import Terms
from vaelab.objective.objective import Objective, need_kls
from vaelab.objective.schedule import Schedule

# nats: a layer that has carried nothing so far still pays a little
LEAST = 0.01


class KlBalancing(Objective):
    """reconstruction - β(step) · Σ_l γ_l kl_l (Vahdat & Kautz 2020, appendix A; Vahdat et al. 2018b, section 4), [B].

    γ_l is proportional to the batch mean of |kl_l| over the number of units of layer l, has mean 1 over the layers and
    no gradient: a layer that carries little for its size pays little. Once `schedule` has settled γ = 1 and this is
    β · kl. (The authors' code divides by a scale's pixels over its number of layers, NVlabs/NVAE, utils.kl_balancer;
    with as many layers on every scale that is the same.) Raises
    ConfigError for layers that are not aligned, whose terms are log-ratios and can be negative.
    """

    schedule: Schedule

    def __init__(self, *, schedule: Schedule) -> None:
        self.schedule = schedule

    def __call__(self, terms: Terms, step: int) -> Tensor:
        need_kls(terms, "kl_balancing", instead="beta")
        kl = terms.kl if self.schedule.settled(step) else (torch.stack(terms.costs, -1) * coefficients(terms)).sum(-1)
        return terms.reconstruction - self.schedule(step) * kl

    def kl_weight(self, step: int) -> float:
        return self.schedule(step)

    def settled(self, step: int) -> bool:
        return self.schedule.settled(step)


def coefficients(terms: Terms) -> Tensor:
    """γ [L], from z_1 to z_L."""
    nats = torch.stack([cost.detach().abs().mean() for cost in terms.costs]) + LEAST
    gamma = nats / nats.new_tensor([latent.p.event_shape.numel() for latent in terms.latents])
    return gamma / gamma.mean()
