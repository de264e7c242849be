"""The VampPrior: the average of q(z_L | u) over pseudo-inputs that start as images."""

import pytest
import torch

from tests.factory import hierarchy, images
from vaelab.errors import ConfigError
from vaelab.model import Hierarchy
from vaelab.prior import VampPrior
from vaelab.proposal import Ancestral


def model(encoder: str = "bottom_up", components: int = 6, z_dims: tuple[int, ...] = (3,)) -> Hierarchy:
    prior = VampPrior(z_dims[-1], images, components=components)
    return hierarchy(list(z_dims), encoder, prior=prior)


def test_it_starts_from_the_images_and_averages_their_posteriors() -> None:
    m, z = model(), torch.randn(7, 5, 3)
    torch.testing.assert_close(m.prior.pseudo_inputs, images(6))
    each = torch.stack([m.q_top(u[None]).log_prob(z) for u in images(6)])
    average = each.double().exp().mean(0).log().float()
    torch.testing.assert_close(m.prior(m.q_top).log_prob(z), average)
    assert m.prior(m.q_top).batch_shape == ()


def test_of_one_component_it_is_that_posterior() -> None:
    m, z = model(components=1), torch.randn(7, 5, 3)
    torch.testing.assert_close(m.prior(m.q_top).log_prob(z), m.q_top(m.prior.pseudo_inputs).log_prob(z))


def test_where_the_data_are_the_pseudo_inputs_the_kl_is_their_mutual_information() -> None:
    """The prior is then the aggregate posterior, the best there is (section 3): kl = I(x; z) ≤ log N."""
    m = model(components=8)
    with torch.no_grad():
        m.encoder.heads[0].net.weight *= 30
        m.encoder.heads[0].net.bias[3:] -= 6
        terms = m(images(8), samples=2000)
    assert 0 < terms.kl.mean() < torch.log(torch.tensor(8.0)) + 0.01
    assert terms.kl.mean() > 1.5


@pytest.mark.parametrize("encoder", ["precision_weighted", "concatenate", "residual"])
def test_it_stands_on_a_hierarchy_of_top_down_inference(encoder: str) -> None:
    m = model(encoder, z_dims=(4, 3))
    (-m(images(8)).elbo.mean()).backward()
    assert m.prior.raw.grad is not None and (m.prior.raw.grad.flatten(1).abs().sum(1) > 0).all()
    assert m.generate(Ancestral((5,), 0.5)).px.mean.shape == (5, 1, 4, 4)


def test_bottom_up_inference_of_several_layers_is_refused() -> None:
    with pytest.raises(ConfigError, match="encoder=top_down"):
        model(z_dims=(4, 3))(images(2))


def test_samples_come_from_components_at_random() -> None:
    """Far narrower than far apart: each draw belongs to one component, and all of them are met."""
    m = model(components=4)
    with torch.no_grad():
        m.encoder.heads[0].net.weight[3:] = 0
        m.encoder.heads[0].net.bias[3:] = -9
        z = m.generate(Ancestral((400,))).latents[0].z
        which = torch.cdist(z, m.q_top(m.prior.pseudo_inputs).mean).min(1)
    assert (which.values < 0.01).all()
    assert (torch.bincount(which.indices, minlength=4) > 60).all()


def test_a_step_means_the_same_in_any_units() -> None:
    bytes_, unit = (VampPrior(3, lambda n, s=s: s * images(n), components=6) for s in (255.0, 1.0))
    torch.testing.assert_close(bytes_.raw, unit.raw)
    torch.testing.assert_close(bytes_.pseudo_inputs, 255 * unit.pseudo_inputs)


def test_its_images_are_in_the_checkpoint() -> None:
    trained = model()
    with torch.no_grad():
        trained.prior.raw.add_(1)
    other = hierarchy([3], "bottom_up", prior=VampPrior(3, lambda n: 2 * images(n, seed=8) + 1, components=6))
    other.load_state_dict(trained.state_dict())
    torch.testing.assert_close(other.prior.pseudo_inputs, trained.prior.pseudo_inputs)
    z = torch.randn(5, 3)
    torch.testing.assert_close(other.prior(other.q_top).log_prob(z), trained.prior(trained.q_top).log_prob(z))


def test_constant_images_have_no_scale_to_give() -> None:
    flat = VampPrior(3, lambda n: torch.full((n, 1, 4, 4), 0.3), components=2)
    torch.testing.assert_close(flat.pseudo_inputs, torch.full((2, 1, 4, 4), 0.3))
    assert torch.isfinite(flat.raw).all()


def test_without_enough_images_it_says_so() -> None:
    with pytest.raises(ConfigError, match="give it `examples`"):
        VampPrior(3, components=4)
    with pytest.raises(ConfigError, match=r"prior.components=40, but there are only 9 training images"):
        VampPrior(3, lambda n: images(min(n, 9)), components=40)
    with pytest.raises(ValueError, match="q\\(z_L"):
        VampPrior(3, images, components=4)()
