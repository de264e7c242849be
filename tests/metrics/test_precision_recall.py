"""Precision and recall of Kynkäänniemi et al. 2019, against hand-made sets and the definition written out."""

import pytest
import torch
from torch import Tensor

from vaelab.metrics.precision_recall import precision_recall

LINE = torch.arange(10.0)[:, None]


def points(n: int, d: int, seed: int, shift: float = 0.0) -> Tensor:
    return shift + torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def brute(real: Tensor, fake: Tensor, k: int) -> tuple[float, float]:
    """The definition, point by point."""

    def inside(some: Tensor, centres: Tensor) -> float:
        count = 0
        for point in some:
            for i, centre in enumerate(centres):
                others = [float((centre - other).norm()) for j, other in enumerate(centres) if j != i]
                if float((centre - point).norm()) <= sorted(others)[k - 1]:
                    count += 1
                    break
        return count / len(some)

    return inside(fake, real), inside(real, fake)


@pytest.mark.parametrize(("k", "shift"), [(1, 0.5), (3, 0.5), (5, 2.0)])
@pytest.mark.parametrize("max_entries", [1, 100, 1 << 24])
def test_it_is_the_definition_whatever_the_blocks(k: int, shift: float, max_entries: int) -> None:
    real, fake = points(30, 4, 0), points(21, 4, 1, shift)
    expected = brute(real, fake, k)
    assert 0 < expected[0] < 1 and 0 < expected[1] < 1
    assert precision_recall(real, fake, k, max_entries) == pytest.approx(expected)


def test_of_a_set_and_itself_both_are_one_and_of_distant_sets_nought() -> None:
    x = points(50, 8, 0)
    assert precision_recall(x, x.flip(0), 3) == (1.0, 1.0)
    assert precision_recall(x, x + 1000, 3) == (0.0, 0.0)
    # a set of equal points has balls of no size, and each still holds its own
    assert precision_recall(torch.full((9, 3), 0.1), torch.full((9, 3), 0.1), 3) == (1.0, 1.0)


def test_a_model_that_shows_a_part_alone_is_precise_and_recalls_little() -> None:
    """Of the integers 0..9 it shows 0, 1, 2 and 3: their balls reach 1 beyond each for k = 1, so to 4."""
    assert precision_recall(LINE, LINE[:4], 1) == (1.0, 0.5)
    assert precision_recall(LINE[:4], LINE, 1) == (0.5, 1.0)


def test_no_more_distances_are_held_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    held, cdist = [], torch.cdist

    def counted(*args: object, **kwargs: object) -> Tensor:
        held.append(cdist(*args, **kwargs))
        return held[-1]

    monkeypatch.setattr(torch, "cdist", counted)
    precision_recall(points(40, 2, 0), points(60, 2, 1), 3, max_entries=250)
    assert max(block.numel() for block in held) <= 250
    assert sum(block.numel() for block in held) == 40 * 40 + 60 * 60 + 2 * 40 * 60


def test_too_few_points_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 3 points"):
        precision_recall(LINE, LINE[:3], 3)
