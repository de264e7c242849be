"""Against the errors that the system really raises, below a file and in a folder's place."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from vaelab.atomic import write_json
from vaelab.config.writable import refuse_unwritable, unwritable
from vaelab.errors import ResourceError

FAILURES: dict[str, tuple[Callable[[Path], object], str]] = {
    "below a file": (lambda f: (f / "file/x").mkdir(parents=True), "file/x cannot be written: Not a directory"),
    "a file's place": (lambda f: (f / "file").mkdir(), "file cannot be written: File exists"),
    "below /proc": (lambda f: Path("/proc/vaelab").mkdir(parents=True), "/proc/vaelab cannot be written: No such file"),
    "json below a file": (lambda f: write_json(f / "file/x.json", 1), "file/x.json cannot be written: Not a directory"),
    "json on a folder": (lambda f: write_json(f / "folder", 1), "folder cannot be written: Is a directory"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_cannot_be_written_is_told_in_one_line(case: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    fail, words = FAILURES[case]
    with pytest.raises(OSError) as caught:
        fail(tmp_path)
    told = unwritable(caught.value)
    assert told is not None and told.code == 3 and words in str(told) and "\n" not in str(told)


def test_other_errors_stay_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        (tmp_path / "missing").read_text()
    assert unwritable(caught.value) is None
    assert unwritable(ConnectionResetError(104, "Connection reset by peer")) is None
    assert unwritable(OSError("a text alone")) is None


def test_a_folder_is_looked_at_before_anything_is_computed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_unwritable(tmp_path)
    (tmp_path / "images").touch()
    with pytest.raises(ResourceError, match="images cannot be written: it is a file"):
        refuse_unwritable(tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ResourceError, match="no permission"):
        refuse_unwritable(tmp_path)
