"""Encoders q(z | x): from an image to a proposal for every layer."""

from vaelab.encoder.bottom_up import BottomUp
from vaelab.encoder.deep import Deep
from vaelab.encoder.encoder import Encoder
from vaelab.encoder.merge import Concatenate, PrecisionWeighted, Residual
from vaelab.encoder.top_down import TopDown

__all__ = ["BottomUp", "Concatenate", "Deep", "Encoder", "PrecisionWeighted", "Residual", "TopDown"]
