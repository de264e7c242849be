"""The hierarchy, its one loop, and the record of one pass."""

from vaelab.model.hierarchy import Hierarchy
from vaelab.model.terms import Latent, Terms

__all__ = ["Hierarchy", "Latent", "Terms"]
