"""Loggers that are absent, fail or die: training and its record do not notice."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning.loggers.wandb as lightning_wandb

from tests.faults.child import before, trained
from tests.training.crash import difference
from vaelab.callbacks import History, Noise
from vaelab.errors import DivergedError
from vaelab.logger import wandb as our_wandb
from vaelab.logger.csv import Csv

WANDB = {"_target_": "vaelab.logger.wandb.Wandb", "_partial_": True, "project": "p"}
WANDB |= {"name": None, "group": None, "tags": None, "mode": "offline"}


def with_wandb(cfg: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {**cfg, "logger": {**cfg["logger"], "wandb": {**WANDB, **settings}}}


def failing(method: str, step: int) -> Callable[[], None]:
    """csv fails once, from a step on."""

    def act(self: Csv, metrics: dict[str, float], step_now: int) -> None:
        if step_now >= step:
            raise ValueError("no more")

    return lambda: before(Csv, method, act)


def test_a_logger_that_fails_is_told_once_and_left_out(cfg: dict[str, Any], whole: Path, tmp_path: Path) -> None:
    code, said = trained(cfg, tmp_path / "run", failing("log_metrics", 6))
    assert code == 0, said
    assert said.count("note: Csv is left out from here on") == 1 and "ValueError: no more" in said
    for name in ("history.jsonl", "units.jsonl"):
        assert (whole / name).read_bytes() == (tmp_path / "run" / name).read_bytes()
    table = (tmp_path / "run" / "metrics.csv").read_text()
    assert 1 < len(table.splitlines()) < len((whole / "metrics.csv").read_text().splitlines())


def test_a_run_that_goes_on_has_the_whole_table_again(cfg: dict[str, Any], whole: Path, tmp_path: Path) -> None:
    """metrics.csv is written anew from history.jsonl."""

    def kill(self: Any, trainer: Any, *rest: Any) -> None:
        if trainer.global_step == 9:
            os.kill(os.getpid(), signal.SIGKILL)

    def fault() -> None:
        failing("log_metrics", 6)()
        before(Noise, "on_train_batch_start", kill)

    folder = tmp_path / "run"
    assert trained(cfg, folder, fault)[0] == -signal.SIGKILL
    (folder / "metrics.csv").unlink()
    assert trained(cfg, folder, go_on=True)[0] == 0
    assert difference(whole, folder) is None


def test_without_wandb_training_goes_on_without_it(cfg: dict[str, Any], whole: Path, tmp_path: Path) -> None:
    def fault() -> None:
        lightning_wandb._WANDB_AVAILABLE = False

    code, said = trained(with_wandb(cfg), tmp_path / "run", fault)
    assert code == 0, said
    assert said.count("logger=wandb is left out, as its package is not installed") == 1
    assert difference(whole, tmp_path / "run") is None


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has just ended
            continue
        if parent == pid:
            found.append(int(path.parent.name))
    return found


def test_wandb_whose_process_is_killed_is_left_out(cfg: dict[str, Any], whole: Path, tmp_path: Path) -> None:
    def act(self: Any, trainer: Any, *rest: Any) -> None:
        if trainer.global_step == 6 and not killed:
            killed.extend(children(os.getpid()))
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.2)

    killed: list[int] = []
    os.environ.setdefault("WANDB_SILENT", "true")
    code, said = trained(with_wandb(cfg), tmp_path / "run", lambda: before(Noise, "on_train_batch_start", act))
    assert code == 0, said
    assert said.count("note: Wandb is left out from here on") == 1 and "Traceback" not in said, said
    assert difference(whole, tmp_path / "run") is None


@pytest.mark.parametrize("key", [True, False], ids=["a server that does not answer", "no key"])
def test_wandb_online_without_a_server_is_offline_at_once(
    key: bool, cfg: dict[str, Any], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    if key:
        monkeypatch.setenv("WANDB_API_KEY", "a" * 40)

    def fault() -> None:
        if not key:  # as if the server answered
            our_wandb.unreachable = lambda: None  # type: ignore[assignment,misc]

    began = time.monotonic()
    code, said = trained(with_wandb(cfg, mode="online"), tmp_path / "run", fault)
    assert code == 0, said
    assert time.monotonic() - began < 30, "wandb alone would wait for 90 s"
    (line,) = [line for line in said.splitlines() if "wandb stays offline" in line]
    assert ("127.0.0.1:9 does not answer" if key else "key") in line and "wandb sync" in line
    assert list((tmp_path / "run" / "wandb").glob("offline-run-*"))
    assert difference(whole, tmp_path / "run") is None


def test_errors_of_ours_are_not_a_loggers(cfg: dict[str, Any], tmp_path: Path) -> None:
    """A run that diverges in the middle of writing its record is no failure of a logger."""

    def act(self: History, trainer: Any, figures: dict[str, float]) -> None:
        if trainer.global_step >= 6:
            figures["train/elbo"] = float("nan")

    code, said = trained(cfg, tmp_path / "run", lambda: before(History, "write", act))
    assert code == DivergedError.code and "left out" not in said, said
