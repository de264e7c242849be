"""`vaelab watch` beside a run that goes on, in a terminal and in a pipe."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.terminal.made import append, epoch_lines, run_folder

ROOT = Path(__file__).parents[2]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """The program in a pseudo-terminal of 80×24; `text` is all that it has printed, without escapes."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self.master, self.raw = process, master, b""

    @property
    def text(self) -> str:
        return ESCAPES.sub("", self.raw.decode(errors="replace"))

    def wait_for(self, words: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < deadline, f"{words!r} did not come: {self.text}"
            self._read()

    def wait(self, seconds: float = 20) -> int:
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it did not leave: {self.text}"
            self._read()
        self._read()
        return self.process.returncode

    def _read(self) -> None:
        if select.select([self.master], [], [], 0.1)[0]:
            try:
                self.raw += os.read(self.master, 65536)
            except OSError:  # the other end has closed
                time.sleep(0.05)


@contextmanager
def terminal(folder: Path, *arguments: str, **env: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    plain = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR")}
    command = [sys.executable, "-m", "vaelab", "watch", str(folder), *arguments]
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**plain, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", **env},
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)


WRITER = """
import sys, time
from pathlib import Path
from tests.terminal.made import append, epoch_lines
folder = Path(sys.argv[1])
for epoch in range(6, 10):
    time.sleep(0.4)
    append(folder / "history.jsonl", *epoch_lines(epoch))
time.sleep(0.4)
(folder / "DONE.json").write_text("{}")
"""


def test_it_follows_a_run_to_its_end(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", epochs=6)
    with terminal(folder) as screen:
        screen.wait_for("epoch 6 of 10")
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], cwd=ROOT)
        assert screen.wait() == 0
        assert writer.wait() == 0
        last = screen.text[screen.text.rindex("nats an image  ") :]
        assert "epoch 10 of 10" in screen.text and "finished" in screen.text
        assert f"{epoch_lines(9)[1]['val/elbo']:.2f}" in last
        assert "\x1b[36m" in screen.raw.decode(), "val is coloured"


def test_it_leaves_a_run_that_was_stopped(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run", epochs=6)
    with terminal(folder) as screen:
        screen.wait_for("epoch 6 of 10")
        (folder / "STOPPED.json").write_text('{"signal": "SIGINT", "step": 165, "epoch": 6}')
        assert screen.wait() == 0
        assert "stopped at step 165 by SIGINT" in screen.text


def test_it_waits_for_a_run_that_hydra_has_only_announced(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / ".hydra").mkdir(parents=True)
    with terminal(folder) as screen:
        screen.wait_for("waiting for the run to begin")
        run_folder(tmp_path / "other", epochs=1)
        for name in ("history.jsonl", "config.json"):
            os.replace(tmp_path / "other" / name, folder / name)
        screen.wait_for("epoch 1 of 10")


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"PYTHONIOENCODING": "ascii"}], ids=["no colour", "ascii"])
def test_ctrl_c_leaves_with_0_in_plain_terminals_too(tmp_path: Path, env: dict[str, str]) -> None:
    folder = run_folder(tmp_path / "räume")
    with terminal(folder, **env) as screen:
        screen.wait_for("z2 is collapsed")
        screen.process.send_signal(signal.SIGINT)
        assert screen.wait() == 0
        assert "Traceback" not in screen.text
        if "NO_COLOR" in env:
            assert not re.search(rb"\x1b\[[0-9;]*3[0-7]m", screen.raw)
        else:
            assert screen.raw.isascii() and "vvvv" in screen.text


def test_a_pipe_gets_one_page(tmp_path: Path, vaelab: Run) -> None:
    folder = run_folder(tmp_path / "run")
    for arguments in ([str(folder)], [f"run={folder}", "--once"]):
        code, out, err = vaelab("watch", *arguments)
        assert (code, err) == (0, "") and out.count("epoch 6 of 10") == 1 and "\x1b" not in out
    code, out, _ = vaelab("watch", str(folder), "--ascii")
    assert code == 0 and out.replace(str(tmp_path), "").isascii()


def test_a_folder_of_runs_gets_a_line_each(tmp_path: Path, vaelab: Run) -> None:
    for i in range(3):
        run_folder(tmp_path / "sweep" / str(i), epochs=i, overrides=(f"seed={i}",))
    (tmp_path / "sweep" / "multirun.yaml").write_text("")
    code, out, _ = vaelab("watch", str(tmp_path / "sweep"))
    assert code == 0 and "0 of 3 runs finished" in out and "seed=2" in out
    (tmp_path / "sweep" / "1" / "config.json").write_text("{")
    code, out, _ = vaelab("watch", str(tmp_path / "sweep"))
    assert code == 0 and "0 of 2 runs finished" in out, "one that cannot be read does not hide the others"
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "multirun.yaml").write_text("")
    assert "waiting for the first run" in vaelab("watch", str(tmp_path / "none"))[1]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere"], 5, "run=nowhere does not exist"),
        (["run=empty"], 5, "is not a run folder"),
        ([], 2, "one folder"),
        (["a", "b"], 2, "one folder"),
        (["empty", "--fast"], 2, "--fast"),
    ],
)
def test_what_cannot_be_watched_is_one_line(
    arguments: list[str], code: int, words: str, vaelab: Run, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    got, out, err = vaelab("watch", *arguments)
    assert (got, out) == (code, "") and words in err and len(err.splitlines()) == 1


def test_help_and_the_list_of_commands_name_it(vaelab: Run) -> None:
    assert "--once" in vaelab("watch", "--help")[1]
    assert "vaelab watch <folder>" in vaelab("--help")[1]


def test_it_answers_in_half_a_second_without_torch_or_hydra(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "run")
    program = (
        "import sys, time; from vaelab.cli import run; code = run(sys.argv[1:]); "
        "print(code, {'torch', 'hydra', 'omegaconf', 'matplotlib'} & set(sys.modules), time.process_time())"
    )
    seconds = []
    for _ in range(3):
        command = [sys.executable, "-c", program, "watch", str(folder)]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1].split()
        assert out[:2] == ["0", "set()"]
        seconds.append(float(out[2]))
    assert min(seconds) < 0.5


def test_a_longer_history_costs_only_its_new_lines(tmp_path: Path) -> None:
    """20 000 lines are read once; the next look takes no more than a small part of that."""
    from vaelab.terminal.watched import Watched

    folder = run_folder(tmp_path / "run", epochs=1)
    append(folder / "history.jsonl", *(line | {"step": i} for i in range(20_000) for line in epoch_lines(0)[:1]))
    run = Watched(folder)
    start = time.perf_counter()
    run.refresh()
    first = time.perf_counter() - start
    start = time.perf_counter()
    append(folder / "history.jsonl", *epoch_lines(1))
    run.refresh()
    assert time.perf_counter() - start < first / 5
    assert len(run.record.curves["train/elbo"]) <= 2001
