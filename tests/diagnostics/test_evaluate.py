"""Figures of a split: the bound is right, the memory bounded, and the blocks leave no trace."""

import math

import pytest
import torch

from tests.factory import ENCODERS, hierarchy, images
from tests.oracles import ENCODERS as LINEAR
from tests.oracles import LinearChain
from vaelab.diagnostics.evaluate import evaluate_split
from vaelab.objective import Iwae


@pytest.mark.parametrize("encoder", LINEAR)
@pytest.mark.parametrize("max_rows", [7, 64, 10_000])
def test_the_exact_posterior_gives_log_px_and_every_draw_counts(encoder: str, max_rows: int) -> None:
    chain = LinearChain(3)
    x = chain.sample(10)
    figures = evaluate_split(chain.hierarchy(encoder), x.split(4), samples=25, max_rows=max_rows)
    torch.testing.assert_close(figures.iw_bound, chain.log_px(x), atol=1e-9, rtol=0)
    torch.testing.assert_close(figures.effective_sample_size, torch.full_like(figures.iw_bound, 25.0))
    torch.testing.assert_close(figures.elbo, figures.reconstruction - figures.costs.sum(1))


def test_no_pass_holds_more_rows_than_allowed() -> None:
    model, seen = hierarchy([3, 2]), []
    model.likelihood.register_forward_hook(lambda module, args, px: seen.append(math.prod(px.batch_shape)))
    evaluate_split(model, images(20).split(16), samples=50, max_rows=30)
    assert max(seen) <= 30
    assert sum(seen) == 20 * 50


def test_the_bound_rises_with_k_and_one_draw_is_an_elbo() -> None:
    torch.manual_seed(0)
    model, x = hierarchy([3, 2]), images(200)
    bounds = [evaluate_split(model, [x], samples=k, max_rows=10_000).iw_bound.mean() for k in (1, 10, 100)]
    assert bounds == sorted(bounds)
    one = evaluate_split(model, [x], samples=1, max_rows=10_000)
    torch.testing.assert_close(one.effective_sample_size, torch.ones(200, dtype=torch.float64))


@pytest.mark.parametrize("encoder", ENCODERS)
def test_the_streamed_weights_are_those_of_one_pass(encoder: str) -> None:
    """The same draws in one block and by hand."""
    model, x = hierarchy([3, 2], encoder), images(6)
    torch.manual_seed(0)
    figures = evaluate_split(model, [x], samples=40, max_rows=10_000)
    torch.manual_seed(0)
    with torch.no_grad():
        terms = model(x, samples=40)
    torch.testing.assert_close(figures.iw_bound, terms.iw_bound.double())
    torch.testing.assert_close(figures.elbo, terms.elbo.double())
    w = terms.log_weight.double().softmax(0)
    torch.testing.assert_close(figures.effective_sample_size, 1 / w.square().sum(0))


def test_a_dead_model_reads_dead_and_an_alive_one_alive() -> None:
    model = hierarchy([3, 2], "bottom_up")
    with torch.no_grad():
        for head in model.encoder.heads:
            head.net.weight.zero_()
            head.net.bias.zero_()
    assert evaluate_split(model, [images(300)], samples=8, max_rows=10_000).active_units == (0, 0)
    with torch.no_grad():
        model.encoder.heads[0].net.weight.normal_()
        model.encoder.heads[1].net.weight.normal_()
        model.encoder.features[1].body[0].weight.mul_(5)
    assert evaluate_split(model, [images(300)], samples=64, max_rows=100_000).active_units == (3, 2)


def test_one_draw_cannot_tell_the_active_units_of_a_layer_that_hangs_on_another() -> None:
    assert evaluate_split(hierarchy([3]), [images(50)], samples=1, max_rows=1000).active_units[0] is not None
    figures = evaluate_split(hierarchy([3, 2], "bottom_up"), [images(50)], samples=1, max_rows=1000)
    assert figures.active_units[0] is not None and figures.active_units[1] is None


@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate"])
def test_the_kls_of_units_add_up_to_their_layers(encoder: str) -> None:
    """Where q and p are aligned and diagonal; whatever the blocks."""
    model, x = hierarchy([4, 3], encoder), images(10)
    torch.manual_seed(0)
    figures = evaluate_split(model, [x[:7], x[7:]], samples=6, max_rows=14)
    for l, aligned in enumerate(figures.aligned):
        units = figures.unit_kl[l]
        if not aligned:
            assert units.isnan().all()
        else:
            assert units.shape == (model.z_dims[l],) and (units >= 0).all()
            assert units.sum().item() == pytest.approx(figures.costs[:, l].mean().item(), rel=1e-5)
    assert [bool(u.isnan().any()) for u in figures.unit_kl] == [encoder == "bottom_up", False]


def test_an_objective_of_several_draws_is_the_same_whatever_the_blocks() -> None:
    """The bound of 10 draws, not of as many as a block happens to hold; nan where there are fewer."""
    model, x, objective = hierarchy([3, 2]), images(20), Iwae(samples=10)
    values = []
    for max_rows in (5, 20, 100, 2000):
        torch.manual_seed(0)
        figures = evaluate_split(model, [x], 400, max_rows, lambda terms: objective(terms, 0), group=10)
        values.append(figures.objective.mean().item())
    torch.manual_seed(0)
    few = evaluate_split(model, [x], 9, 100, lambda terms: objective(terms, 0), group=10)
    assert few.objective.isnan().all() and few.elbo.isfinite().all()
    elbo, most = figures.elbo.mean().item(), figures.iw_bound.mean().item()
    assert max(values) - min(values) < 0.2 * (most - elbo)
    assert elbo < min(values) < max(values) < most
