"""Families of q(z_l | ·): what an encoder's last layer is read as.

A family is a function (`diagonal.diagonal`) that makes a module context -> distribution for one layer.
"""

from vaelab.posterior.posterior import Head, MakeNet, Posterior, has_means

__all__ = ["Head", "MakeNet", "Posterior", "has_means"]
