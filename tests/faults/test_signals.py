"""A signal at any time: the code of the signal, nothing torn, and the run goes on as if there had been none."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.training.crash import difference, forked, instants
from tests.training.test_resume import RUNS, SMALL
from vaelab import compose
from vaelab.callbacks import Checkpoints, interrupt
from vaelab.training import store
from vaelab.training.modules import HVAE

CFG = [*SMALL, *RUNS["hvae"]]
TERM = 128 + signal.SIGTERM


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run, never stopped."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert forked(compose(CFG), folder) == 0, Path(f"{folder}.log").read_text()
    return folder


def to_itself(home: Any, name: str, call: int, *signals: int) -> Callable[[int], None]:
    """In the child: on its `call`-th call the method `name` of `home` sends its process these signals, then goes on."""

    def install(rank: int) -> None:
        real, calls = getattr(home, name), 0

        def method(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == call:
                for signum in signals:
                    os.kill(os.getpid(), signum)
            return real(*args, **kwargs)

        setattr(home, name, method)

    return install


def catches(pid: int, signum: int) -> bool:
    """Whether a process has a handler for a signal."""
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(line.split()[1], 16) >> (signum - 1) & 1)


def said(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "STOPPED.json").read_text())
    return told


def goes_on(folder: Path, whole: Path, cfg: list[str] = CFG) -> None:
    assert forked(compose(cfg), folder, resume=True) == 0, Path(f"{folder}.log").read_text()
    assert difference(whole, folder) is None
    assert not (folder / "STOPPED.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("seconds", [0.0, 1.5])
def test_before_there_is_a_run(seconds: float, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("vaelab")), "train", *SMALL, "hydra.run.dir=run"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while not catches(process.pid, signal.SIGTERM):
        time.sleep(0.01)
    time.sleep(seconds)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == TERM and "Traceback" not in out, out
    assert not (tmp_path / "run" / "config.json").exists()


def test_while_a_state_is_read_the_state_stays(whole: Path, tmp_path: Path) -> None:
    cfg, folder = compose(CFG), tmp_path / "run"
    forked(cfg, folder, fatal=instants(whole) // 2)
    step = store.verify(folder / "checkpoints" / "last.ckpt")["step"]
    reads = to_itself(HVAE, "on_load_checkpoint", 1, signal.SIGTERM)
    assert forked(cfg, folder, resume=True, before=reads) == TERM
    assert said(folder)["signal"] == "SIGTERM"
    assert store.verify(folder / "checkpoints" / "last.ckpt")["step"] == step
    goes_on(folder, whole)


@pytest.mark.parametrize("call", [1, 2])
def test_a_long_validation_is_left_and_done_again(
    call: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the first there is no state yet, and the run begins again; later it goes on from the one before."""
    monkeypatch.setattr(interrupt, "PATIENCE", -1.0)
    folder = tmp_path / "run"
    validates = to_itself(HVAE, "validation_step", call, signal.SIGTERM)
    every = 1000 if call == 1 else 2
    assert forked(compose(CFG), folder, every=every, before=validates) == TERM
    assert (folder / "checkpoints" / "last.ckpt").exists() == (call > 1)
    assert "saved" not in Path(f"{folder}.log").read_text()
    goes_on(folder, whole)


def test_a_short_validation_is_waited_for(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    validates = to_itself(HVAE, "validation_step", 1, signal.SIGTERM)
    assert forked(compose(CFG), folder, every=1000, before=validates) == TERM
    assert said(folder)["step"] == store.verify(folder / "checkpoints" / "last.ckpt")["step"] > 0
    goes_on(folder, whole)


@pytest.mark.parametrize(
    ("name", "signals", "code"),
    [
        ("SIGTERM", [signal.SIGTERM, signal.SIGTERM, signal.SIGINT], TERM),
        ("SIGINT", [signal.SIGINT, signal.SIGINT], 130),
        ("SIGUSR1", [signal.SIGUSR1], 138),
    ],
)
def test_the_first_signal_counts(name: str, signals: list[int], code: int, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    steps = to_itself(HVAE, "training_step", 8, *signals)
    assert forked(compose(CFG), folder, before=steps) == code
    assert said(folder)["signal"] == name
    goes_on(folder, whole)


@pytest.mark.parametrize(("home", "method", "call"), [(store, "save", 3), (Checkpoints, "_write_last", 4)])
def test_while_a_state_is_written(home: Any, method: str, call: int, whole: Path, tmp_path: Path) -> None:
    """And again while the state is written that the first one asked for."""
    folder = tmp_path / "run"

    def both(rank: int) -> None:
        to_itself(home, method, call, signal.SIGTERM)(rank)
        to_itself(home, method, call + 1, signal.SIGTERM, signal.SIGINT)(rank)

    assert forked(compose(CFG), folder, before=both) == TERM
    goes_on(folder, whole)


def test_in_the_evaluation_which_is_then_all_that_is_left(whole: Path, tmp_path: Path) -> None:
    from vaelab import evaluate

    folder = tmp_path / "run"
    evaluates = to_itself(evaluate, "evaluate_run", 1, signal.SIGTERM)
    assert forked(compose(CFG), folder, before=evaluates) == TERM
    assert said(folder)["step"] == store.verify(folder / "checkpoints" / "last.ckpt")["step"]
    trains = to_itself(HVAE, "training_step", 1, signal.SIGKILL)
    assert forked(compose(CFG), folder, resume=True, before=trains) == 0, "nothing is trained"
    assert difference(whole, folder) is None


def test_max_time_is_that_of_one_process(whole: Path, tmp_path: Path) -> None:
    """Over at once each time: each goes on from where the one before was, by one step."""
    folder = tmp_path / "run"
    short = compose([*CFG, "trainer.max_time=00:00:00:00"])
    assert forked(short, folder, every=1000) == TERM
    assert said(folder) == {"signal": "max_time", "step": 1, "epoch": 1}
    assert forked(short, folder, every=1000, resume=True) == TERM
    assert said(folder)["step"] == 2
    goes_on(folder, whole, [*CFG, "trainer.max_time=01:00:00:00"])
