"""Two processes that train together: whatever happens to one of them, both end, and the run goes on exactly."""

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
import torch

from tests.faults.test_signals import said
from tests.training.crash import difference, instants, ranks
from tests.training.test_resume import SMALL
from vaelab import compose
from vaelab.rank import is_first
from vaelab.training import last, store
from vaelab.training.modules import HVAE

SOAK = pytest.mark.skipif(not os.environ.get("VAELAB_SOAK"), reason="VAELAB_SOAK=1 runs it")
TWO = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
# seven steps an epoch, of two processes
CFG = [
    *(one for one in SMALL if not one.startswith("data.batch_size")),
    *("data.batch_size=100", "model.z_dims=[3,2]", "optimizer.skip_norm=80", "optimizer.warmup_steps=4", *TWO),
]
TERM = 128 + signal.SIGTERM


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run, never stopped."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert ranks(compose(CFG), folder) == [0, 0], Path(f"{folder}.log").read_text()
    return folder


def goes_on(folder: Path, whole: Path, every: int = 2) -> None:
    assert ranks(compose(CFG), folder, resume=True, every=every) == [0, 0], Path(f"{folder}.log").read_text()
    assert difference(whole, folder) is None


# shares of all instants of each process; the rest of the pairs with VAELAB_SOAK=1
@pytest.mark.parametrize(
    ("rank", "at"),
    [
        *((0, 0.5), (0, 0.77), (1, 0.6)),
        *(pytest.param(rank, at, marks=SOAK) for rank in (0, 1) for at in (0.3, 0.4, 0.65, 0.9, 0.97)),
    ],
)
def test_one_that_is_killed_ends_both(rank: int, at: float, whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    codes = ranks(compose(CFG), folder, fatal=int(at * instants(whole, rank)), of=[rank])
    assert codes[rank] == -signal.SIGKILL and codes[1 - rank] != 0
    goes_on(folder, whole)


def test_with_the_sums_of_the_first_for_all_it_would_not_be_the_same(whole: Path, tmp_path: Path) -> None:
    """The comparison can fail."""
    folder = tmp_path / "run"
    ranks(compose(CFG), folder, fatal=int(0.45 * instants(whole)))
    path, manifest, _ = last.newest(folder / "checkpoints")
    assert manifest["processes"] == 2
    state = store.load(path)
    assert state["so_far"][0]["train"]["waiting"], "a state between two lines of the record"
    state["so_far"][1] = state["so_far"][0]
    store.save(state, path)
    assert ranks(compose(CFG), folder, resume=True) == [0, 0]
    assert difference(whole, folder) == "history.jsonl"


@pytest.mark.parametrize(
    ("of", "signum"),
    [
        *(([1], signal.SIGTERM), ([0, 1], signal.SIGUSR1)),
        *(pytest.param(of, signal.SIGTERM, marks=SOAK) for of in ([0], [0, 1])),
        *(pytest.param(of, signal.SIGUSR1, marks=SOAK) for of in ([0], [1])),
    ],
)
def test_all_leave_after_the_same_step_whoever_has_the_signal(
    of: list[int], signum: signal.Signals, whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    at = int(0.3 * instants(whole, of[0]))
    assert ranks(compose(CFG), folder, fatal=at, of=of, signum=signum, every=1000) == [128 + signum] * 2
    assert said(folder)["signal"] == signum.name
    assert said(folder)["step"] == store.verify(folder / "checkpoints" / "last.ckpt")["step"] > 0
    goes_on(folder, whole, every=1000)


def test_a_state_is_of_its_number_of_processes(whole: Path) -> None:
    before = {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()}
    three = compose([*CFG, "trainer.devices=3", "trainer.max_epochs=4"])
    assert ranks(three, whole, resume=True) == [2, 2]
    assert "trainer.devices: 2 → 3" in (log := Path(f"{whole}.log").read_text()) and "fork=" in log
    # as with devices=auto on another machine, which no setting shows
    start = last.newest(whole / "checkpoints")[1]
    from vaelab.errors import CheckpointError
    from vaelab.training.resume import Start

    with pytest.raises(CheckpointError, match="trained by 2 processes and would go on with 1 process:"):
        Start(whole, 1, 1, start["processes"], "").refuse_other(1)
    assert {path: path.read_bytes() for path in whole.rglob("*") if path.is_file()} == before


def test_no_number_on_one_of_them_is_skipped_by_both(tmp_path: Path) -> None:
    """The gradient is that of both together, and so is the decision."""
    folder = tmp_path / "run"

    def poison(rank: int) -> None:
        real = HVAE.training_step

        def step(self: HVAE, batch: Any, batch_idx: int) -> Any:
            loss = real(self, batch, batch_idx)
            return loss * float("nan") if rank == 1 and self.trainer.fit_loop.total_batch_idx == 3 else loss

        HVAE.training_step = step  # type: ignore[method-assign]
        HVAE.on_train_end = lambda self: torch.save(self.state_dict(), f"{folder}.{rank}")  # type: ignore[method-assign]

    assert ranks(compose([*CFG, "trainer.max_epochs=1"]), folder, before=poison) == [0, 0]
    rows = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert sum(row.get("train/skipped", 0) > 0 for row in rows) == 1
    one, other = (torch.load(f"{folder}.{rank}") for rank in (0, 1))
    for name, weight in one.items():
        assert torch.equal(weight, other[name]) and weight.isfinite().all(), name


def test_which_is_the_first() -> None:
    assert is_first({}) and is_first({"SLURM_PROCID": "0"}) and is_first({"LOCAL_RANK": "0", "NODE_RANK": "0"})
    # started by Lightning, in a plain sbatch script and on a second node
    assert not is_first({"LOCAL_RANK": "1", "NODE_RANK": "0", "SLURM_PROCID": "0"})
    assert not is_first({"LOCAL_RANK": "0", "NODE_RANK": "1"})
    # by srun, one on each of two nodes
    assert not is_first({"SLURM_PROCID": "1", "SLURM_LOCALID": "0"})
    # by torchrun, which may count nodes in another order than SLURM
    torchrun = {"TORCHELASTIC_RUN_ID": "x", "LOCAL_RANK": "0", "SLURM_PROCID": "1"}
    assert is_first({**torchrun, "RANK": "0"}) and not is_first({**torchrun, "RANK": "2"})


WAITS_IN_VAIN = """
import subprocess, sys, tempfile, threading, time
from pathlib import Path
from lightning_fabric.plugins.environments import LightningEnvironment
from vaelab.training import launcher

launcher.PATIENCE = 0.1
started = launcher.Launcher(LightningEnvironment(), num_processes=2, num_nodes=1)
started.folder, started.errors = Path(sys.argv[1]), Path(tempfile.mkdtemp())
started.procs = [subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])]
started.over = threading.Event()
threading.Thread(target=started._watch, daemon=True).start()
time.sleep(60)
"""


@pytest.mark.parametrize("begun", [False, True])
def test_a_first_that_waits_in_vain_leaves_as_the_other_did(begun: bool, tmp_path: Path) -> None:
    """As in a collective on GPUs, which waits for half an hour."""
    if begun:
        (tmp_path / "config.json").write_text("{}")
    command = [sys.executable, "-c", WAITS_IN_VAIN, str(tmp_path)]
    left = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert left.returncode == 3 and "vaelab: process 2 of 2 ended with code 3" in left.stderr, left.stderr
    failed = tmp_path / "FAILED.json"
    assert failed.exists() == begun
    assert not begun or json.loads(failed.read_text())["code"] == 3


# ---- whole programs, whose other process Lightning starts ----


class Program:
    """`vaelab train`, or another, and the process that it started."""

    def __init__(self, *command: str, folder: Path) -> None:
        self.log = Path(f"{folder}.log")
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(command, cwd=folder.parent, stdout=log, stderr=log, start_new_session=True)

    def other(self) -> int:
        """The process id of the second of them, once there is one."""
        return self._until(lambda: _children(self.process.pid))[0]

    def trained(self, folder: Path, lines: int) -> None:
        path = folder / "history.jsonl"
        self._until(lambda: path.exists() and path.read_text().count("\n") >= lines)

    def ends(self, seconds: float) -> int:
        """Its exit code; nothing that it started is left after that."""
        children = _children(self.process.pid)
        try:
            code = self.process.wait(seconds)
            self._until(lambda: not any(map(_alive, children)), seconds)
        finally:
            for pid in filter(_alive, [self.process.pid, *children]):
                os.kill(pid, signal.SIGKILL)
        return code

    def _until(self, found: Callable[[], Any], seconds: float = 90) -> Any:
        end = time.monotonic() + seconds
        while not (it := found()):
            assert time.monotonic() < end and (self.process.poll() is None or seconds < 90), self.log.read_text()
            time.sleep(0.05)
        return it


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
VAELAB = str(Path(sys.executable).with_name("vaelab"))
LONG = [*CFG, "trainer.max_epochs=10"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The longer run, as a program, never stopped."""
    folder = tmp_path_factory.mktemp("program") / "run"
    whole = Program(VAELAB, "train", *LONG, "hydra.run.dir=run", folder=folder)
    assert whole.ends(200) == 0, whole.log.read_text()
    return folder


@needs_proc
@pytest.mark.parametrize(
    "faults",
    [
        [("first", signal.SIGKILL), ("other", signal.SIGTERM)],
        pytest.param([("other", signal.SIGKILL), ("first", signal.SIGTERM), ("group", signal.SIGTERM)], marks=SOAK),
        pytest.param([(to, signal.SIGUSR1) for to in ("first", "other", "group")], marks=SOAK),
    ],
)
def test_a_program_of_two_ends_whole_and_goes_on_exactly(
    faults: list[tuple[str, signal.Signals]], program: Path, tmp_path: Path
) -> None:
    """One fault after another, each in a process that goes on from the one before."""
    folder, command = tmp_path / "run", [*LONG, "hydra.run.dir=run"]
    for n, (to, signum) in enumerate(faults, start=1):
        running = Program(VAELAB, "train", *command, "callbacks.checkpoints.minutes=0", folder=folder)
        running.trained(folder, lines=6 * n)
        other = running.other()
        if to == "group":
            os.killpg(running.process.pid, signum)
        else:
            os.kill(running.process.pid if to == "first" else other, signum)
        code = running.ends(60)
        assert not _alive(other)
        assert code == (-signum if (to, signum) == ("first", signal.SIGKILL) else 128 + signum), running.log.read_text()
        assert (folder / "STOPPED.json").exists() == (signum != signal.SIGKILL)
        command = [f"resume={folder}"]
    resumed = Program(VAELAB, "train", *command, "callbacks.checkpoints.minutes=5", folder=folder)
    assert resumed.ends(200) == 0, resumed.log.read_text()
    assert difference(program, folder) is None


@needs_proc
@pytest.mark.parametrize(
    ("rank", "what", "code", "words"),
    [
        ("1", "error", 1, "ValueError: boom on one rank"),
        # before they train together: the first one waits for it in vain, and leaves with its code
        pytest.param("1", "data", 4, "vaelab: x.png is damaged here alone", marks=SOAK),
        pytest.param("0", "error", 1, "ValueError: boom on one rank", marks=SOAK),
    ],
)
def test_the_cause_of_an_error_on_one_of_them_is_the_last_word(
    rank: str, what: str, code: int, words: str, tmp_path: Path
) -> None:
    script = str(Path(__file__).with_name("program.py"))
    failed = Program(sys.executable, script, str(tmp_path / "run"), rank, what, *CFG, folder=tmp_path / "run")
    failed.other()
    assert failed.ends(60) == code
    assert failed.log.read_text().strip().splitlines()[-1].endswith(words)
