import os
from pathlib import Path

import pytest

import vaelab.report.write as write
from tests.report import folders
from vaelab.errors import CheckpointError, ResourceError
from vaelab.report.page import LIMIT


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folders.run(tmp_path_factory.mktemp("write") / "run", epochs=3)


def test_a_page_is_below_the_limit_whatever_the_pictures(run: Path) -> None:
    for i in range(3):
        noise = run / "images" / f"large{i}.png"
        noise.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(1_200_000))
    size = write.write_report(run).stat().st_size
    assert 5_000_000 < size < LIMIT
    text = (run / "report.html").read_text()
    assert "is left out to keep this page small" in text and "data:image/png" in text
    assert [path.name for path in run.glob("*report*")] == ["report.html"], "no half page stays"


def test_a_folder_that_is_no_run_is_told_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist"):
        write.write_report(tmp_path / "gone")
    with pytest.raises(CheckpointError, match=r"no config\.json"):
        write.write_report(tmp_path)


def test_a_page_that_cannot_be_written_is_told_in_a_line(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="No space left"):
        write.write_report(run)
    assert not list(run.glob("*.tmp")), "no half page stays"


def test_runs_are_found_one_and_two_levels_down_in_order(tmp_path: Path) -> None:
    for name in ("10", "2", "a/1", "2/inner"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "3" / ".hydra").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    found = [str(path.relative_to(tmp_path)) for path in write.runs_of(tmp_path)]
    assert sorted(found) == sorted(["2", "3", "10", "a/1"]), "a folder inside a run is part of it"
    assert found.index("2") < found.index("10")
