"""Families of q(z_l | ·): what an encoder's last layer is read as.

A family is a function (`diagonal.diagonal`) that makes a module context -> distribution for one layer.
"""

from vaelab.posterior.posterior import MakeNet, Posterior

__all__ = ["MakeNet", "Posterior"]
