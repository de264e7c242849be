"""A layer placed in p goes along with it, and its place in the same p is where it was."""

import pytest
import torch
from torch.distributions import Distribution, Independent, Normal, StudentT

from tests.factory import DECODERS, hierarchy, images
from vaelab.proposal import Ancestral, Clamped, Placed, moments, place


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("encoder", ["bottom_up", "residual"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_all_layers_placed_where_a_pass_had_them_give_its_picture_again(decoder: str, encoder: str, depth: int) -> None:
    model, x = hierarchy([4, 3, 2][:depth], encoder, decoder).double(), images(5).double()
    terms = model(x)
    given = {l: place(latent.z, latent.p) for l, latent in enumerate(terms.latents)}
    again = model.generate(Placed(given, Ancestral((5,))), x)
    torch.testing.assert_close(again.px.mean, terms.px.mean)
    for a, b in zip(again.latents, terms.latents, strict=True):
        torch.testing.assert_close(a.z, b.z)
        assert a.q is None and not a.aligned
    with pytest.raises(ValueError, match="no density"):
        _ = again.elbo


@pytest.mark.parametrize("decoder", DECODERS)
def test_it_is_the_reparameterised_draw(decoder: str) -> None:
    """Noise in all layers, placed, is an ancestral sample made of that noise."""
    model = hierarchy([4, 3, 2], decoder=decoder).double()
    noise = {l: torch.randn(6, d, dtype=torch.float64) for l, d in enumerate([4, 3, 2])}
    terms = model.generate(Placed(noise, Ancestral((6,))))
    for l, latent in enumerate(terms.latents):
        torch.testing.assert_close(latent.z, latent.p.mean + latent.p.stddev * noise[l])


def test_layers_that_are_not_given_come_from_the_other_source() -> None:
    model = hierarchy([4, 3, 2])
    noise = torch.randn(6, 3)
    terms = model.generate(Placed({1: noise}, Ancestral((6,), 0.0)))
    for l in (0, 2):
        assert torch.equal(terms.latents[l].z, terms.latents[l].p.mean.expand(terms.latents[l].z.shape))
    clamped = model.generate(Clamped({1: terms.latents[1].z}, Ancestral((6,), 0.0)))
    assert torch.equal(clamped.px.mean, terms.px.mean)


class NoMean(Distribution):
    arg_constraints: dict = {}


def test_a_family_without_moments_is_taken_as_it_is() -> None:
    z = torch.randn(5, 3)
    cauchy = Independent(StudentT(1.0, torch.zeros(3)), 1)
    for p in (NoMean(validate_args=False), cauchy):
        assert moments(p) is None
        assert torch.equal(place(z, p), z)
        assert torch.equal(Placed({0: z}, Ancestral((5,)))(0, None, p).z, z)
    mean, deviation = moments(Independent(Normal(torch.ones(3), 2.0 * torch.ones(3)), 1)) or (None, None)
    assert torch.equal(mean, torch.ones(3)) and torch.equal(deviation, 2.0 * torch.ones(3))
