"""What the loop asks of any distribution: a draw of a given shape, a tempered copy, a log-ratio."""

import math
from functools import singledispatch

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from vaelab.distributions.diagonal_normal import DiagonalNormal


def draw(distribution: Distribution, batch_shape: tuple[int, ...] | Size) -> Tensor:
    """A reparameterised draw of shape [*batch_shape, *event].

    Dimensions of `batch_shape` that the distribution has already are not drawn again: q(z1 | x) of batch [B]
    asked for [K, B] is drawn K times, q(z2 | z1) of batch [K, B] once.
    """
    return distribution.rsample(missing(distribution, batch_shape))


def missing(distribution: Distribution, batch_shape: tuple[int, ...] | Size) -> Size:
    """The leading dimensions of `batch_shape` that the distribution does not have yet."""
    return Size(batch_shape[: len(batch_shape) - len(distribution.batch_shape)])


def whole(params: Tensor) -> Tensor:
    """`params` in 32 bits where a network gave them in 16: no density is reckoned with less."""
    return params.float() if params.dtype in (torch.bfloat16, torch.float16) else params


def log_ratio(z: Tensor, q: Distribution, p: Distribution) -> Tensor:
    """log q(z) - log p(z) in nats."""
    return q.log_prob(z) - p.log_prob(z)


@singledispatch
def tempered(distribution: Distribution, temperature: float) -> Distribution:
    """The same distribution with its standard deviation multiplied by `temperature`; 0 gives the mean.

    Of a mixture that is meant of each component; of a flow, of the Gaussian that it bends. A family's rule stands with
    the family. Raises NotImplementedError for a family that has no rule for it.
    """
    raise NotImplementedError(f"no temperature is defined for {type(distribution).__name__}")


@tempered.register
def _(distribution: DiagonalNormal, temperature: float) -> Distribution:
    if temperature == 1.0:
        return distribution
    shift = math.log(temperature) if temperature > 0 else -math.inf
    return DiagonalNormal(distribution.loc, distribution.log_scale + shift, distribution.event_dims)
