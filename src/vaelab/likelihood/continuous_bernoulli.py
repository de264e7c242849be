"""Grey values in [0, 1], as a density."""

from torch import Tensor
from torch.distributions import ContinuousBernoulli as TorchContinuousBernoulli
from torch.distributions import Distribution, Independent

from vaelab.likelihood.likelihood import Likelihood


class ContinuousBernoulli(Likelihood):
    """Π C(λ_j) λ_j^x_j (1-λ_j)^(1-x_j), x in [0, 1] (Loaiza-Ganem & Cunningham 2019, eq. 4); density in nats.

    The normaliser C is what the usual "Bernoulli on grey values" leaves out.
    """

    takes = ("unit", "dequantised")

    def forward(self, params: Tensor) -> Distribution:
        return Independent(TorchContinuousBernoulli(logits=params, validate_args=False), 3, validate_args=False)
