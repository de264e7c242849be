"""Black-and-white images."""

import torch
from torch import Tensor
from torch.distributions import Distribution
from torch.nn import functional as F

from vaelab.likelihood.likelihood import Likelihood


class Bernoulli(Likelihood):
    """p(x | z) = Π Bernoulli(x_j; sigmoid(params_j)), x in {0, 1}; log-probability in nats."""

    takes = ("binary",)

    def forward(self, params: Tensor) -> Distribution:
        return BinaryImages(params)


class BinaryImages(Distribution):
    """Independent(Bernoulli(logits), 3) with nothing in its way: the likelihood of every step of the small models,
    where torch's two wrappers cost a hundredth of the step."""

    arg_constraints: dict = {}

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        super().__init__(logits.shape[:-3], logits.shape[-3:], validate_args=False)

    @property
    def mean(self) -> Tensor:
        return torch.sigmoid(self.logits)

    def sample(self, sample_shape: torch.Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        return torch.bernoulli(self.mean.expand(*sample_shape, *self.logits.shape))

    def log_prob(self, value: Tensor) -> Tensor:
        logits = self.logits
        if value.shape != logits.shape:
            logits, value = torch.broadcast_tensors(logits, value)
        per_pixel = F.binary_cross_entropy_with_logits(logits, value, reduction="none")
        return -per_pixel.flatten(-3).sum(-1)
