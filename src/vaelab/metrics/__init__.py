"""Figures of one or many passes: torchmetrics over Terms. The only home of bits per dimension."""

from vaelab.metrics.active_units import ActiveUnits, LayerUnits
from vaelab.metrics.bits_per_dim import bits_per_dim
from vaelab.metrics.elbo_split import ElboSplit, term
from vaelab.metrics.figures import Figures

__all__ = ["ActiveUnits", "ElboSplit", "Figures", "LayerUnits", "bits_per_dim", "term"]
