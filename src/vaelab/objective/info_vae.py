"""A divergence of q(z) from the prior beside the kl."""

from torch import Tensor

from vaelab.config.types import NonNegative
from vaelab.distributions import draw
from vaelab.model import Terms
from vaelab.objective.mmd import Kernel, mmd
from vaelab.objective.objective import Objective


class InfoVae(Objective):
    """reconstruction - (1-α) kl - (α+λ-1) MMD²(q(z_L), p(z_L)) with λ = `weight` (Zhao et al. 2019, eq. 6), [B] nats.

    q(z_L) is known by the batch's draws of the top layer, p(z_L) by as many of the prior: MMD² is one number for the
    batch. α = 0, λ = 1 is the ELBO; α = 1 leaves the kl out (the Wasserstein auto-encoder's form). `kernel`: imq,
    C / (C + ‖z - z'‖²), or rbf, exp(-‖z - z'‖² / C), with C = 2d for d units (Tolstikhin et al. 2018, section 4).
    """

    def __init__(self, *, alpha: float, weight: NonNegative, kernel: Kernel) -> None:
        self.alpha, self.weight, self.kernel = alpha, weight, kernel

    def kl_weight(self, step: int) -> float:
        return 1.0 - self.alpha

    def __call__(self, terms: Terms, step: int) -> Tensor:
        top = terms.latents[-1]
        z = top.z.flatten(top.z.dim() - len(top.p.event_shape))
        prior = draw(top.p, z.shape[:-1]).flatten(z.dim() - 1)
        # several draws of an image are no independent draws of q(z): one MMD² for each, then their mean
        apart = mmd(z, prior, self.kernel).mean()
        return terms.reconstruction - (1 - self.alpha) * terms.kl - (self.alpha + self.weight - 1) * apart
