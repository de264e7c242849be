"""Every unit of a layer, against the linear-Gaussian truth, the layer's KL and one pass over all images."""

import pytest
import torch

from tests.factory import hierarchy, images
from tests.oracles import ENCODERS, LinearChain
from vaelab.metrics import ActiveUnits, Figures


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_variance_of_exact_posteriors_is_what_x_explains_of_each_unit(depth: int, encoder: str) -> None:
    """Var_x E[z | x] = Var z - E Var(z | x); upper layers from 8 draws of the ones between."""
    chain, n = LinearChain(depth), 20_000
    metric = ActiveUnits([2] * depth, draws=8)
    torch.manual_seed(0)
    for x in chain.sample(n).split(5000):
        metric.update(chain.hierarchy(encoder)(x, samples=8))
    x = list(range(2 * depth, 2 * depth + 6))
    for l, layer in enumerate(metric.units()):
        z = [2 * l, 2 * l + 1]
        explained = (chain.cov[z][:, z] - chain.conditional(z, x)[2]).diagonal()
        torch.testing.assert_close(layer.variance, explained, rtol=0.05, atol=2e-3)
        assert layer.active.all()


@pytest.mark.parametrize("encoder", ["bottom_up", "precision_weighted"])
def test_the_kls_of_units_add_up_to_that_of_their_layer(encoder: str) -> None:
    model = hierarchy([5, 4, 3], encoder)
    figures = Figures(model.encoder.aligned, "binary", 16, model.z_dims, draws=3)
    torch.manual_seed(0)
    for x in images(23).split(9):
        terms = model(x, samples=3)
        figures.update(terms, terms.elbo)
    told = figures.compute()
    for i, (layer, aligned) in enumerate(zip(figures.units(), model.encoder.aligned, strict=True), start=1):
        assert layer.variance.shape == layer.active.shape == (model.z_dims[i - 1],)
        assert told[f"active_units/z{i}"] == layer.active.sum()
        if aligned:
            assert layer.kl is not None
            assert layer.kl.sum().item() == pytest.approx(told[f"kl/z{i}"], rel=1e-5)
        else:
            assert layer.kl is None
    figures.reset()
    assert figures.units() == []


def test_units_that_follow_the_noise_of_the_layer_below_vary_with_no_image() -> None:
    """q(z2 | z1) follows z1, which carries nothing of x: what varies is the noise of two draws, and it is taken off."""
    model = hierarchy([3, 2], "bottom_up")
    with torch.no_grad():
        for parameter in model.encoder.heads[0].net.parameters():
            parameter.zero_()
        model.encoder.features[1].body[0].weight.mul_(10)
        model.encoder.heads[1].net.weight.mul_(10)
    torch.manual_seed(0)
    metric = ActiveUnits([3, 2], draws=2)
    terms = model(images(4000), samples=2)
    metric.update(terms)
    lower, upper = metric.units()
    drawn = terms.latents[1].q.mean.mean(0).var(0)
    assert (lower.variance == 0).all() and (drawn > 0.01).all()
    assert (upper.variance < 0.1 * drawn).all()


def test_a_unit_that_is_its_prior_has_neither_kl_nor_variance() -> None:
    model = hierarchy([3])
    with torch.no_grad():
        for parameter in model.encoder.heads[0].net.parameters():
            parameter[[0, 3]] = 0.0  # mean and log σ of the first unit
    metric = ActiveUnits([3])
    metric.update(model(images(50)))
    (layer,) = metric.units()
    assert layer.kl is not None
    assert layer.kl[0] == pytest.approx(0, abs=1e-7) and layer.variance[0] == 0 and not layer.active[0]
    assert (layer.kl[1:] > 1e-4).all() and (layer.variance[1:] > 1e-5).all()
