"""Paths between two latents."""

import math

import torch
from torch import Tensor


def linear(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """The straight line from a to b, [.., d]; share 0 is a, 1 is b, exactly."""
    return (1 - share) * a + share * b


def spherical(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """The great circle from a to b (Shoemake 1985; for latents White 2016, section 2.1), [.., d]; share 0 is a, 1 is b.

    With θ the angle between them: (sin((1-t)θ) a + sin(tθ) b) / sin θ. Vectors of one length keep it on the way, where
    the straight line would come closer to the origin than draws in many dimensions ever do. For parallel vectors it
    is the straight line; so it is for opposite ones, between which no one circle is the shortest.
    """
    u, v = (w / w.norm(dim=-1, keepdim=True).clamp_min(torch.finfo(w.dtype).tiny) for w in (a, b))
    # accurate at every angle; the arc cosine is not, near 0
    angle = 2 * torch.atan2((u - v).norm(dim=-1, keepdim=True), (u + v).norm(dim=-1, keepdim=True))
    # sin(sθ) / sin θ as a ratio of sin(x)/x: no 0 / 0 at θ = 0
    whole = torch.sinc(angle / math.pi)
    left = (1 - share) * torch.sinc((1 - share) * angle / math.pi) / whole
    right = share * torch.sinc(share * angle / math.pi) / whole
    return torch.where(math.pi - angle < 1e-3, linear(a, b, share), left * a + right * b)
