"""DReG: IWAE's value, IWAE's gradient on average, and less noise in the encoder's."""

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal

from tests.factory import hierarchy, images
from tests.oracles import LinearChain
from vaelab.errors import ConfigError
from vaelab.model import Hierarchy
from vaelab.objective import Dreg, Elbo, Iwae
from vaelab.objective.dreg import stopped
from vaelab.objective.objective import Objective

K = 4


def wrong_chain() -> tuple[Hierarchy, Tensor]:
    """A linear model whose q is not the posterior, and an image."""
    chain = LinearChain(1)
    model = chain.hierarchy("bottom_up")
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.add_(0.1)
    return model, chain.sample(1)


def gradient(objective: Objective, model: Hierarchy, part: nn.Module, x: Tensor, samples: int | None = K) -> Tensor:
    values = objective(model(x, samples=samples), 0)
    return torch.cat([g.flatten() for g in torch.autograd.grad(values.mean(), list(part.parameters()))])


def test_its_value_is_that_of_iwae() -> None:
    model, x = hierarchy([3]), images(5)
    for draws in (1, 3, K, 2 * K + 1):
        terms = model(x, samples=draws)
        torch.testing.assert_close(Dreg(samples=K)(terms, 0), Iwae(samples=K)(terms, 0))
        with torch.no_grad():
            terms = model(x, samples=draws)
            assert torch.equal(Dreg(samples=K)(terms, 0), Iwae(samples=K)(terms, 0))


def test_the_encoders_gradient_is_iwaes_on_average_and_less_noisy() -> None:
    model, x = wrong_chain()
    copies, repeats = x.expand(50, -1, -1, -1), 200
    found = []
    for objective in (Dreg(samples=K), Iwae(samples=K)):
        torch.manual_seed(0)  # the same draws for both, so that their difference has little noise
        found.append(torch.stack([gradient(objective, model, model.encoder, copies) for _ in range(repeats)]))
    dreg, iwae = found
    difference = dreg - iwae
    error = difference.std(0) / repeats**0.5
    assert (difference.mean(0).abs() < 4 * error).all()
    # the test can tell: the gradient is many times as large as that error
    assert iwae.mean(0).norm() > 20 * error.norm()
    assert dreg.var(0).sum() < 0.5 * iwae.var(0).sum()


def test_all_else_has_iwaes_own_gradient() -> None:
    model, x = wrong_chain()
    found = []
    for objective in (Dreg(samples=K), Iwae(samples=K)):
        torch.manual_seed(0)
        found.append(gradient(objective, model, model.decoder, x.expand(9, -1, -1, -1)))
    torch.testing.assert_close(*found)


def test_at_the_exact_posterior_the_encoders_gradient_has_no_noise() -> None:
    chain = LinearChain(1)
    model, x = chain.hierarchy("bottom_up"), chain.sample(3)
    assert gradient(Dreg(samples=K), model, model.encoder, x).abs().max() < 1e-10
    assert gradient(Iwae(samples=K), model, model.encoder, x).abs().max() > 1e-3


@pytest.mark.parametrize("samples", [1, None])
def test_one_draw_leaves_the_path_through_z_alone(samples: int | None) -> None:
    model, x = wrong_chain()
    torch.manual_seed(0)
    found = gradient(Dreg(samples=1), model, model.encoder, x, samples)
    torch.manual_seed(0)
    terms = model(x, samples)
    (latent,) = terms.latents
    q = Normal(latent.q.mean.detach(), latent.q.variance.sqrt().detach())
    weight = terms.log_px + latent.p.log_prob(latent.z) - q.log_prob(latent.z).sum(-1)
    expected = torch.autograd.grad(weight.mean(), list(model.encoder.parameters()))
    torch.testing.assert_close(found, torch.cat([g.flatten() for g in expected]))


def test_the_weights_are_squared() -> None:
    """Tucker et al. 2019, eq. 8, written out draw by draw."""
    model, x = wrong_chain()
    torch.manual_seed(0)
    found = gradient(Dreg(samples=3), model, model.encoder, x, 3)
    torch.manual_seed(0)
    terms = model(x, 3)
    (latent,) = terms.latents
    q = Normal(latent.q.mean.detach(), latent.q.variance.sqrt().detach())
    weight = (terms.log_px + latent.p.log_prob(latent.z) - q.log_prob(latent.z).sum(-1))[:, 0]
    share = weight.exp() / weight.exp().sum()
    expected = torch.zeros_like(found)
    for k in range(3):
        grads = torch.autograd.grad(weight[k], list(model.encoder.parameters()), retain_graph=True)
        expected += share[k].detach() ** 2 * torch.cat([g.flatten() for g in grads])
    torch.testing.assert_close(found, expected)


def test_the_terms_can_be_used_again() -> None:
    model, x = wrong_chain()
    parameters = list(model.parameters())
    torch.manual_seed(0)
    terms = model(x, K)
    Dreg(samples=K)(terms, 0).mean().backward(retain_graph=True)
    again = torch.autograd.grad(Elbo()(terms, 0).mean(), parameters)
    torch.manual_seed(0)
    torch.testing.assert_close(again, torch.autograd.grad(Elbo()(model(x, K), 0).mean(), parameters))


def test_what_it_cannot_do_is_said() -> None:
    with pytest.raises(ConfigError, match="one latent layer"):
        Dreg(samples=2)(hierarchy([3, 2])(images(5), samples=2), 0)
    with pytest.raises(ConfigError, match="not known for Normal"):
        stopped(Normal(0.0, 1.0))
