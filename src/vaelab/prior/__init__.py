"""Priors p(z_L) of the top layer."""

from vaelab.prior.standard_normal import StandardNormal

__all__ = ["StandardNormal"]
