"""The generative path below the top layer: how a state passes down, and p(z_l | z_>l) from it."""

from vaelab.decoder.decoder import Decoder
from vaelab.decoder.deep import Deep
from vaelab.decoder.markov import Markov
from vaelab.decoder.residual import Residual

__all__ = ["Decoder", "Deep", "Markov", "Residual"]
