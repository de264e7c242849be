"""The comparison of killed and whole runs can fail; and what must not change the weights does not."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.faults.child import before, trained
from tests.training.crash import difference
from tests.training.test_resume import RUNS, SMALL
from vaelab import compose
from vaelab.callbacks import Noise
from vaelab.training.last import newest
from vaelab.training.store import load, save


def kill(self: Any, trainer: Any, *rest: Any) -> None:
    if trainer.global_step == 8:
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture
def killed(cfg: dict[str, Any], tmp_path: Path) -> Path:
    """At its ninth step: the second epoch has two steps to go."""
    assert trained(cfg, tmp_path / "run", lambda: before(Noise, "on_train_batch_start", kill))[0] == -signal.SIGKILL
    return tmp_path / "run"


def test_it_is_equal_with_all_of_them(killed: Path, cfg: dict[str, Any], whole: Path) -> None:
    assert trained(cfg, killed, go_on=True)[0] == 0
    assert difference(whole, killed) is None


def test_without_the_seed_of_a_step_it_is_not(killed: Path, cfg: dict[str, Any], whole: Path) -> None:
    def fault() -> None:
        Noise.on_train_batch_start = lambda *args: None  # type: ignore[method-assign]

    assert trained(cfg, killed, fault, go_on=True)[0] == 0
    assert difference(whole, killed) is not None


def test_without_the_place_in_the_data_it_is_not(killed: Path, cfg: dict[str, Any], whole: Path) -> None:
    path, _, _ = newest(killed / "checkpoints")
    state = load(path)
    (name,) = [key for key, value in state.items() if isinstance(value, dict) and set(value) == {"epoch", "batch"}]
    assert state.pop(name) == {"epoch": 1, "batch": 3}
    save(state, path)
    assert trained(cfg, killed, go_on=True)[0] == 0
    assert difference(whole, killed) is not None


@pytest.mark.parametrize(
    "how", [["trainer.check_val_every_n_epoch=2"], ["trainer.limit_val_batches=0"]], ids=["every second", "never"]
)
def test_validation_does_not_change_the_weights(how: list[str], tmp_path: Path) -> None:
    plain = [*SMALL, *RUNS["hvae"], "~callbacks.collapse", "trainer.max_epochs=2"]
    folders = {"always": tmp_path / "a", "other": tmp_path / "b"}
    for folder, overrides in zip(folders.values(), ([], [f"++{one}" for one in how]), strict=True):
        code, said = trained(compose([*plain, *overrides]), folder)
        assert code == 0, said
    states = [load(folder / "checkpoints" / "last.ckpt") for folder in folders.values()]
    for part in ("state_dict", "current_model_state"):
        a, b = (state[part] for state in states)
        assert a.keys() == b.keys() and all(a[key].equal(b[key]) for key in a)
