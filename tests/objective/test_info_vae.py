"""InfoVAE: the ELBO as a special case, and an MMD that loops and equal distributions agree with."""

import math

import pytest
import torch
from torch import Tensor

from tests.factory import ENCODERS, hierarchy, images
from vaelab.objective import Elbo, InfoVae
from vaelab.objective.mmd import Kernel, mmd

KERNELS: list[Kernel] = ["imq", "rbf"]


def k(a: Tensor, b: Tensor, kernel: Kernel) -> float:
    square = sum((float(u) - float(v)) ** 2 for u, v in zip(a, b, strict=True))
    width = 2 * len(a)
    return width / (width + square) if kernel == "imq" else math.exp(-square / width)


@pytest.mark.parametrize("kernel", KERNELS)
def test_mmd_is_the_sum_over_pairs(kernel: Kernel) -> None:
    torch.manual_seed(0)
    a, b = torch.randn(5, 3, dtype=torch.float64), 1 + torch.randn(4, 3, dtype=torch.float64)
    within = sum(k(x, y, kernel) for i, x in enumerate(a) for j, y in enumerate(a) if i != j) / 20
    within += sum(k(x, y, kernel) for i, x in enumerate(b) for j, y in enumerate(b) if i != j) / 12
    across = sum(k(x, y, kernel) for x in a for y in b) / 20
    assert mmd(a, b, kernel).item() == pytest.approx(within - 2 * across, abs=1e-12)
    torch.testing.assert_close(mmd(torch.stack([a, a]), b, kernel), mmd(a, b, kernel).expand(2))


@pytest.mark.parametrize("kernel", KERNELS)
def test_mmd_of_equal_distributions_is_zero_on_average(kernel: Kernel) -> None:
    torch.manual_seed(0)
    same = mmd(torch.randn(400, 16, 3), torch.randn(400, 16, 3), kernel)
    apart = mmd(torch.randn(400, 16, 3), 0.5 + torch.randn(400, 16, 3), kernel)
    error = same.std() / 20
    assert same.mean().abs() < 4 * error, "unbiased: at times below 0, on average at it"
    assert (same < 0).any() and apart.mean() > 20 * error


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("samples", [None, 2])
def test_alpha_zero_and_weight_one_are_the_elbo(kernel: Kernel, encoder: str, samples: int | None) -> None:
    terms = hierarchy([3, 2], encoder)(images(5), samples)
    torch.testing.assert_close(InfoVae(alpha=0.0, weight=1.0, kernel=kernel)(terms, 0), Elbo()(terms, 0))


def test_the_weights_are_those_of_the_paper() -> None:
    terms = hierarchy([3, 2])(images(50))
    torch.manual_seed(0)
    value = InfoVae(alpha=-0.5, weight=10.0, kernel="imq")(terms, 0)
    torch.manual_seed(0)
    prior = torch.randn(50, 2)
    expected = terms.reconstruction - 1.5 * terms.kl - 8.5 * mmd(terms.latents[-1].z, prior, "imq")
    torch.testing.assert_close(value, expected)


@pytest.mark.parametrize("kernel", KERNELS)
def test_its_gradient_is_finite_and_one_image_has_no_mmd(kernel: Kernel) -> None:
    model, objective = hierarchy([3]), InfoVae(alpha=1.0, weight=2.0, kernel=kernel)
    objective(model(images(6)), 0).mean().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    terms = model(images(1))
    torch.testing.assert_close(objective(terms, 0), terms.reconstruction)
