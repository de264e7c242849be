"""DiagonalNormal against torch's own Independent(Normal)."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from vaelab.distributions import DiagonalNormal, draw, tempered

F64 = torch.float64


def pair(seed: int, event_dims: int = 1) -> tuple[DiagonalNormal, Independent]:
    torch.manual_seed(seed)
    loc, log_scale = torch.randn(6, 3, 4, dtype=F64), torch.randn(6, 3, 4, dtype=F64)
    return DiagonalNormal(loc, log_scale, event_dims), Independent(Normal(loc, log_scale.exp()), event_dims)


@pytest.mark.parametrize("event_dims", [1, 2])
def test_density_entropy_and_divergence_are_those_of_torch(event_dims: int) -> None:
    (q, q_torch), (p, p_torch) = pair(0, event_dims), pair(1, event_dims)
    x = torch.randn(5, 6, 3, 4, dtype=F64)
    torch.testing.assert_close(q.log_prob(x), q_torch.log_prob(x))
    torch.testing.assert_close(q.entropy(), q_torch.entropy())
    torch.testing.assert_close(kl_divergence(q, p), kl_divergence(q_torch, p_torch))
    assert q.batch_shape == q_torch.batch_shape and q.event_shape == q_torch.event_shape
    torch.testing.assert_close(q.variance, q_torch.variance)


def test_a_scale_that_broadcasts_counts_in_every_dimension() -> None:
    loc = torch.randn(6, 4, dtype=F64)
    shared, full = torch.tensor(-0.7, dtype=F64), torch.full((6, 4), -0.7, dtype=F64)
    x = torch.randn(6, 4, dtype=F64)
    a, b = DiagonalNormal(loc, shared), DiagonalNormal(loc, full)
    torch.testing.assert_close(a.log_prob(x), b.log_prob(x))
    torch.testing.assert_close(a.entropy(), b.entropy())
    torch.testing.assert_close(kl_divergence(b, a), torch.zeros(6, dtype=F64))


def test_draws_have_the_mean_and_scale_and_a_gradient() -> None:
    torch.manual_seed(0)
    q = DiagonalNormal(torch.tensor([1.0, -2.0], requires_grad=True), torch.tensor([0.5, -1.0], requires_grad=True))
    z = q.rsample((200_000,))
    torch.testing.assert_close(z.mean(0), q.mean, atol=0.02, rtol=0)
    torch.testing.assert_close(z.std(0), q.scale, atol=0.02, rtol=0)
    z.sum().backward()
    assert q.loc.grad is not None and q.log_scale.grad is not None


def test_parameters_of_any_size_give_finite_densities() -> None:
    q = DiagonalNormal.from_params(torch.tensor([[0.0, 0.0, 1e9, -1e9]]))
    assert torch.isfinite(q.log_prob(q.rsample())).all()
    small = DiagonalNormal.from_params(torch.tensor([[0.0, 0.0, 0.1, -0.1]]))
    torch.testing.assert_close(small.log_scale, torch.tensor([[0.1, -0.1]]), atol=1e-5, rtol=0)


def test_draw_adds_only_the_dimensions_that_are_missing() -> None:
    q = DiagonalNormal(torch.zeros(5, 2), torch.zeros(5, 2))
    assert draw(q, (5,)).shape == (5, 2)
    assert draw(q, (7, 5)).shape == (7, 5, 2)
    assert draw(DiagonalNormal(torch.zeros(2), torch.zeros(2)), (7, 5)).shape == (7, 5, 2)


def test_temperature_scales_the_deviation_and_zero_is_the_mean() -> None:
    q, _ = pair(0)
    torch.testing.assert_close(tempered(q, 0.5).scale, 0.5 * q.scale)
    assert torch.equal(tempered(q, 0.0).rsample(), q.loc)
    assert tempered(q, 1.0) is q
    with pytest.raises(NotImplementedError, match="Independent"):
        tempered(Independent(Normal(torch.zeros(2), 1.0), 1), 0.5)
