"""The one loop: special cases equal the general one, on every encoder and decoder."""

import pytest
import torch

from tests.factory import DECODERS, ENCODERS, hierarchy, images
from vaelab.distributions import log_ratio
from vaelab.proposal import Ancestral, Clamped, Split
from vaelab.seeding import seed_noise


@pytest.mark.parametrize("encoder", ENCODERS[1:])
@pytest.mark.parametrize("decoder", DECODERS)
def test_with_one_layer_bottom_up_and_top_down_are_equal(encoder: str, decoder: str) -> None:
    up, down = hierarchy([3], "bottom_up", decoder), hierarchy([3], encoder, decoder)
    down.load_state_dict(up.state_dict())
    x = images(5)
    for samples in (None, 4):
        seed_noise(1)
        a = up(x, samples)
        seed_noise(1)
        b = down(x, samples)
        for figure in ("elbo", "reconstruction", "kl", "log_weight"):
            assert torch.equal(getattr(a, figure), getattr(b, figure)), figure
        assert a.aligned and b.aligned


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_shapes_and_sums_hold_for_every_pair_of_encoder_and_decoder(encoder: str, decoder: str, depth: int) -> None:
    z_dims = [4, 3, 2][:depth]
    model, x = hierarchy(z_dims, encoder, decoder), images(5)
    for samples, lead in ((None, ()), (7, (7,))):
        terms = model(x, samples)
        assert [tuple(latent.z.shape) for latent in terms.latents] == [(*lead, 5, d) for d in z_dims]
        assert terms.elbo.shape == terms.kl.shape == terms.reconstruction.shape == (5,)
        assert terms.log_weight.shape == (*lead, 5)
        assert terms.px.mean.shape == (*lead, 5, 1, 4, 4)
        torch.testing.assert_close(terms.kl, terms.reconstruction - terms.elbo)
        torch.testing.assert_close(terms.kl, torch.stack(terms.costs).sum(0))


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_every_parameter_gets_a_gradient(encoder: str, decoder: str) -> None:
    model = hierarchy([4, 3, 2], encoder, decoder)
    (-model(images(8)).elbo.mean()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize("encoder", ENCODERS)
def test_log_ratio_and_cost_agree_in_mean(encoder: str) -> None:
    torch.manual_seed(0)
    model = hierarchy([4, 3, 2], encoder).double()
    with torch.no_grad():
        terms = model(images(3).double(), samples=100_000)
    for latent, cost in zip(terms.latents, terms.costs, strict=True):
        difference = latent.log_ratio - latent.cost
        error = difference.std(0) / 100_000**0.5
        assert ((latent.log_ratio.mean(0) - cost).abs() < 4 * error + 1e-9).all()
        torch.testing.assert_close(latent.log_ratio, log_ratio(latent.z, latent.q, latent.p))


def test_only_aligned_layers_have_kls_and_they_are_never_negative() -> None:
    x = images(5)
    assert [latent.aligned for latent in hierarchy([4, 3, 2], "bottom_up")(x).latents] == [False, False, True]
    for encoder in ENCODERS[1:]:
        terms = hierarchy([4, 3, 2], encoder)(x)
        assert terms.aligned
        assert all((cost >= 0).all() for cost in terms.costs)


def test_the_iw_bound_of_one_draw_is_its_log_weight() -> None:
    model, x = hierarchy([3, 2]), images(5)
    seed_noise(2)
    one = model(x, samples=1)
    assert torch.equal(one.iw_bound, one.log_weight[0])


@pytest.mark.parametrize("encoder", ENCODERS)
def test_k_draws_at_once_are_k_draws_one_by_one(encoder: str) -> None:
    """In distribution: the same mean weight within its error."""
    model, x = hierarchy([3, 2], encoder).double(), images(2).double()
    torch.manual_seed(0)
    with torch.no_grad():
        together = model(x, samples=20_000).log_weight
        apart = torch.stack([model(x).log_weight for _ in range(2_000)])
    error = (together.var(0) / 20_000 + apart.var(0) / 2_000).sqrt()
    assert ((together.mean(0) - apart.mean(0)).abs() < 4 * error).all()


@pytest.mark.parametrize("decoder", DECODERS)
def test_ancestral_samples_cost_nothing_and_temperature_zero_is_deterministic(decoder: str) -> None:
    model = hierarchy([4, 3, 2], decoder=decoder)
    free = model.generate(Ancestral((6,)))
    assert torch.equal(free.kl, torch.zeros(6))
    a, b = (model.generate(Ancestral((6,), 0.0)).px.mean for _ in range(2))
    assert torch.equal(a, b) and torch.equal(a[0], a[5])
    with pytest.raises(ValueError, match="no data"):
        _ = free.elbo


def test_a_temperature_for_each_layer_goes_from_z1_up() -> None:
    model = hierarchy([4, 3, 2])
    a, b = (model.generate(Ancestral((6,), [0.0, 0.0, 1.0])) for _ in range(2))
    assert not torch.equal(a.latents[2].z, b.latents[2].z)
    again = model.generate(Clamped({2: a.latents[2].z}, Ancestral((6,), 0.0)))
    assert torch.equal(again.px.mean, a.px.mean)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("decoder", DECODERS)
def test_all_layers_clamped_to_a_pass_give_its_picture_again(encoder: str, decoder: str) -> None:
    model, x = hierarchy([4, 3, 2], encoder, decoder), images(5)
    terms = model(x)
    given = {l: latent.z for l, latent in enumerate(terms.latents)}
    again = model.generate(Clamped(given, Ancestral((5,))), x)
    assert torch.equal(again.px.mean, terms.px.mean)
    assert torch.equal(again.reconstruction, terms.reconstruction)
    with pytest.raises(ValueError, match="clamped"):
        _ = again.elbo


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_split_at_zero_is_the_encoder_and_at_the_top_is_the_prior(encoder: str) -> None:
    model, x = hierarchy([4, 3, 2], encoder), images(5)

    def run(first: int) -> torch.Tensor:
        seed_noise(4)
        upper = model.encoder.propose(model.encode(x))
        return model.generate(Split(first, upper, Ancestral((5,))), x).kl

    all_from_encoder = run(0)
    seed_noise(4)
    assert torch.equal(all_from_encoder, model(x).kl)
    assert torch.equal(run(3), torch.zeros(5))
