"""From stored values to the units a likelihood takes, on the batch's own device."""

import torch
from torch import Tensor

from vaelab.data.units import Transform


def to_units(x: Tensor, transform: Transform, generator: torch.Generator) -> Tensor:
    """x [B, C, H, W], uint8 or float32 -> float32 in the units of `transform`; noise from `generator` alone.

    Static binarisation is done once on the stored data (`binarise`), so that here it is a plain cast.
    """
    if transform == "dynamic_binarisation":
        return binarise(x, generator)
    if transform == "scaling":
        return x.float() / 255.0
    if transform == "dequantisation":
        # u in steps of 2^-16: byte + u is exact in float32, where 255 + torch.rand can round up to 256
        u = (_bits16(x, generator).float() + 2.0**15) / 2.0**16
        return (x.float() + u) / 256.0
    return x.float()


def binarise(x: Tensor, generator: torch.Generator) -> Tensor:
    """Bernoulli draws with the grey value as probability, [B, C, H, W] float32 of 0 and 1.

    Bytes are compared with 16 random bits: P(1) = x/255 to within 2^-16, and twice as fast as drawing floats.
    """
    if x.dtype != torch.uint8:
        return (torch.rand(x.shape, generator=generator, device=x.device) < x).float()
    # 257·x - 2^15 runs from the lowest to the highest int16; the product wraps and the sum wraps back
    thresholds = x.to(torch.int16).mul_(257).add_(-(2**15))
    # compared straight into floats: the step of a small model notices a second pass over its pixels
    return torch.lt(_bits16(x, generator), thresholds, out=torch.empty(x.shape, device=x.device))


def _bits16(x: Tensor, generator: torch.Generator) -> Tensor:
    """16 random bits for each value of x, as int16 in -2^15 … 2^15 - 1; four come from one draw."""
    n = x.numel()
    words = torch.empty((n + 3) // 4, dtype=torch.int64, device=x.device)
    words.random_(-(2**63), None, generator=generator)
    return words.view(torch.int16)[:n].view(x.shape)
