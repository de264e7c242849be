"""A run folder is written by one process at a time."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import vaelab.lock
from tests.conftest import Run
from vaelab.errors import BusyError
from vaelab.lock import held, held_by, is_held

HOLDS = """
import os, sys, time
from pathlib import Path
from vaelab.lock import held
with held(Path("run")):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
    Path("holds").touch()
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Any:
    other = subprocess.Popen([sys.executable, "-c", HOLDS], cwd=tmp_path, process_group=0)
    end = time.monotonic() + 30
    while not (tmp_path / "holds").exists():
        assert time.monotonic() < end
        time.sleep(0.05)
    yield other
    subprocess.run(["kill", "-9", "--", f"-{other.pid}"], check=False)


def test_a_second_process_declines_and_touches_nothing(holder: Any, vaelab: Run, tmp_path: Path) -> None:
    """Also while the first one has written nothing but its notes."""
    (tmp_path / "run/.hydra").mkdir()
    (tmp_path / "run/.hydra/overrides.yaml").write_text("[]")
    code, _, err = vaelab("train", "model=vae", "hydra.run.dir=run")
    assert code == BusyError.code and f"process {holder.pid} on" in err and "Traceback" not in err
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [".hydra", ".lock"]
    assert (tmp_path / "run/.hydra/overrides.yaml").exists() and held_by(tmp_path / "run") == holder.pid


def test_the_lock_goes_with_its_process_and_no_worker_keeps_it(holder: Any, tmp_path: Path) -> None:
    assert is_held(tmp_path / "run")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with held(tmp_path / "run"):
        pass
    assert held_by(tmp_path / "run") is None


def test_one_that_only_asks_keeps_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`is_held` has the lock for an instant; here until this process waits."""
    asks = """
import fcntl, os, sys
fcntl.lockf(os.open("run/.lock", os.O_RDWR), fcntl.LOCK_SH)
print("asks", flush=True)
sys.stdin.readline()
"""
    (tmp_path / "run").mkdir()
    (tmp_path / "run/.lock").touch()
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    other = subprocess.Popen([sys.executable, "-c", asks], cwd=tmp_path, **pipes)
    assert other.stdout is not None and other.stdout.readline() == "asks\n"
    assert not is_held(tmp_path / "run"), "two may ask at once"
    monkeypatch.setattr(vaelab.lock, "time", SimpleNamespace(sleep=lambda _: other.communicate(), strftime=str))
    with held(tmp_path / "run"):
        assert other.returncode == 0


def test_a_lock_that_was_taken_away_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As by a process that leaves an unused folder, between the opening of the file and its locking."""
    lock, real, times = tmp_path / "run/.lock", vaelab.lock._lock, []

    def take(file: int) -> bool:
        times.append(file)
        if len(times) == 1:
            lock.unlink()
        return real(file)

    monkeypatch.setattr(vaelab.lock, "_lock", take)
    with held(tmp_path / "run"):
        assert len(times) == 2 and json.loads(lock.read_text())["pid"] == os.getpid()


def test_where_files_have_no_locks_it_goes_on_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import errno
    import fcntl

    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", none)
    with held(tmp_path / "run"):
        assert "files have no locks" in capsys.readouterr().out
        assert not is_held(tmp_path / "run")
