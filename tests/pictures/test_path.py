"""Paths between vectors, against a rotation in their plane."""

import math

import pytest
import torch

from vaelab.pictures.path import linear, spherical

SHARE = torch.linspace(0, 1, 9, dtype=torch.float64)[:, None]


@pytest.mark.parametrize("path", [linear, spherical])
def test_the_ends_are_exact(path) -> None:  # type: ignore[no-untyped-def]
    torch.manual_seed(0)
    for dtype in (torch.float32, torch.float64):
        a, b = torch.randn(2, 50, 7, dtype=dtype)
        share = torch.linspace(0, 1, 9, dtype=dtype)[:, None, None]
        way = path(a, b, share)
        assert torch.equal(way[0], a) and torch.equal(way[-1], b)


@pytest.mark.parametrize("angle", [1e-8, 1e-4, 0.3, 1.0, math.pi / 2, 3.0, 3.14])
def test_the_great_circle_is_a_rotation(angle: float) -> None:
    """Between two unit vectors at a known angle in the plane: the point at that share of the angle."""
    a = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    b = torch.tensor([math.cos(angle), math.sin(angle), 0.0], dtype=torch.float64)
    way = spherical(5 * a, 5 * b, SHARE)
    turned = SHARE[:, 0] * angle
    truth = 5 * torch.stack([turned.cos(), turned.sin(), torch.zeros_like(turned)], dim=1)
    torch.testing.assert_close(way, truth, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nearly_parallel_opposite_and_zero_vectors_stay_finite(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    a = torch.randn(7, dtype=dtype)
    share = SHARE.to(dtype)
    for b in (a, a * (1 + 1e-7), a + 1e-6 * torch.randn(7, dtype=dtype), 3 * a):
        torch.testing.assert_close(spherical(a, b, share), linear(a, b, share), rtol=1e-4, atol=1e-5)
    for b in (-a, -a + 1e-7 * torch.randn(7, dtype=dtype), torch.zeros(7, dtype=dtype)):
        way = spherical(a, b, share)
        assert torch.isfinite(way).all() and way.norm(dim=-1).max() <= a.norm() * (1 + 1e-5)
    # one unit: parallel or opposite is all it can be
    assert torch.equal(spherical(a[:1], -a[:1], share), linear(a[:1], -a[:1], share))


def test_the_sphere_is_kept_where_the_straight_line_leaves_it() -> None:
    """Noise of N(0, I) in 1000 units has length √1000 within a few per cent; half-way on the line it has lost 1/√2."""
    torch.manual_seed(0)
    a, b = torch.randn(2, 1000, dtype=torch.float64)
    half = torch.tensor([[0.5]], dtype=torch.float64)
    assert spherical(a, b, half).norm() / 1000**0.5 == pytest.approx(1, abs=0.05)
    assert linear(a, b, half).norm() / 1000**0.5 == pytest.approx(0.5**0.5, abs=0.05)
