"""A disk that is full, or cannot be written: what was good stays, a line tells, training goes on or stops."""

import errno
import json
import math
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.faults.child import before, trained
from tests.training.crash import difference
from vaelab.atomic import write_json
from vaelab.callbacks import Checkpoints, History, kept, record_files
from vaelab.config.writable import refuse_unwritable
from vaelab.errors import ResourceError
from vaelab.training import store
from vaelab.training.store import load, save


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


def full_from(step: int, until: int = 10**9, room: int = 20_000) -> None:
    """Files of more than `room` bytes cannot be written in these steps: the record can, states cannot."""

    def limit(self: Any, trainer: Any, *rest: Any) -> None:
        within = step <= trainer.global_step < until
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room if within else hard, hard))

    before(History, "on_train_batch_end", limit)


def test_training_goes_on_without_a_checkpoint_and_then_with(cfg: dict[str, Any], whole: Path, tmp_path: Path) -> None:
    """Two saves fail for want of room, the ones after them do not: the run is the same."""
    code, said = trained(cfg, tmp_path / "run", lambda: full_from(7, until=10))
    assert code == 0, said
    told = [line for line in said.splitlines() if "could not be written" in line]
    assert told and all("File too large" in line and "checkpoints/" in line for line in told)
    assert difference(whole, tmp_path / "run") is None
    assert not list((tmp_path / "run").rglob("*.tmp"))


def test_the_third_failure_in_a_row_stops_and_the_run_can_go_on(
    cfg: dict[str, Any], whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    code, said = trained(cfg, folder, lambda: full_from(4))
    assert code == ResourceError.code, said
    assert said.count("could not be written") == 3 and "3 times in a row" in said and "Free some" in said
    assert f"last.ckpt, of step 2: `vaelab train resume={folder}`" in said and "Traceback" not in said
    assert store.verify(folder / "checkpoints" / "last.ckpt")["step"] == 2
    assert not list(folder.rglob("*.tmp"))
    code, said = trained(cfg, folder, go_on=True)
    assert code == 0, said
    assert difference(whole, folder) is None


def test_a_state_that_the_end_needs_is_not_gone_without(cfg: dict[str, Any], tmp_path: Path) -> None:
    """After the last step there is no other chance to save it."""
    code, said = trained(cfg, tmp_path / "run", lambda: full_from(15), every=1000)
    assert code == ResourceError.code and "no room for a checkpoint" in said, said
    assert not (tmp_path / "run" / "DONE.json").exists()


def test_the_best_is_what_could_be_written(cfg: dict[str, Any], tmp_path: Path) -> None:
    """A best one that was not written is not remembered as the best."""

    def fault() -> None:
        kept.SHARE = math.inf  # each is written at once
        full_from(10, until=11, room=9_000)

    code, said = trained(cfg, tmp_path / "run", fault, every=1000)
    assert code == 0 and "best.ckpt could not be written" in said, said
    elbos = {row["step"]: row["val/elbo"] for row in lines(tmp_path / "run") if "val/elbo" in row}
    best = load(tmp_path / "run" / "checkpoints" / "best.ckpt")
    assert best["global_step"] == 15 and elbos[15] > elbos[10] > elbos[5]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", place]).returncode:
        pytest.skip("mounting a disk takes root")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_keeps_the_old_file_and_says_that_it_is_full(small_disk: Path) -> None:
    """torch alone would say "unexpected pos" of it."""
    path = small_disk / "a.ckpt"
    save({"w": torch.zeros(100_000)}, path)
    for content in ({"w": torch.zeros(400_000)}, {"w": torch.zeros(160_000)}):
        with pytest.raises(OSError) as caught:
            save(content, path)
        assert caught.value.errno == errno.ENOSPC
        assert len(load(path)["w"]) == 100_000
        assert sorted(p.name for p in small_disk.iterdir()) == ["a.ckpt", "a.ckpt.json"]


def test_room_for_the_checkpoint_and_none_for_its_manifest_keeps_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ckpt"
    save({"w": torch.zeros(9)}, path)

    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "put_json", full)
    with pytest.raises(OSError, match="No space"):
        save({"w": torch.ones(9)}, path)
    assert torch.equal(load(path)["w"], torch.zeros(9))


def test_a_record_without_room_ends_at_a_whole_line(small_disk: Path, tmp_path: Path) -> None:
    """The disk takes half of a line."""
    from io import FileIO

    with FileIO(small_disk / "filler", "w") as filler, pytest.raises(OSError):
        while True:
            filler.write(bytes(4096))
    os.truncate(small_disk / "filler", (small_disk / "filler").stat().st_size - 4096)
    file = FileIO(small_disk / "history.jsonl", "a")
    with pytest.raises(OSError, match=r"history\.jsonl"):
        for i in range(100):
            record_files.add_line(file, json.dumps({"step": i, "pad": "x" * 150}))
    rows = lines(small_disk)
    assert len(rows) > 10 and (small_disk / "history.jsonl").read_bytes().endswith(b"}\n")
    (small_disk / "filler").unlink()
    record_files.add_line(file, json.dumps({"step": len(rows)}))
    file.close()
    assert [row["step"] for row in lines(small_disk)] == list(range(len(rows) + 1))


def test_a_record_without_room_is_code_3_and_the_run_can_go_on(
    cfg: dict[str, Any], whole: Path, tmp_path: Path
) -> None:
    def full(file: Any, line: str) -> None:
        if json.loads(line)["step"] >= 12:
            raise OSError(errno.ENOSPC, "No space left on device", file.name)

    folder = tmp_path / "run"
    code, said = trained(cfg, folder, lambda: before(record_files, "add_line", full) or patch_history())
    assert code == ResourceError.code and "history.jsonl" in said and "No space left" in said, said
    assert f"last.ckpt, of step 10: `vaelab train resume={folder}`" in said and "Traceback" not in said
    assert lines(folder)[-1]["step"] < 12
    with open(folder / "history.jsonl", "a") as file:
        file.write('{"step": 12, "ep')  # as a crash of the machine may leave it
    code, said = trained(cfg, folder, go_on=True)
    assert code == 0, said
    assert difference(whole, folder) is None


def patch_history() -> None:
    from vaelab.callbacks import history

    history.add_line = record_files.add_line


def test_a_folder_that_cannot_be_written_is_told_before_training(
    vaelab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    for folder in ("file/run", "/proc/run"):
        code, _, err = vaelab("train", "data=digits", f"hydra.run.dir={folder}")
        assert code == ResourceError.code and "cannot be written" in err
        assert "Traceback" not in err and len(err.strip().splitlines()) == 1
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: "locked" not in str(path) and real(path, mode))
    code, out, err = vaelab("train", "data=digits", "hydra.run.dir=locked")
    assert code == ResourceError.code and "locked cannot be written" in err and "training images" not in out
    assert len(err.strip().splitlines()) == 1


def test_the_checkpoints_of_a_run_that_goes_on_must_be_writable(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").touch()
    with pytest.raises(ResourceError, match="checkpoints cannot be written"):
        refuse_unwritable(tmp_path)


def test_no_save_uses_the_place_for_temporary_files(
    cfg: dict[str, Any], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be missing or full, or on another disk, from which nothing can be renamed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "missing"))

    def fault() -> None:
        tempfile.tempdir = None

        def refuse(*args: Any, **kwargs: Any) -> None:
            raise AssertionError("a temporary file in TMPDIR")

        for name in ("mkstemp", "mkdtemp"):
            before(tempfile, name, refuse)
        before(Checkpoints, "save_last", lambda *args: write_json(tmp_path / "a.json", {}))

    code, said = trained(cfg, tmp_path / "run", fault)
    assert code == 0, said
    assert difference(whole, tmp_path / "run") is None
