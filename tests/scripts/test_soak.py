"""The soak sees what it is there to see: each kind of damage, made by hand, is found."""

import random
import sys
import time
from pathlib import Path

import pytest
import torch

from vaelab.training.last import write_last
from vaelab.training.store import save

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import compare_runs
import soak
from killing import Killed


@pytest.fixture
def watching(tmp_path: Path) -> soak.Soak:
    return soak.Soak(tmp_path, 10, random.Random(0), 1.0, time.monotonic() + 60, soak.Found("train"))


def test_a_state_that_was_there_and_is_lost_is_found(watching: soak.Soak, tmp_path: Path) -> None:
    for step in (1, 2):
        write_last(tmp_path / "checkpoints", lambda path, step=step: save({"global_step": step}, path), first=True)
    watching.see_states({tmp_path: 2})
    assert watching.found.states == 1 and not watching.found.lost
    (tmp_path / "checkpoints" / "last.ckpt").write_bytes(b"half")
    watching.see_states({tmp_path: 2})
    (tmp_path / "checkpoints" / "last-1.ckpt").unlink()
    watching.see_states({tmp_path: 2, tmp_path / "never saved": -1})
    assert ["the newest is 1" in watching.found.lost[0], "none: " in watching.found.lost[1]] == [True, True]
    assert watching.found.states == 3


def test_torn_files_are_found(watching: soak.Soak, tmp_path: Path) -> None:
    whole = {"a.json": b"{}\n", "a.jsonl": b"{}\n{}\n", "a.png": b"\x89IEND\xaeB`\x82", "a.html": b"</html>\n"}
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "left.json.7.tmp").write_bytes(b"{")
    watching.see_files(tmp_path)
    assert not watching.found.torn
    for name, content in whole.items():
        (tmp_path / name).write_bytes(content.rstrip()[:-1])
    watching.see_files(tmp_path)
    assert len(watching.found.torn) == 4


def test_a_run_that_is_another_is_found(watching: soak.Soak, tmp_path: Path) -> None:
    for name in ("whole", "run"):
        (tmp_path / name).mkdir()
        for file in ("history.jsonl", "units.jsonl", "metrics.csv", "evaluation.json"):
            (tmp_path / name / file).write_text("1")
        save({"w": torch.zeros(3)}, tmp_path / name / "checkpoints" / "best.ckpt")
    watching.see_same(tmp_path / "run", tmp_path / "whole")
    assert not watching.found.wrong
    (tmp_path / "run" / "history.orphan-1.jsonl").touch()
    (tmp_path / "whole" / "report.html").touch()
    watching.see_same(tmp_path / "run", tmp_path / "whole")
    save({"w": torch.tensor([0.0, 0.0, -0.5])}, tmp_path / "run" / "checkpoints" / "best.ckpt")
    watching.see_same(tmp_path / "run", tmp_path / "whole")
    assert [one.partition("stopped: ")[2] for one in watching.found.wrong] == [
        "report.html in one alone",
        "best.ckpt: .w",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_that_lives_on_is_found_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("killing.VAELAB", "/bin/sh")
    running = Killed(["-c", "sleep 60 & exit 3"], tmp_path / "log")
    assert running.ends_within(10) and running.process.returncode == 3
    assert len(running.left_behind(0.2)) == 1
    assert running.left_behind(5) == []


def test_its_tables_stand_between_the_markers(tmp_path: Path) -> None:
    found = soak.Found("train", lost=["a state"])
    found.kills["training", "SIGTERM"] += 2
    page = tmp_path / "page.md"
    page.write_text(f"before\n{soak.BEGIN}\nold\n{soak.END}\nafter\n")
    soak.write(page, soak.table([found], 0))
    text = page.read_text()
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "2 kills, seed 0" in text and "| train | training | 0 | 2 | 0 |" in text
    assert "| train | 2 | 0 | 1 | 0 | 0 | 0 | 0 | 0 |" in text
    assert found.faults() == ["a state"]


@pytest.mark.parametrize(
    ("one", "other"),
    [(0.0, -0.0), (1, True), (torch.zeros(2), -torch.zeros(2)), (torch.zeros(2), torch.zeros(2, dtype=torch.float64))],
)
def test_bits_are_compared_and_not_values(one: object, other: object) -> None:
    assert compare_runs._differs({"a": [one]}, {"a": [other]}) is not None
    assert compare_runs._differs({"a": [one]}, {"a": [one]}) is None
    nan = torch.full((1,), float("nan"))
    assert compare_runs._differs(nan, nan.clone()) is None
