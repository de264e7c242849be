"""Distributions torch does not have in the form needed here."""

from vaelab.distributions.diagonal_normal import DiagonalNormal
from vaelab.distributions.operations import draw, log_ratio, tempered

__all__ = ["DiagonalNormal", "draw", "log_ratio", "tempered"]
