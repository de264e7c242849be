"""The published deep models have their published size, by their configs alone."""

import pytest
import torch

from vaelab.config.paths import compose
from vaelab.training.build import build_hierarchy


@pytest.mark.parametrize(
    ("experiment", "millions", "layers"), [("vdvae_cifar10", 39, 43), ("vdvae_imagenet32", 119, 78)]
)
def test_they_have_as_many_parameters_as_published(experiment: str, millions: int, layers: int) -> None:
    """39 M and 119 M (Child 2021, table 1), within 2 %; no memory is taken for them."""
    config = compose([f"experiment={experiment}"])
    with torch.device("meta"):
        hierarchy = build_hierarchy(config, (3, 32, 32), lambda n: torch.empty(n, 3, 32, 32))
    assert sum(p.numel() for p in hierarchy.parameters()) / 1e6 == pytest.approx(millions, rel=0.02)
    assert hierarchy.depth == layers
    assert hierarchy.z_dims[0] == 16 * 32 * 32 and hierarchy.z_dims[-1] == 16
