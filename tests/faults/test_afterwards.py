"""A run that is stopped once its figures are known, in its diagnosis or its report, is finished but for these."""

import signal
from pathlib import Path
from typing import Any

import pytest

from tests.training.test_resume import SMALL
from vaelab.signals import Interrupted

ASKED = [one for one in SMALL if one not in ("diagnosis=null", "report=false")]
COMMAND = ["train", *ASKED, "analyses@diagnosis.analyses=[units]", "hydra.run.dir=run"]


@pytest.mark.parametrize("writer", ["vaelab.diagnose.diagnose_run", "vaelab.report.report_or_why"])
def test_the_same_command_makes_up_for_it(writer: str, vaelab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vaelab.diagnostics.causes.EARLY", 1)

    def stopped(*args: Any) -> None:
        raise Interrupted(signal.SIGTERM)

    with monkeypatch.context() as while_writing:
        while_writing.setattr(writer, stopped)
        code, _, _ = vaelab(*COMMAND)
    run = Path("run")
    assert code == 143 and (run / "DONE.json").exists()
    assert not (run / "report.html").exists()
    record = (run / "history.jsonl").read_bytes()
    code, out, err = vaelab(*COMMAND)
    assert code == 0 and "is finished" in out, err
    assert (run / "report.html").exists() and (run / "diagnosis.json").exists()
    assert not (run / "STOPPED.json").exists() and (run / "history.jsonl").read_bytes() == record
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.name != ".lock"}
    assert vaelab(*COMMAND)[0] == 0
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.name != ".lock"} == before
