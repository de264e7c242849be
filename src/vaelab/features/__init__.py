"""Feature networks: what FID, KID, precision and recall see of an image."""

from vaelab.features.features import Features

__all__ = ["Features"]
