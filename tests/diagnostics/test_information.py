"""Information of every layer against the linear-Gaussian truth, and its bounds."""

import math

import pytest
import torch

from tests.factory import hierarchy, images
from tests.oracles import ENCODERS, LinearChain
from vaelab.diagnostics.information import information
from vaelab.distributions import DiagonalNormal


def mutual(chain: LinearChain, a: list[int], b: list[int], given: list[int]) -> float:
    """I(a; b | given) of a joint Gaussian, nats."""

    def log_det(of: list[int], known: list[int]) -> float:
        cov = chain.conditional(of, known)[2] if known else chain.cov[of][:, of]
        return torch.logdet(cov).item()

    return 0.5 * (log_det(a, given) - log_det(a, [*b, *given]))


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_with_the_exact_posterior_it_is_the_chains_own(depth: int, encoder: str) -> None:
    chain, n = LinearChain(depth), 1500
    torch.manual_seed(0)
    found = information(chain.hierarchy(encoder), chain.sample(n), max_rows=30_000)
    z = [[2 * l, 2 * l + 1] for l in range(depth)]
    x = list(range(2 * depth, 2 * depth + 6))
    for l in range(depth):
        above = [i for layer in z[l + 1 :] for i in layer]
        exact = mutual(chain, z[l], x if l == 0 else z[l - 1], []) if encoder == "bottom_up" else (
            mutual(chain, z[l], x, above)
        )  # fmt: skip
        assert found.nats[l] == pytest.approx(exact, abs=max(0.1, 4 * found.stderr[l]))
    assert found.n == n and not any(found.saturated)


@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate"])
def test_blocks_of_any_size_give_the_same(encoder: str) -> None:
    model, x = hierarchy([3, 2], encoder), images(20)
    results = []
    for max_rows in (20, 60, 400):
        torch.manual_seed(0)
        results.append(information(model, x, max_rows).nats)
    assert results[0] == pytest.approx(results[1], abs=1e-5) == results[2]


@pytest.mark.parametrize("encoder", ["bottom_up", "concatenate"])
def test_a_q_that_ignores_x_carries_nothing_and_one_that_tells_all_saturates(encoder: str) -> None:
    model, x = hierarchy([4, 2], encoder), torch.rand(50, 1, 4, 4)
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.zero_()
    assert information(model, x, 1000).nats == pytest.approx((0.0, 0.0), abs=1e-6)

    class Sharp(torch.nn.Module):
        def forward(self, context: torch.Tensor) -> DiagonalNormal:
            loc = 10 * context.flatten(1)[:, :4]
            return DiagonalNormal(loc, torch.full_like(loc, -6.0))

    chain = hierarchy([4], "bottom_up")
    chain.encoder.features[0], chain.encoder.heads[0] = torch.nn.Identity(), Sharp()  # type: ignore[index,operator]
    found = information(chain, x, 1000)
    assert found.nats[0] == pytest.approx(math.log(50), abs=1e-3)
    assert found.saturated == (True,)
