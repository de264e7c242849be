"""Checkpoint files: whole or not there, checked, and unable to run code."""

import json
from pathlib import Path

import pytest
import torch

from vaelab.atomic import write_atomically
from vaelab.errors import CheckpointError
from vaelab.training.store import load, save

STATE = {"state_dict": {"w": torch.arange(1000.0)}, "global_step": 3}


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    save(STATE, tmp_path / "a.ckpt")
    assert torch.equal(load(tmp_path / "a.ckpt")["state_dict"]["w"], STATE["state_dict"]["w"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.ckpt", "a.ckpt.json"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda p: p.write_bytes(p.read_bytes()[:-100]),
        lambda p: p.write_bytes(b""),
        lambda p: p.write_bytes(bytes([p.read_bytes()[0] ^ 1]) + p.read_bytes()[1:]),
        lambda p: p.unlink(),
        lambda p: p.with_name("a.ckpt.json").unlink(),
        lambda p: p.with_name("a.ckpt.json").write_text("{"),
        lambda p: p.with_name("a.ckpt.json").write_text("[]"),
    ],
    ids=["truncated", "empty", "one bit", "gone", "no manifest", "torn manifest", "foreign manifest"],
)
def test_damage_is_told_with_the_file(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "a.ckpt"
    save(STATE, path)
    damage(path)
    with pytest.raises(CheckpointError, match=r"a\.ckpt"):
        load(path)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("evil-was-here"),))


def test_a_checkpoint_cannot_run_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save({"state_dict": Evil()}, tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match="more than tensors"):
        load(tmp_path / "a.ckpt")
    assert not (tmp_path / "evil-was-here").exists()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("old")

    def fail(file: object) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_the_manifest_says_the_step(tmp_path: Path) -> None:
    save(STATE, tmp_path / "a.ckpt")
    assert json.loads((tmp_path / "a.ckpt.json").read_text())["step"] == 3
