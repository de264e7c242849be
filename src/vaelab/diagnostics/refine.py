"""q of each image by itself: its parameters optimised for that x alone, the encoder's being where they start.

Legend: B images; L layers of d_l units. An offset [B, m] of a layer is (a, s, below) in one row: d numbers, d numbers,
and for a full covariance the d(d-1)/2 below the diagonal.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial, singledispatch
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, MultivariateNormal

from vaelab.distributions import CorrelatedNormal, DiagonalNormal, full_normal
from vaelab.encoder import Encoder
from vaelab.model import Hierarchy
from vaelab.posterior.full_covariance import ToFullNormal
from vaelab.posterior.posterior import Head


def cannot_refine(encoder: Encoder) -> str | None:
    """One sentence that says which q has no parameters to move; None where every q is Gaussian."""
    for head in encoder.modules():
        if isinstance(head, Head) and not isinstance(head, ToFullNormal):
            return f"a q of {type(head).__name__} is not refined: only diagonal and full Gaussians are"
    return None


def refine(hierarchy: Hierarchy, x: Tensor, steps: int, lr: float, draws: int, kl_weight: float = 1.0) -> list[Tensor]:
    """The offsets of every layer's q, z_1 first, that raise the ELBO of each image of x [B, C, H, W] (Cremer et al.
    2018, section 3; the test of He et al. 2019, section 3.2). `shifted` puts them to use. With a `kl_weight` they raise
    reconstruction - kl_weight · kl in its place.

    Adam from offset 0 with `lr` falling to 0 as a cosine, `steps` steps on fresh noise, `draws` draws an image. The
    weights stay as they are; a lower layer's offset is one for its image, whatever the z it is conditioned on. Raises
    NotImplementedError for a q that is neither a diagonal nor a full Gaussian.
    """
    dtype = next(hierarchy.parameters()).dtype
    sizes = [_size(head, d) for head, d in zip(_heads(hierarchy.encoder), hierarchy.z_dims, strict=True)]
    offsets = [torch.zeros(len(x), m, dtype=dtype, device=x.device, requires_grad=True) for m in sizes]
    adam = torch.optim.Adam(offsets, lr)
    with torch.enable_grad(), _fixed(hierarchy), shifted(hierarchy, offsets):
        for step in range(steps):
            adam.param_groups[0]["lr"] = lr * 0.5 * (1 + math.cos(math.pi * step / steps))
            adam.zero_grad()
            terms = hierarchy(x, draws)
            landing = all(isinstance(latent.q, Landing) for latent in terms.latents)
            kl = sum(latent.log_ratio for latent in terms.latents).mean(0) if landing else terms.kl
            value = terms.reconstruction - kl_weight * kl
            # a sum: no image has a part in the gradient of another
            (-value.sum()).backward()
            adam.step()
    return [offset.detach() for offset in offsets]


@contextmanager
def shifted(hierarchy: Hierarchy, offsets: Sequence[Tensor]) -> Iterator[None]:
    """Within, q of each layer is the encoder's own, moved by `offsets[l]`: `moved` says how. Images must be encoded
    within too, the same ones in the same order.

    Every q of every encoder is what `heads[l]` gives, so that a chain goes on from the z of the q that was moved. A
    prior that is made of posteriors asks the encoder too, for its own inputs, and is not moved.
    """
    of_the_prior = False

    def asks(prior: nn.Module, inputs: Any, p: Distribution | None = None) -> None:
        nonlocal of_the_prior
        of_the_prior = p is None

    def move(offset: Tensor, head: nn.Module, inputs: Any, q: Distribution) -> Distribution:
        return q if of_the_prior else moved(q, offset)

    heads = zip(_heads(hierarchy.encoder), offsets, strict=True)
    hooks = [head.register_forward_hook(partial(move, offset)) for head, offset in heads]
    hooks += [hierarchy.prior.register_forward_pre_hook(asks), hierarchy.prior.register_forward_hook(asks)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@singledispatch
def moved(q: Distribution, offset: Tensor) -> Distribution:
    """q of z = μ + σ ε becomes that of z = μ + σ (a + T ε): its mean goes a steps of its own σ, T scales and mixes its
    noise. T is lower triangular, diag(exp(s)) + `below`; σ of a full Gaussian is its Cholesky factor."""
    raise NotImplementedError(f"{type(q).__name__} has no rule to be refined by")


@moved.register
def _(q: DiagonalNormal, offset: Tensor) -> Distribution:
    return Landing(*_diagonal(q, offset), DiagonalNormal(*_diagonal(q, offset.detach())))


def _diagonal(q: DiagonalNormal, offset: Tensor) -> tuple[Tensor, Tensor]:
    a, s = offset.chunk(2, -1)
    return q.loc + q.scale * a, q.log_scale + s


class Landing(DiagonalNormal):
    """A diagonal Gaussian whose density at a draw has no gradient to its own parameters but by way of the draw.

    The mean of that part is zero and its noise is not: without it no draw of an exact posterior has a gradient at all
    (Roeder et al. 2017, "sticking the landing").
    """

    def __init__(self, loc: Tensor, log_scale: Tensor, still: DiagonalNormal) -> None:
        super().__init__(loc, log_scale)
        self.still = still

    def log_prob(self, value: Tensor) -> Tensor:
        return self.still.log_prob(value)


@moved.register
def _(q: CorrelatedNormal, offset: Tensor) -> Distribution:
    if not isinstance(q.exact, MultivariateNormal):
        raise NotImplementedError("a Gaussian of low rank has no rule to be refined by")
    d, factor = q.event_shape[0], q.exact.scale_tril
    a, s, below = offset.double().split([d, d, d * (d - 1) // 2], -1)
    row, column = torch.tril_indices(d, d, -1)
    T = torch.diag_embed(s.exp())
    T[..., row, column] = below
    return full_normal((q.exact.loc + (factor @ a[..., None])[..., 0]).to(q.dtype), factor @ T)


def _heads(encoder: Encoder) -> nn.ModuleList:
    heads = encoder.heads
    assert isinstance(heads, nn.ModuleList)
    return heads


def _size(head: nn.Module, d: int) -> int:
    full = any(isinstance(module, ToFullNormal) for module in head.modules())
    return 2 * d + (d * (d - 1) // 2 if full else 0)


@contextmanager
def _fixed(module: nn.Module) -> Iterator[None]:
    """No gradient to the weights for a while."""
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
