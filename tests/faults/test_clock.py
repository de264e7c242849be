"""A clock that is set back or forward while a run goes on: nothing that counts is told by it."""

import signal
import time
from pathlib import Path

import pytest

from tests.training.crash import difference, forked, instants
from vaelab import compose
from vaelab.callbacks import Noise

CFG = [
    *("data=digits", "data.batch_size=256", "encoder.net.widths=[8]", "decoder.net.widths=[8]", "trainer.max_epochs=3"),
    *("logger=csv", "threads=1", "diagnosis=null", "report=false", "evaluation.iw_samples=2", "~callbacks.pictures"),
    *("model.z_dims=[3,2]", "callbacks.history.every_n_steps=3", "+trainer.max_time=00:01:00:00"),
]
DAY = 86400.0


@pytest.mark.parametrize("days", [-3.0, 400.0])
def test_a_clock_that_moves_changes_nothing(days: float, tmp_path: Path) -> None:
    real = time.time

    def moved(rank: int) -> None:
        start = Noise.on_train_batch_start

        def on_train_batch_start(self: Noise, trainer: object, *rest: object) -> None:
            if trainer.global_step == 4:  # type: ignore[attr-defined]
                time.time = lambda: real() + days * DAY
            start(self, trainer, *rest)  # type: ignore[arg-type]

        Noise.on_train_batch_start = on_train_batch_start  # type: ignore[method-assign]

    assert forked(compose(CFG), tmp_path / "whole") == 0, Path(f"{tmp_path / 'whole'}.log").read_text()
    at = int(0.6 * instants(tmp_path / "whole"))
    assert forked(compose(CFG), tmp_path / "run", fatal=at, before=moved) == -signal.SIGKILL
    assert forked(compose(CFG), tmp_path / "run", resume=True, before=moved) == 0
    assert difference(tmp_path / "whole", tmp_path / "run") is None
