"""Priors p(z_L) of the top layer."""

from vaelab.prior.prior import Prior
from vaelab.prior.standard_normal import StandardNormal

__all__ = ["Prior", "StandardNormal"]
