"""Eigenvalues against a covariance that is known, and σ² against every kind of likelihood."""

from functools import partial

import pytest
import torch

from tests.factory import hierarchy, images
from tests.oracles import VARIANCE, LinearChain
from vaelab.diagnostics.data_spectrum import data_spectrum, decoder_variance
from vaelab.likelihood import Bernoulli, Gaussian
from vaelab.likelihood.gaussian_learned import GaussianLearned


def test_it_is_that_of_the_covariance_the_data_were_drawn_from() -> None:
    chain = LinearChain(2)
    x = 5 + chain.sample(40_000)
    truth = torch.linalg.eigvalsh(chain.cov[-6:, -6:]).flip(0)
    found = data_spectrum(x)
    # the error of an eigenvalue λ of N draws: λ √(2 / N); four of the six are equal, and drawn apart by as much
    assert ((found / truth - 1).abs() < 5 * (2 / 40_000) ** 0.5).all()
    assert truth[2:].tolist() == pytest.approx([VARIANCE] * 4), "two directions of the latents, the rest is noise"
    assert int((found > 1.1 * VARIANCE).sum()) == 2


@pytest.mark.parametrize("n", [5, 12, 40])
def test_few_images_and_many_have_the_eigenvalues_of_the_full_covariance(n: int) -> None:
    """By the products of the images or by the covariance, whichever is smaller."""
    x = torch.randn(n, 1, 3, 4, generator=torch.Generator().manual_seed(n), dtype=torch.float64)
    full = torch.linalg.eigvalsh(x.flatten(1).T.cov(correction=0)).flip(0)
    found = data_spectrum(x)
    assert len(found) == min(n, 12)
    torch.testing.assert_close(found, full[: len(found)], atol=1e-12, rtol=1e-9)
    torch.testing.assert_close(found.sum(), x.var(0, correction=0).sum())


def test_the_variance_of_every_likelihood() -> None:
    def variance(make: object) -> float | None:
        return decoder_variance(hierarchy([3, 2], make_likelihood=make), images(4))  # type: ignore[arg-type]

    assert variance(partial(Gaussian, variance=0.3)) == pytest.approx(0.3)
    assert variance(partial(GaussianLearned, per_pixel=False, min_scale=1e-3)) == pytest.approx(1, rel=0.01), (
        "a learned σ starts at 1"
    )
    each = hierarchy([3, 2], make_likelihood=partial(GaussianLearned, per_pixel=True, min_scale=1e-3))
    torch.manual_seed(0)
    found = decoder_variance(each, images(4))
    torch.manual_seed(0)
    assert found == pytest.approx(each(images(4)).px.scale.square().mean().item())
    assert variance(Bernoulli) is None
