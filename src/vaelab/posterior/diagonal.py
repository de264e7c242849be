"""q = N(μ, diag(σ²))."""

from vaelab.distributions import Scale, ToNormal
from vaelab.posterior.posterior import MakeNet


def diagonal(make_net: MakeNet, z_dim: int, layer: int, *, scale: Scale) -> ToNormal:
    """A Gaussian with independent units (seed equation 6); `scale` as in `vaelab.distributions.ToNormal`."""
    return ToNormal(make_net, z_dim, scale)
