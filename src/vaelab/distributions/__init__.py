"""Distributions torch does not have in the form needed here."""

from vaelab.distributions.diagonal_normal import DiagonalNormal, UnitNormal
from vaelab.distributions.operations import draw, log_ratio, missing, tempered, whole
from vaelab.distributions.to_normal import Scale, ToNormal

__all__ = ["DiagonalNormal", "Scale", "ToNormal", "UnitNormal", "draw", "log_ratio", "missing", "tempered", "whole"]
