"""Priors p(z_L) of the top layer."""

from vaelab.prior.flow import Flow
from vaelab.prior.learned_normal import LearnedNormal
from vaelab.prior.mixture import Mixture
from vaelab.prior.prior import Prior
from vaelab.prior.standard_normal import StandardNormal
from vaelab.prior.vampprior import VampPrior

__all__ = ["Flow", "LearnedNormal", "Mixture", "Prior", "StandardNormal", "VampPrior"]
