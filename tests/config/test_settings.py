import pytest

from tests.config.example import GONE, config, refused
from vaelab.config.check import check


def test_a_misspelt_group_is_refused() -> None:
    """An experiment file can add a group that nothing reads; Hydra lets it."""
    text = str(refused(config({"optimzer": {"lr": 1}})))
    assert text == "the config has no setting 'optimzer'; did you mean 'optimizer'?"
    assert str(refused(config({"model.z_dmis": [3]}))) == "model has no setting 'z_dmis'; did you mean 'z_dims'?"


def test_a_group_left_out_is_refused_where_it_is_needed() -> None:
    assert str(refused(config({"likelihood": GONE}))) == "likelihood is missing: it must be a group with a _target_"
    check(config({"logger": GONE, "callbacks": None}))


@pytest.mark.parametrize("seed", [-1, 2**32, True, 0.5, None])
def test_a_seed_is_what_the_generators_take(seed: object) -> None:
    assert str(refused(config({"seed": seed}))).startswith("seed must be a whole number from 0 to 4294967295")
