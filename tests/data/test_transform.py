import pytest
import torch

from tests.data.given import Given, greys
from vaelab.data import transform as module
from vaelab.data.batches import Batch
from vaelab.data.transform import binarise, to_units

ALL_BYTES = torch.arange(256, dtype=torch.uint8)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def fix_bits(monkeypatch: pytest.MonkeyPatch, bits: torch.Tensor) -> None:
    monkeypatch.setattr(module, "_bits16", lambda x, generator: bits)


def test_binarisation_is_unbiased_for_every_grey_value() -> None:
    n, p = 20_000, ALL_BYTES.double() / 255
    mean = binarise(ALL_BYTES.repeat(n, 1), generator()).double().mean(0)
    sigma = (p * (1 - p)).clamp(min=2**-16) / n  # 255 is itself a coin of 2^-16
    assert ((mean - p).abs() <= 4 * sigma.sqrt()).all()


def test_binarisation_counted_over_all_16_bits_is_off_by_at_most_2_to_the_minus_16(monkeypatch) -> None:
    every = torch.arange(-(2**15), 2**15).to(torch.int16)
    for x in range(256):
        fix_bits(monkeypatch, every)
        ones = int(binarise(torch.full((2**16,), x, dtype=torch.uint8), generator()).sum())
        assert abs(ones / 2**16 - x / 255) <= 2**-16
        assert ones == 0 or x > 0


def test_random_bits_are_uniform_and_uncorrelated_between_neighbours() -> None:
    n = 2**20
    bits = module._bits16(torch.empty(n + 3), generator()).double()
    assert bits.shape == (n + 3,)
    assert abs(bits.mean() + 0.5) < 4 * 2**16 / (12 * n) ** 0.5
    for lag in (1, 2, 3, 4):
        assert abs(torch.corrcoef(torch.stack([bits[lag:], bits[:-lag]]))[0, 1]) < 4 / n**0.5


def test_black_is_never_white_and_white_hardly_ever_black() -> None:
    n = 2**22
    assert not binarise(torch.zeros(n, dtype=torch.uint8), generator()).any()
    wrong = int((binarise(torch.full((n,), 255, dtype=torch.uint8), generator()) == 0).sum())
    assert wrong <= n * 2**-16 + 4 * (n * 2**-16) ** 0.5


def test_float_greys_are_binarised_with_their_own_probability() -> None:
    n, p = 20_000, torch.linspace(0, 1, 21)
    mean = binarise(p.repeat(n, 1), generator()).float().mean(0)
    assert ((mean - p).abs() <= 4 * (p * (1 - p) / n).sqrt()).all()


def test_dequantisation_stays_in_the_cell_of_its_byte_at_both_ends(monkeypatch) -> None:
    x = ALL_BYTES.double()
    for bits, u in ((-(2**15), 0.0), (2**15 - 1, 1 - 2**-16)):
        fix_bits(monkeypatch, torch.full((256,), bits, dtype=torch.int16))
        y = to_units(ALL_BYTES, "dequantisation", generator())
        assert y.dtype == torch.float32 and y.max() < 1
        assert torch.equal(y.double(), (x + u) / 256)


def test_dequantisation_is_uniform_within_the_cell() -> None:
    n = 20_000
    y = to_units(ALL_BYTES.repeat(n, 1), "dequantisation", generator()).double()
    u = 256 * y - ALL_BYTES.double()
    assert (u >= 0).all() and (u < 1).all()
    assert ((u.mean(0) - 0.5).abs() < 4 / (12 * n) ** 0.5).all()
    assert abs(u.var() - 1 / 12) < 4 * (1 / 180 / u.numel()) ** 0.5


def test_scaling_is_exact_and_none_changes_no_value() -> None:
    assert torch.equal(to_units(ALL_BYTES, "scaling", generator()), ALL_BYTES.float() / 255)
    assert to_units(ALL_BYTES, "scaling", generator())[[0, 255]].tolist() == [0, 1]
    assert torch.equal(to_units(ALL_BYTES, "none", generator()), ALL_BYTES.float())
    floats = torch.randn(7)
    assert torch.equal(to_units(floats, "none", generator()), floats)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_dynamic_binarisation_differs_by_key_and_repeats_by_key(dtype: str) -> None:
    data = Given(greys(dtype=dtype))
    data.give(("binary",), "bernoulli", seed=0)
    x = data.split("train")
    first, again, other = (data.in_units(Batch(x, key)).x for key in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert set(first.unique().tolist()) == {0, 1}


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_static_binarisation_is_the_same_each_epoch_and_for_every_seed(dtype: str) -> None:
    images = []
    for seed in (0, 1):
        data = Given(greys(dtype=dtype), "static_binarisation")
        data.give(("binary",), "bernoulli", seed)
        images += [data.in_units(Batch(data.split("train"), key)).x for key in (1, 2)]
    assert all(torch.equal(image, images[0]) for image in images)
    assert set(images[0].unique().tolist()) == {0, 1}
