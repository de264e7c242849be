"""What reaches each layer of a chain, against the exact I(x; z_i) of a linear-Gaussian one."""

import pytest
import torch

from tests.diagnostics.test_surgery import layers_of, mutual
from tests.factory import hierarchy, images
from tests.oracles import LinearChain
from vaelab.diagnostics.ladder import ladder
from vaelab.diagnostics.surgery import surgery


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_it_brackets_the_exact_information_and_closes_in(depth: int) -> None:
    chain, n = LinearChain(depth), 1500
    model, x = chain.hierarchy("bottom_up"), chain.sample(n)
    z, pixels = layers_of(chain)
    exact = torch.tensor([mutual(chain, z[l], pixels, []) for l in range(depth)], dtype=torch.float64)
    widths = []
    for chains in (3, 12):
        torch.manual_seed(0)
        found = ladder(model, x, chains, max_rows=1000)
        error = 4 * found.value.std(0) / n**0.5
        assert bool((found.low.mean(0) < exact + error).all()) and bool((found.high.mean(0) > exact - error).all())
        widths.append((found.high - found.low).mean(0))
    assert bool(((found.value.mean(0) - exact).abs() < torch.maximum(error, torch.tensor(0.1))).all())
    assert bool((widths[0] >= -1e-9).all()) and bool((widths[1][1:] < 0.6 * widths[0][1:]).all())
    assert widths[1][0] == 0, "q(z_1 | x) is known: nothing to average"


def test_no_rung_stands_above_the_one_below() -> None:
    """The data processing inequality on x → z_1 → z_2 → z_3, for weights that were never trained."""
    for seed in range(3):
        model = hierarchy([6, 4, 3], "bottom_up", seed=seed)
        torch.manual_seed(0)
        found = ladder(model, images(400), chains=16, max_rows=400).value
        step = found[:, 1:] - found[:, :-1]
        assert bool((step.mean(0) < 3 * step.std(0) / 20).all())


def test_the_first_rung_is_the_surgerys_and_the_others_stand_below_its_bounds() -> None:
    chain = LinearChain(3)
    model, x = chain.hierarchy("bottom_up"), chain.sample(1000)
    torch.manual_seed(0)
    bound = surgery(model, x, 1000).information
    torch.manual_seed(0)
    found = ladder(model, x, chains=8, max_rows=300)
    error = 4 * bound.std(0) / 1000**0.5
    assert abs(found.value[:, 0].mean() - bound[:, 0].mean()) < error[0]
    assert bool((found.value.mean(0) < bound.mean(0) + error).all())
