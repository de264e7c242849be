"""Black-and-white images."""

from torch import Tensor
from torch.distributions import Bernoulli as TorchBernoulli
from torch.distributions import Distribution, Independent

from vaelab.likelihood.likelihood import Likelihood


class Bernoulli(Likelihood):
    """p(x | z) = Π Bernoulli(x_j; sigmoid(params_j)), x in {0, 1}; log-probability in nats."""

    takes = ("binary",)

    def forward(self, params: Tensor) -> Distribution:
        return Independent(TorchBernoulli(logits=params, validate_args=False), 3, validate_args=False)
