import torch

from tests.factory import hierarchy, images
from vaelab.pictures import Reconstructions
from vaelab.seeding import seed_noise


def test_they_are_those_of_a_pass() -> None:
    model, x = hierarchy([4, 3]), images(5)
    seed_noise(0)
    grid = Reconstructions()(model, x)
    seed_noise(0)
    assert [label for label, _ in grid.rows] == ["data", "reconstruction"]
    assert torch.equal(grid.rows[0][1], x) and torch.equal(grid.rows[1][1], model(x).px.mean)
