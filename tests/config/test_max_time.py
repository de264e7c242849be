"""trainer.max_time is read as Lightning reads it, and what cannot be read is told before a run."""

import pytest
from pytorch_lightning.callbacks import Timer

from vaelab import compose
from vaelab.config.check import check
from vaelab.config.max_time import seconds_of
from vaelab.errors import ConfigError


@pytest.mark.parametrize("max_time", ["00:11:30:00", "01:00:00:05", {"minutes": 7, "seconds": 30}, {"weeks": 1}])
def test_it_is_what_lightning_makes_of_it(max_time: str | dict[str, int]) -> None:
    assert seconds_of(max_time) == Timer(max_time).time_remaining()
    assert seconds_of(None) is None


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["trainer.max_time=11:30"], "days:hours:minutes:seconds"),
        (["trainer.max_time={hour: 3}"], "days, hours, minutes"),
        (["trainer.max_time=00:01:00:00", "~callbacks.interrupt"], "needs callbacks.interrupt"),
    ],
)
def test_what_it_cannot_be(overrides: list[str], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check(compose(overrides))
