"""A run that was killed and resumed ends as one that was never killed, bit by bit."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.crash import difference, forked, instants
from vaelab import compose
from vaelab.config.continuation import changes, said_before, with_resume
from vaelab.errors import CheckpointError, ConfigError
from vaelab.training import last
from vaelab.training.store import load, save, verify

# cheap but for what has a state: three epochs of five steps, a state every second step
SMALL = [
    *("data=digits", "data.batch_size=256", "encoder.net.widths=[8]", "decoder.net.widths=[8]", "trainer.max_epochs=3"),
    *("logger=csv", "threads=1", "diagnosis=null", "report=false", "evaluation.iw_samples=2", "~callbacks.pictures"),
    *("callbacks.history.every_n_steps=3", "callbacks.collapse.every_n_epochs=1", "callbacks.collapse.max_images=20"),
]
RUNS = {
    "hvae": [
        *("model.z_dims=[3,2]", "callbacks=ema", "objective=beta", "optimizer.warmup_steps=4"),
        *("optimizer.cosine_decay=true", "objective.schedule.warmup_steps=6"),
    ],
    "geco": [
        *("model=vae", "objective=geco", "objective.target_nats=-30", "callbacks=aggressive"),
        *("callbacks.aggressive.max_epochs=2", "callbacks.aggressive.max_inner_steps=3"),
    ],
    "accumulated": [
        *("model.z_dims=[3,2]", "trainer.accumulate_grad_batches=2", "+trainer.val_check_interval=3"),
        "optimizer.skip_norm=80",
    ],
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each run, never stopped."""
    root, found = tmp_path_factory.mktemp("whole"), {}
    for name, overrides in RUNS.items():
        found[name] = root / name
        assert forked(compose(SMALL + overrides), found[name]) == 0, Path(f"{found[name]}.log").read_text()
    return found


# shares of all instants of a run: one after another they fall in a step, the record, a validation, a writing
AT = {
    "hvae": [0.31, 0.5, 0.63, 0.77, 0.95],
    "geco": [0.35, 0.85],
    "accumulated": [0.55, 0.7],
}


@pytest.mark.parametrize(("name", "at"), [(name, at) for name, shares in AT.items() for at in shares])
def test_a_killed_run_goes_on_as_if_it_had_not_been(
    name: str, at: float, whole: dict[str, Path], tmp_path: Path
) -> None:
    cfg, folder = compose(SMALL + RUNS[name]), tmp_path / "run"
    assert forked(cfg, folder, fatal=int(at * instants(whole[name]))) == -signal.SIGKILL
    assert not (folder / "DONE.json").exists()
    assert forked(cfg, folder, resume=True) == 0, Path(f"{folder}.log").read_text()
    assert difference(whole[name], folder) is None
    assert (folder / "DONE.json").exists()


def test_killed_twice_and_while_resuming(whole: dict[str, Path], tmp_path: Path) -> None:
    cfg, folder, n = compose(SMALL + RUNS["hvae"]), tmp_path / "run", instants(whole["hvae"])
    assert forked(cfg, folder, fatal=int(0.4 * n)) == -signal.SIGKILL
    assert forked(cfg, folder, fatal=int(0.3 * n), resume=True) == -signal.SIGKILL
    assert forked(cfg, folder, resume=True) == 0
    assert difference(whole["hvae"], folder) is None


@pytest.mark.parametrize(("at", "signum"), [(0.3, signal.SIGTERM), (0.55, signal.SIGUSR2)])
def test_a_signal_saves_where_training_goes_on_exactly(
    at: float, signum: int, whole: dict[str, Path], tmp_path: Path
) -> None:
    cfg, folder = compose(SMALL + RUNS["hvae"]), tmp_path / "run"
    code = forked(cfg, folder, fatal=int(at * instants(whole["hvae"])), signum=signum, every=1000)
    assert code == 128 + signum
    assert forked(cfg, folder, resume=True, every=1000) == 0, Path(f"{folder}.log").read_text()
    assert difference(whole["hvae"], folder) is None


def test_without_its_running_sums_it_would_not_be_the_same(whole: dict[str, Path], tmp_path: Path) -> None:
    """The comparison can fail: the same, with one thing less in the state."""
    cfg, folder = compose(SMALL + RUNS["hvae"]), tmp_path / "run"
    forked(cfg, folder, fatal=int(0.5 * instants(whole["hvae"])))
    path, _, _ = last.newest(folder / "checkpoints")
    state = load(path)
    assert state.pop("so_far")["train"]["waiting"], "a state between two lines of the record"
    save(state, path)
    assert forked(cfg, folder, resume=True) == 0
    assert difference(whole["hvae"], folder) == "history.jsonl"


@pytest.fixture
def stopped(whole: dict[str, Path], tmp_path: Path) -> Path:
    """The hvae, killed late in its second epoch; not in the middle of writing."""
    assert forked(compose(SMALL + RUNS["hvae"]), tmp_path / "run", fatal=int(0.6 * instants(whole["hvae"]))) < 0
    last.settle(tmp_path / "run" / "checkpoints")
    return tmp_path / "run"


def test_a_damaged_state_is_told_and_the_one_before_is_used(stopped: Path, whole: dict[str, Path]) -> None:
    path = stopped / "checkpoints" / "last.ckpt"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert forked(compose(SMALL + RUNS["hvae"]), stopped, resume=True) == 0
    assert "last.ckpt is damaged" in (log := Path(f"{stopped}.log").read_text()) and "last-1.ckpt" in log
    assert difference(whole["hvae"], stopped) is None


def test_no_good_state_is_an_error_and_no_fresh_start(stopped: Path) -> None:
    for path in (stopped / "checkpoints").glob("last*.ckpt"):
        path.write_bytes(b"nothing")
    before = (stopped / "history.jsonl").read_bytes()
    assert forked(compose(SMALL + RUNS["hvae"]), stopped, resume=True) == CheckpointError.code
    assert (stopped / "history.jsonl").read_bytes() == before


def test_a_changed_optimiser_and_objective_act_from_the_state_on(stopped: Path) -> None:
    """Lightning alone would restore the old learning rate without a word."""
    step = verify(stopped / "checkpoints" / "last.ckpt")["step"]
    lines = len((stopped / "history.jsonl").read_text().splitlines())
    new = ["optimizer.lr=0.5", "optimizer.weight_decay=0.25", "optimizer.cosine_decay=false", "objective=elbo"]
    runs = [one for one in RUNS["hvae"] if not one.startswith(("objective", "optimizer"))]
    assert forked(compose([*SMALL, *runs, "optimizer.warmup_steps=4", *new]), stopped, resume=True) == 0
    (group,) = load(stopped / "checkpoints" / "last.ckpt")["optimizer_states"][0]["param_groups"]
    assert (group["lr"], group["weight_decay"]) == (0.5, 0.25)
    rows = [json.loads(line) for line in (stopped / "history.jsonl").read_text().splitlines()]
    assert all(row["train/lr"] < 0.1 for row in rows if "train/lr" in row and row["step"] <= step)
    assert all(row["train/lr"] == 0.5 for row in rows if "train/lr" in row and row["step"] > step + 1)
    assert len(rows) > lines - 3 and all(
        row["train/objective"] == row["train/elbo"] for row in rows[-3:] if "train/lr" in row
    )
    log = Path(f"{stopped}.log").read_text()
    assert f"optimizer.lr: 0.001 → 0.5, from step {step} on" in log and "objective._target_" in log


def test_more_epochs_are_those_of_a_longer_run(tmp_path: Path) -> None:
    """Where nothing in the run depends on how long it is."""
    plain = [*SMALL, "model=vae", "~callbacks.collapse"]
    longer = compose([*plain, "trainer.max_epochs=4"])
    assert forked(compose(plain), tmp_path / "run") == 0
    assert forked(longer, tmp_path / "run", resume=True) == 0
    assert forked(longer, tmp_path / "whole") == 0
    assert difference(tmp_path / "whole", tmp_path / "run") is None
    assert "test/elbo" in (tmp_path / "run" / "history.orphan-1.jsonl").read_text(), "the first end is kept"


def test_a_finished_run_says_so(whole: dict[str, Path]) -> None:
    before = (whole["geco"] / "history.jsonl").read_bytes()
    assert forked(compose(SMALL + RUNS["geco"]), whole["geco"], resume=True) == 0
    assert "is finished" in Path(f"{whole['geco']}.log").read_text()
    assert (whole["geco"] / "history.jsonl").read_bytes() == before


def test_the_program(vaelab: Any, tmp_path: Path) -> None:
    """Typed settings are kept through two resumptions, refusals touch nothing, and what differs is told."""
    code, _, err = vaelab("train", *SMALL, "model=vae", "trainer.max_epochs=1", "hydra.run.dir='a run'")
    assert code == 0, err

    def files() -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in Path("a run").rglob("*") if path.is_file() and path.name != ".lock"}

    before = files()
    for refused, told in (
        (["model.z_dims=[5]"], "model.z_dims: [10] → [5]"),
        (["seed=1"], "seed: 0 → 1"),
        (["data.batch_size=64"], "data.batch_size: 256 → 64"),
        (["hydra.run.dir=b"], "own folder"),
        (["-m"], "goes on with one run"),
    ):
        code, _, err = vaelab("train", "resume=a run", "trainer.max_epochs=2", *refused)
        assert code == 2 and told.split(":")[0] in err, err
    assert files() == before
    for epochs in (2, 3):
        code, out, err = vaelab("train", "resume=a run", f"trainer.max_epochs={epochs}")
        assert code == 0 and f"trainer.max_epochs: {epochs - 1} → {epochs}" in out, err
    said = said_before(Path("a run"))
    assert said[-2:] == ["model=vae", "trainer.max_epochs=3"], "and what was replaced is not said again"
    assert json.loads(Path("a run/config.json").read_text())["trainer"]["max_epochs"] == 3
    code, _, err = vaelab("train", "resume=none")
    assert code == 5 and "resume=none does not exist" in err


def test_what_may_differ() -> None:
    a = {"seed": 0, "logger": {"csv": {"_target_": "x"}}, "optimizer": {"lr": 1.0, "algorithm": {"_target_": "t"}}}
    assert [str(c) for c in changes(a, {**a, "logger": None})] == ["logger.csv._target_: x → (none)"]
    with pytest.raises(ConfigError, match="seed: 0 → 1"):
        changes(a, {**a, "seed": 1})
    with pytest.raises(ConfigError, match=r"optimizer\.algorithm\._target_"):
        changes(a, {**a, "optimizer": {"lr": 1.0, "algorithm": {"_target_": "u"}}})
    assert with_resume(["model=vae"]) == ["model=vae"]
    assert with_resume(["resume=null", "seed=1"]) == ["resume=null", "seed=1"]


def test_at_every_instant_of_a_rotation_one_state_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped after any operation on a file; then the newest good one is at most one older than was acknowledged."""

    class Stop(Exception):
        pass

    def write(folder: Path, step: int) -> None:
        last.write_last(folder, lambda path: save({"global_step": step, "w": torch.ones(9)}, path), first=True)

    for n in range(40):
        folder = tmp_path / str(n)
        folder.mkdir()
        for step in (1, 2, 3):
            write(folder, step)
        done = 0

        def counted(real: Any, n: int = n) -> Any:
            def call(*args: Any, **kwargs: Any) -> Any:
                nonlocal done
                done += 1
                if done > n:
                    raise Stop
                return real(*args, **kwargs)

            return call

        with monkeypatch.context() as patch:
            for name in ("replace", "fsync"):
                patch.setattr(os, name, counted(getattr(os, name)))
            patch.setattr(Path, "unlink", counted(Path.unlink))
            try:
                write(folder, 4)
                finished = True
            except Stop:
                finished = False
        assert last.newest(folder)[1]["step"] in ((4,) if finished else (3, 4)), n
        last.settle(folder)
        write(folder, 5)
        assert verify(folder / "last.ckpt")["step"] == 5
        assert sorted(path.name for path in folder.glob("*.ckpt")) == ["last-1.ckpt", "last.ckpt"]
        if finished:
            break
    assert finished
