"""Jobs that are not trained: see stand_in.py."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.sweep import stand_in


@pytest.fixture
def acting(vaelab: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Jobs that act as said: acting({"seed=1": ["die", "finish"]}); all others finish."""
    monkeypatch.setattr("vaelab.sweep.job.command", stand_in.command)
    monkeypatch.setattr("vaelab.sweep.job._in_own_process", stand_in.in_own_process)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))

    def act(plan: dict[str, list[str]]) -> None:
        (tmp_path / "stand_in.json").write_text(json.dumps(plan))

    act({})
    return act


def attempts(folder: Path) -> dict[str, int]:
    """How often each job was begun, the first one first."""
    files = sorted(folder.glob("*/attempts.txt"), key=lambda path: path.stat().st_ctime_ns)
    return {path.parent.name: len(path.read_text().splitlines()) for path in files}


def in_a_process(folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    """`vaelab <arguments>` with stand-ins for jobs, in a process that can be killed."""
    text = "import sys; from tests.sweep import stand_in; from vaelab.cli import run\n"
    text += f"stand_in.install(); sys.exit(run({list(arguments)!r}))"
    return subprocess.Popen([sys.executable, "-c", text], cwd=folder, stdout=subprocess.DEVNULL)
