"""Distributions torch does not have in the form needed here."""

from vaelab.distributions.correlated_normal import CorrelatedNormal, full_normal, low_rank_normal
from vaelab.distributions.diagonal_normal import DiagonalNormal, UnitNormal, unit_kl
from vaelab.distributions.mixture import Mixture, MixtureOfNormals, mixture
from vaelab.distributions.normalizing_flow import Autoregressive, NormalizingFlow
from vaelab.distributions.operations import draw, log_ratio, missing, tempered, whole
from vaelab.distributions.to_normal import Scale, ToNormal

__all__ = [
    "Autoregressive",
    "CorrelatedNormal",
    "DiagonalNormal",
    "Mixture",
    "MixtureOfNormals",
    "NormalizingFlow",
    "Scale",
    "ToNormal",
    "UnitNormal",
    "draw",
    "full_normal",
    "log_ratio",
    "low_rank_normal",
    "missing",
    "mixture",
    "tempered",
    "unit_kl",
    "whole",
]
