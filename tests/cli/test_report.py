"""`vaelab report`, and the page at the end of `vaelab train`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.report import folders
from tests.report.test_html import Seen
from vaelab.report.choices import _default


def test_a_folder_is_given_plainly_or_as_its_siblings_take_it(vaelab: Run, tmp_path: Path) -> None:
    folders.run(tmp_path / "run", epochs=2)
    for argument in ("run", "run=run", str(tmp_path / "run")):
        code, out, err = vaelab("report", argument)
        assert code == 0, err
        assert "report.html: open it in a browser" in out
        (tmp_path / "run" / "report.html").unlink()


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["run=gone", "--help"]])
def test_it_helps(vaelab: Run, arguments: list[str]) -> None:
    code, out, _ = vaelab("report", *arguments)
    assert code == 0 and "usage: vaelab report <folder" in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["gone"], 5, "gone does not exist"),
        (["."], 5, "it has no config.json"),
        ([], 2, "takes one folder: vaelab report <folder>"),
        (["a", "b"], 2, "takes one folder, not 2: a b"),
        (["rnu=a"], 5, "rnu=a does not exist"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(vaelab: Run, arguments: list[str], code: int, words: str) -> None:
    found, _, err = vaelab("report", *arguments)
    assert found == code and words in err and len(err.strip().splitlines()) == 1


def test_a_fault_of_the_door_is_shown_as_it_is(vaelab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command has no config of Hydra's, so none of Hydra's errors may be looked for."""

    def broken(folder: Path) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr("vaelab.report.write.write_report", broken)
    code, _, err = vaelab("report", ".")
    assert code == 1 and err.strip().splitlines()[-1] == "RuntimeError: a fault of ours"


def test_it_needs_no_torch(tmp_path: Path) -> None:
    folders.run(tmp_path / "run", epochs=2)
    program = "import sys; from vaelab.cli import run; print(run(['report', 'run']), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.split()[-2:] == ["0", "False"], done.stderr
    help_only = "import sys; from vaelab.cli import run; run(['report', '-h']); print('plotly' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", help_only], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.split()[-1] == "False", done.stderr


TRAIN = ("train", "trainer=smoke", "logger=csv", "~callbacks.pictures", "hydra.run.dir=run", "evaluation.iw_samples=2")


def test_training_ends_with_its_page(vaelab: Run, tmp_path: Path) -> None:
    _default.cache_clear()  # other tests may have composed it outside of a job
    code, out, err = vaelab(*TRAIN)
    assert code == 0, err
    assert "report.html " in out and "open it in a browser" in out
    text = (tmp_path / "run" / "report.html").read_text()
    assert "plot-elbo" in text and "vaelab train trainer=smoke logger=csv" in text
    words = Seen(text).words.split('"use strict"')[0]
    assert "cannot be read" not in words and "trainercpusmoke" in words, "the choice by its name"


def test_a_page_that_fails_loses_no_run(vaelab: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(folder: Path) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr("vaelab.report.write.write_report", broken)
    code, out, err = vaelab(*TRAIN)
    assert code == 0, err
    assert "no report.html: no ink; `vaelab report " in out and "everything lies in" in out
    assert (tmp_path / "run" / "DONE.json").is_file()


def test_no_page_where_none_is_wanted(vaelab: Run, tmp_path: Path) -> None:
    code, out, _ = vaelab(*TRAIN, "report=false")
    assert code == 0 and "report.html" not in out and not (tmp_path / "run" / "report.html").exists()
    code, _, err = vaelab(*TRAIN, "report=perhaps", "hydra.run.dir=other")
    assert code == 2 and "report must be" in err
