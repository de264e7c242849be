"""Checkpoint files that are killed at, damaged, foreign or left over."""

import hashlib
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.faults.child import before, trained
from tests.training.crash import difference
from vaelab.atomic import sweep
from vaelab.callbacks import Noise
from vaelab.errors import CheckpointError
from vaelab.training.last import newest, write_last
from vaelab.training.store import load, save


def test_what_was_acknowledged_outlives_a_kill_at_any_instant(tmp_path: Path) -> None:
    """Sixty writers, each killed while it saves one state after another."""
    draw, step = random.Random(0), 0
    for _ in range(60):
        reads, writes = os.pipe()
        if (child := os.fork()) == 0:
            try:
                for at in range(step + 1, step + 1000):
                    state = {"global_step": at, "w": torch.full((50_000,), float(at))}
                    write_last(tmp_path, lambda path, state=state: save(state, path), first=True)
                    os.write(writes, at.to_bytes(8))
            finally:
                os._exit(1)
        os.close(writes)
        first = os.read(reads, 8)  # it is saving
        time.sleep(draw.uniform(0.0, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        said = first + b"".join(iter(lambda: os.read(reads, 8), b""))  # noqa: B023
        os.close(reads)
        acknowledged = int.from_bytes(said[-8:])
        assert acknowledged > step
        path, manifest, _ = newest(tmp_path)
        step = manifest["step"]
        assert step in (acknowledged, acknowledged + 1)
        assert torch.equal(load(path)["w"], torch.full((50_000,), float(step)))
    sweep(tmp_path)
    assert not list(tmp_path.glob("*.tmp"))


@pytest.fixture(scope="module")
def killed(cfg: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed at its ninth step: its states are of the steps 8 and 6."""
    folder = tmp_path_factory.mktemp("killed") / "run"

    def kill(self: Any, trainer: Any, *rest: Any) -> None:
        if trainer.global_step == 8:
            os.kill(os.getpid(), signal.SIGKILL)

    assert trained(cfg, folder, lambda: before(Noise, "on_train_batch_start", kill))[0] == -signal.SIGKILL
    return folder


@pytest.fixture
def stopped(killed: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(killed, tmp_path / "run"))


def forge(path: Path, content: bytes) -> None:
    """A file with a manifest that is true of it."""
    path.write_bytes(content)
    manifest = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "step": 8, "epoch": 1}
    path.with_name(f"{path.name}.json").write_text(json.dumps(manifest))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut short": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "one bit": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
    "torn manifest": lambda path: path.with_name("last.ckpt.json").write_text('{"sha256": "3'),
    "no manifest": lambda path: path.with_name("last.ckpt.json").unlink(),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_state_before_a_damaged_one_is_used_and_told(
    damage: str, stopped: Path, cfg: dict[str, Any], whole: Path
) -> None:
    DAMAGE[damage](stopped / "checkpoints" / "last.ckpt")
    code, said = trained(cfg, stopped, go_on=True)
    assert code == 0, said
    assert "goes on from last-1.ckpt: step 6" in said
    (line,) = [line for line in said.splitlines() if "the state before it is used" in line]
    assert "last.ckpt" in line
    assert difference(whole, stopped) is None


def test_where_all_are_damaged_each_is_named_and_nothing_begins_anew(stopped: Path, cfg: dict[str, Any]) -> None:
    for name in ("last.ckpt", "last-1.ckpt"):
        DAMAGE["cut short"](stopped / "checkpoints" / name)
    record = (stopped / "history.jsonl").read_bytes()
    code, said = trained(cfg, stopped, go_on=True)
    assert code == CheckpointError.code
    assert "last.ckpt is damaged" in said and "last-1.ckpt is damaged" in said
    assert (stopped / "history.jsonl").read_bytes() == record


def other_model(path: Path) -> None:
    state = load(path)
    name = next(iter(state["state_dict"]))
    state["state_dict"][name] = torch.zeros(2, 3)
    save(state, path)


FOREIGN: dict[str, tuple[Callable[[Path], object], str]] = {
    "of another model": (other_model, "last.ckpt is of another model"),
    "a file of data": (lambda path: forge(path, b"\x93NUMPY" + bytes(4000)), "last.ckpt is no checkpoint"),
    "a table": (lambda path: save({"step": 8}, path), "last.ckpt is no checkpoint"),
    "weights alone": (
        lambda path: save({k: v for k, v in load(path).items() if k not in ("optimizer_states", "callbacks")}, path),
        "last.ckpt holds weights alone",
    ),
}


@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_foreign_checkpoint_is_refused_by_name(foreign: str, stopped: Path, cfg: dict[str, Any]) -> None:
    """Its manifest is true of it: no hash tells."""
    make, words = FOREIGN[foreign]
    make(stopped / "checkpoints" / "last.ckpt")
    record = (stopped / "history.jsonl").read_bytes()
    code, said = trained(cfg, stopped, go_on=True)
    assert code == CheckpointError.code and words in said, said
    assert "Traceback" not in said
    assert (stopped / "history.jsonl").read_bytes() == record


def test_what_killed_writers_left_is_swept_when_the_run_goes_on(stopped: Path, cfg: dict[str, Any]) -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)
    left = [stopped / f"DONE.json.{child}.tmp", stopped / "checkpoints" / f"last-new.ckpt.{child}.tmp"]
    others = [stopped / f"report.html.{os.getppid()}.tmp", stopped / "mine.tmp"]
    for path in (*left, *others):
        path.write_bytes(b"half")
    assert trained(cfg, stopped, go_on=True)[0] == 0
    assert [path.exists() for path in left] == [False, False]
    assert [path.exists() for path in others] == [True, True], "of a process that lives, and of no writer of ours"
