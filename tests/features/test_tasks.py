"""What the network learns from: rows as they are, and rows turned."""

import torch

from vaelab.features.tasks import Labelled, Turned


def half(x: torch.Tensor) -> torch.Tensor:
    return x / 2


def test_labelled_rows_are_the_images_in_units_and_their_classes() -> None:
    x, y = torch.arange(12.0).reshape(3, 1, 2, 2), torch.tensor([7, 8, 9])
    task = Labelled(x, y, half)
    pictures, labels = task.batch(torch.tensor([2, 0]))
    assert len(task) == 3 and torch.equal(pictures, x[[2, 0]] / 2) and labels.tolist() == [9, 7]


def test_every_image_is_turned_four_ways() -> None:
    corner = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    task = Turned(torch.stack([corner, 2 * corner])[:, None], half)
    pictures, turns = task.batch(torch.arange(8))
    assert len(task) == 8 and turns.tolist() == [0, 1, 2, 3] * 2
    # anticlockwise: the upper left corner goes to the lower left, the lower right, the upper right
    places = [(0, 0), (1, 0), (1, 1), (0, 1)]
    for row, (picture, place) in enumerate(zip(pictures[:, 0], places * 2, strict=True)):
        assert picture[place] == picture.sum() == (0.5 if row < 4 else 1.0)


def test_of_an_oblong_image_the_centre_square_is_turned() -> None:
    x = torch.arange(10.0).reshape(1, 1, 2, 5)
    pictures, _ = Turned(x, lambda v: v).batch(torch.tensor([0]))
    assert torch.equal(pictures[0, 0], x[0, 0, :, 1:3])
