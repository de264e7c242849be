"""FID and KID against closed forms of known Gaussians."""

import math

import pytest
import torch
from torch import Tensor

from vaelab.metrics.quality import fid, kid


def exactly(mean: list[float], factor: list[list[float]], n: int = 400, seed: int = 0) -> Tensor:
    """n points whose sample mean is `mean` and whose sample covariance is factor @ factorᵀ, to rounding."""
    mu, a = torch.tensor(mean, dtype=torch.float64), torch.tensor(factor, dtype=torch.float64)
    x = torch.randn(n, len(mean), dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    x = x - x.mean(0)
    white = torch.linalg.solve_triangular(torch.linalg.cholesky(x.T @ x / (n - 1)), x.T, upper=False).T
    return mu + white @ a.T


def test_fid_is_the_frechet_distance_of_two_gaussians() -> None:
    """Diagonal: |μ - μ'|² + Σ (σ - σ')². Full: with the square root taken from an eigendecomposition of Σ^½ Σ' Σ^½."""
    real = exactly([1.0, -2.0], [[2.0, 0.0], [0.0, 0.5]])
    fake = exactly([0.0, 1.0], [[1.0, 0.0], [0.0, 1.5]], n=300, seed=1)
    assert fid(real, fake) == pytest.approx(1 + 9 + 1 + 1, rel=1e-9)

    a, b = [[2.0, 0.0], [1.0, 0.5]], [[1.0, 0.0], [-0.7, 1.5]]
    sa, sb = (torch.tensor(f, dtype=torch.float64) @ torch.tensor(f, dtype=torch.float64).T for f in (a, b))
    values, vectors = torch.linalg.eigh(sa)
    root = vectors @ values.sqrt().diag() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ sb @ root).sqrt().sum()
    expected = (sa.trace() + sb.trace() - 2 * cross).item()
    assert expected > 0.1
    assert fid(exactly([0.0, 0.0], a), exactly([0.0, 0.0], b, seed=1)) == pytest.approx(expected, rel=1e-9)


def test_fid_of_a_set_and_itself_is_nought_and_grows_with_noise() -> None:
    x = exactly([0.0] * 4, torch.eye(4).tolist())
    noise = torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    distances = [fid(x, x + scale * noise) for scale in (0.0, 0.5, 1.0, 2.0)]
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert distances == sorted(distances) and distances[1] > 0.03


def test_fid_is_that_of_torchmetrics_where_covariances_have_full_rank() -> None:
    from torchmetrics.image.fid import FrechetInceptionDistance

    class Given(torch.nn.Identity):
        num_features = 6

    gen = torch.Generator().manual_seed(0)
    real, fake = (torch.randn(n, 6, generator=gen) @ torch.randn(6, 6, generator=gen) for n in (100, 70))
    metric = FrechetInceptionDistance(feature=Given())
    metric.update(real.double(), real=True)
    metric.update(fake.double(), real=False)
    assert fid(real, fake) == pytest.approx(metric.compute().item(), rel=1e-8)


def test_a_collapsed_model_and_fewer_images_than_dimensions_have_a_fid() -> None:
    """Samples that are all one picture c: |μ - c|² + tr Σ."""
    x = torch.randn(300, 25, generator=torch.Generator().manual_seed(0))
    c = torch.full((25,), 0.2)
    expected = (x.mean(0) - c).square().sum() + x.var(0).sum()
    assert fid(x, c.expand(300, 25)) == pytest.approx(expected.item(), rel=1e-5)
    # real images on one line, and noise
    line = x[:, :1].expand(300, 25)
    assert fid(line, line) == pytest.approx(0, abs=1e-6)
    assert fid(line, x) > 1
    few = x[:10]
    assert fid(few, few) == pytest.approx(0, abs=1e-6) and math.isfinite(fid(few, x[10:20]))


def test_kid_is_the_squared_mmd_of_the_cubic_kernel() -> None:
    """E k(x, x') + E k(y, y') - 2 E k(x, y) over all pairs of distinct points, written out."""
    gen = torch.Generator().manual_seed(0)
    real = torch.randn(40, 3, dtype=torch.float64, generator=gen)
    fake = 0.3 + torch.randn(40, 3, dtype=torch.float64, generator=gen)

    def k(a: Tensor, b: Tensor) -> float:
        return (float(a @ b) / 3 + 1) ** 3

    pairs = [(i, j) for i in range(40) for j in range(40) if i != j]
    expected = sum(k(real[i], real[j]) + k(fake[i], fake[j]) for i, j in pairs) / len(pairs)
    expected -= 2 * sum(k(a, b) for a in real for b in fake) / 1600
    found = kid(real, fake, subsets=4000, subset_size=20, seed=0)
    assert found.std > 0 and found[2:] == (4000, 20)
    # every subset's estimate is without bias, so that their mean is the whole's; 5 standard errors
    assert abs(found.value - expected) < 5 * found.std / 4000**0.5


def test_kid_of_one_distribution_is_nought_and_of_another_is_not() -> None:
    x = torch.randn(2000, 8, generator=torch.Generator().manual_seed(0))
    alike, other = kid(x[:1000], x[1000:], 50, 1000, 0), kid(x[:1000], 0.5 + x[1000:], 50, 1000, 0)
    assert alike.subset_size == 500, "never more than half: the subsets would be one and the same"
    assert abs(alike.value) < 0.1 * other.value
    assert other.value > 5 * other.std


def test_kid_hangs_on_its_seed_alone_and_leaves_the_noise_of_others() -> None:
    x = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(5)
    first = kid(x[:30], x[30:], 3, 10, seed=0)
    after = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(torch.rand(1), after)
    assert kid(x[:30], x[30:], 3, 10, seed=0) == first != kid(x[:30], x[30:], 3, 10, seed=1)
