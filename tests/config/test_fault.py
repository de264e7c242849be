import pytest

from vaelab.config.fault import Fault, refuse
from vaelab.errors import ConfigError, DataError


def test_no_fault_is_no_error() -> None:
    refuse([])


def test_one_fault_is_one_paragraph_and_several_are_bullets() -> None:
    with pytest.raises(ConfigError, match=r"^a$"):
        refuse([Fault("a"), Fault("a")])
    with pytest.raises(ConfigError, match=r"^The config has 2 faults:\n- a\n- b$"):
        refuse([Fault("a"), Fault("b", 4)])


def test_only_faults_of_data_make_a_data_error() -> None:
    with pytest.raises(DataError):
        refuse([Fault("a", 4), Fault("b", 4)])
