import math
import os
from pathlib import Path

from vaelab.config.run_folder import read_overrides
from vaelab.report.read import (
    figure,
    number,
    numbers,
    read_stopped,
    stopped_words,
)


def test_only_finite_numbers_are_numbers() -> None:
    assert [number(v) for v in (1, 2.5, math.nan, -math.inf, None, "3", True, [])] == [1, 2.5, *[None] * 6]
    assert numbers([1, math.nan, None]) == [1, None, None]
    assert numbers("12") == []


def test_a_figure_without_its_error_is_a_figure() -> None:
    assert figure({"value": 2, "stderr": 0.5}) == (2, 0.5)
    value, error = figure({"value": 2, "stderr": math.nan}) or (0, 0)
    assert value == 2 and math.isnan(error)
    assert figure({"stderr": 1}) is None and figure(3) is None and figure(None) is None


def test_overrides_are_strings(tmp_path: Path) -> None:
    path = tmp_path / ".hydra" / "overrides.yaml"
    path.parent.mkdir()
    path.write_text("- model=hvae\n- 3\n- 'a: b'\n")
    assert read_overrides(tmp_path) == ["model=hvae", "3", "a: b"]
    path.write_text("- [a\n")
    assert read_overrides(tmp_path) == []


def test_a_run_was_stopped_unless_it_went_on(tmp_path: Path) -> None:
    assert read_stopped(tmp_path) == {}
    for i, name in enumerate(("config.json", "STOPPED.json")):
        (tmp_path / name).write_text('{"signal": "SIGINT", "step": 165, "epoch": 3}')
        os.utime(tmp_path / name, (100 + i, 100 + i))
    assert stopped_words(read_stopped(tmp_path)) == "stopped at step 165 by SIGINT"
    for name in ("config.json", "DONE.json"):
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (200, 200))
        assert read_stopped(tmp_path) == {}, "begun again, or finished since"
        os.utime(tmp_path / name, (50, 50))
    assert stopped_words({"step": None}) == "stopped"


def test_a_failure_is_told_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "FAILED.json").write_text('{"error": "out of \\u001b[2J memory\\nat once", "code": 3}')
    assert stopped_words(read_stopped(tmp_path)) == "failed: out of ?[2J memory"
