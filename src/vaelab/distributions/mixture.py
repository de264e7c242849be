"""Mixtures, with one component drawn for all dimensions together."""

from functools import cached_property

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaelab.distributions.diagonal_normal import HALF_LOG_2PI, DiagonalNormal
from vaelab.distributions.operations import tempered


class Mixture(Distribution):
    """Σ_k w_k p_k(z) with w = softmax(`logits` [K]) and p_k the `components`, a density of batch shape [K].

    Density in nats; batch shape (). A draw is one of a component picked at random: its gradient goes to that component
    and none to the weights, so this may be a prior, but no posterior that learns its weights.
    """

    arg_constraints: dict = {}
    has_rsample = True

    def __init__(self, logits: Tensor, components: Distribution) -> None:
        self.logits, self.components = logits, components
        super().__init__(Size(), components.event_shape, validate_args=False)

    @cached_property
    def log_weights(self) -> Tensor:
        return self.logits.log_softmax(-1)

    @property
    def mean(self) -> Tensor:
        return self._average(self.components.mean)

    @property
    def variance(self) -> Tensor:
        """Within the components and between them."""
        apart = self.components.mean - self.mean
        return self._average(self.components.variance + apart.square())

    def log_prob(self, value: Tensor) -> Tensor:
        return torch.logsumexp(self.log_weights + self._log_components(value), -1)

    def rsample(self, sample_shape: Size | tuple[int, ...] = ()) -> Tensor:  # type: ignore[override]
        shape = Size(sample_shape)
        which = torch.multinomial(self.log_weights.exp(), shape.numel(), replacement=True).reshape(shape)
        return self._draw(which)

    def _log_components(self, value: Tensor) -> Tensor:
        """log p_k(z) of every component, [.., K]."""
        return self.components.log_prob(value.unsqueeze(-2))

    def _draw(self, which: Tensor) -> Tensor:
        """A draw of each component in `which` [..]: every component draws, and one of them is kept."""
        draws = self.components.rsample(which.shape)
        return draws.take_along_dim(which[..., None, None], -2).squeeze(-2)

    def _average(self, values: Tensor) -> Tensor:
        return (self.log_weights.exp()[:, None] * values).sum(0)


class MixtureOfNormals(Mixture):
    """Σ_k w_k N(z; loc_k, diag(exp(log_scale_k))²), with `loc` and `log_scale` [K, d].

    The squared distances are matrix products, z²·(1/σ²) - 2 z·(μ/σ²) + Σ μ²/σ², so that no [.., K, d] tensor is made.
    They are differences of large numbers, hence reckoned with 64 bits.
    """

    def __init__(self, logits: Tensor, loc: Tensor, log_scale: Tensor) -> None:
        self.loc, self.log_scale = loc, log_scale.expand_as(loc)
        super().__init__(logits, DiagonalNormal(self.loc, self.log_scale))

    @cached_property
    def _products(self) -> tuple[Tensor, Tensor, Tensor]:
        """1/σ² [d, K], μ/σ² [d, K] and what does not hang on z [K], float64."""
        loc, log_scale = self.loc.double(), self.log_scale.double()
        precision = torch.exp(-2.0 * log_scale)
        constant = 0.5 * (loc.square() * precision).sum(-1) + log_scale.sum(-1) + HALF_LOG_2PI * loc.shape[-1]
        return precision.T, (precision * loc).T, constant

    def log_prob(self, value: Tensor) -> Tensor:
        return super().log_prob(value.double()).to(value.dtype)

    def _log_components(self, value: Tensor) -> Tensor:
        precision, weighted_loc, constant = self._products
        return value @ weighted_loc - 0.5 * (value.square() @ precision) - constant

    def _draw(self, which: Tensor) -> Tensor:
        return DiagonalNormal(self.loc[which], self.log_scale[which]).rsample()


def mixture(logits: Tensor, components: Distribution) -> Mixture:
    """The mixture of `components` of any family, in its fast form where there is one."""
    if isinstance(components, DiagonalNormal):
        return MixtureOfNormals(logits, components.loc, components.log_scale)
    return Mixture(logits, components)


@tempered.register
def _(distribution: Mixture, temperature: float) -> Distribution:
    # every component by itself: where the components stand is no noise
    return mixture(distribution.logits, tempered(distribution.components, temperature))
