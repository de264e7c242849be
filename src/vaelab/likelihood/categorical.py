"""256 free probabilities for each byte."""

import torch
from torch import Tensor
from torch.distributions import Distribution

from vaelab.likelihood.likelihood import Likelihood

LEVELS = 256


class Categorical(Likelihood):
    """p(x | z) = Π softmax(params_j)[x_j], x in 0..255: a logit for each value of each byte; log-probability in nats.

    The 256 logits of a channel lie together: channel c reads planes 256·c to 256·c + 255. Nothing tells it that 100
    is next to 101 (PixelRNN, van den Oord et al. 2016a).
    """

    takes = ("byte",)

    @property
    def planes(self) -> int:
        return LEVELS

    def forward(self, params: Tensor) -> Distribution:
        return CategoricalImages(params.unflatten(-3, (self.x_shape[0], LEVELS)))


class CategoricalImages(Distribution):
    """Logits [.., C, 256, H, W] -> x [.., C, H, W]."""

    arg_constraints: dict = {}

    def __init__(self, logits: Tensor) -> None:
        self.logits = logits
        *batch, c, _, h, w = logits.shape
        super().__init__(torch.Size(batch), torch.Size((c, h, w)), validate_args=False)

    @property
    def mean(self) -> Tensor:
        values = torch.arange(LEVELS, dtype=self.logits.dtype, device=self.logits.device)
        return (self.logits.softmax(-3) * values[:, None, None]).sum(-3)

    def sample(self, sample_shape: torch.Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        by_value = torch.distributions.Categorical(logits=self.logits.movedim(-3, -1), validate_args=False)
        return by_value.sample(torch.Size(sample_shape)).to(self.logits.dtype)

    def log_prob(self, value: Tensor) -> Tensor:
        # a logit picked out and one sum over the values: no table of 0 and 1, no second copy of the logits
        batch = torch.broadcast_shapes(self.batch_shape, value.shape[:-3])
        index = value.long().expand(*batch, *self.event_shape).unsqueeze(-3)
        picked = self.logits.expand(*batch, *self.logits.shape[-4:]).gather(-3, index).squeeze(-3)
        return (picked - self.logits.logsumexp(-3)).flatten(-3).sum(-1)
