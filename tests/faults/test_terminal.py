"""A terminal obeys what it is sent: nothing of a run folder is sent there that it would obey."""

import json
import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.faults.hostile import SMALL
from tests.terminal.made import append, run_folder
from tests.training.crash import forked
from vaelab import compose
from vaelab.cli import _report
from vaelab.errors import CheckpointError
from vaelab.printable import obeyed, printable

ESCAPES = ["\x1b]0;title\x07", "\x1b[2J", "\x9b31m", "\rover", "a\x08b", "\x1b[201~", "\u202egnp"]


def quiet(text: str) -> bool:
    return not set(text) & set("\x1b\x9b\x07\x08\r\u202e")


@pytest.mark.parametrize("escape", ESCAPES)
def test_printable(escape: str) -> None:
    assert not quiet(escape) and quiet(printable(f"a{escape}")) and printable("é ↑ 像") == "é ↑ 像"
    assert obeyed({"a": [{"b": "two\nlines\tand é"}]}) is None
    if escape != "\u202egnp":
        assert obeyed({"a": [{"b": escape}]}) == obeyed([{escape: 1}]) == escape


@pytest.mark.parametrize("escape", ESCAPES)
def test_watching(escape: str, tmp_path: Path, vaelab: Run) -> None:
    for name in ("a", f"b{escape}"):
        folder = run_folder(tmp_path / "sweep" / name, overrides=("model=hvae", json.dumps(f"x={escape}{name}")))
        append(folder / "history.jsonl", {"step": 9, "epoch": 1, f"val/{escape}": None, f"collapse/{escape}": 2.0})
        append(folder / "units.jsonl", {"step": 9, "epoch": 1, "layers": [{"layer": escape, "kl": [1.0]}]})
        (folder / "STOPPED.json").write_text(json.dumps({"signal": f"SIG{escape}", "step": 3}))
        code, out, err = vaelab("watch", str(folder), "--once")
        assert code == 0 and quiet(out + err) and "SIG" in out and "was not finite" in out
    code, out, err = vaelab("watch", str(tmp_path / "sweep"), "--once")
    assert code == 0 and quiet(out + err) and "SIG" in out


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    assert forked(compose(SMALL), folder) == 0, Path(f"{folder}.log").read_text()
    return folder


def test_what_was_written_before_is_not_told_as_it_stands(trained: Path, tmp_path: Path, vaelab: Run) -> None:
    folder = Path(shutil.copytree(trained, tmp_path / "run"))
    escape = "\x1b[2J"
    (folder / "evaluation.json").write_text(json.dumps({"iw_samples": escape, "n": escape}))
    code, out, err = vaelab("evaluate", f"run={folder}", "iw_samples=2")
    assert code == 0 and quiet(out + err) and "(K = ?[2J" in out
    (folder / ".hydra").mkdir(exist_ok=True)
    (folder / ".hydra" / "overrides.yaml").write_text(json.dumps([f"x={escape}"]))
    told = {"run": "", "weights": "best", "step": 4, "split": "test", "seed": 0}
    code, out, err = vaelab("diagnose", f"run={folder}", "analyses=[units]")
    assert code == 0 and quiet(out + err), err
    told = json.loads((folder / "diagnosis.json").read_text())
    parts = {"gap": {"n": escape, "iw_samples": escape, "total": None, "approximation": None, "amortisation": None}}
    (folder / "diagnosis.json").write_text(json.dumps({**told, **parts}))
    code, out, err = vaelab("diagnose", f"run={folder}", "analyses=[units]")
    assert code == 0 and quiet(out + err) and "gap" not in json.loads((folder / "diagnosis.json").read_text())


def test_an_error_tells_names_without_their_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    assert _report(CheckpointError("a\x1b[2J\nb\x9b")) == 5
    assert capsys.readouterr().err == "vaelab: a?[2J\nb?\n"
