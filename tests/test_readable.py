from pathlib import Path

import pytest

from vaelab.readable import read_json, read_lines


def test_a_half_written_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text('{"step": 1}\n[1]\n\n{"step": 2}\n{"step": 3, "val/el')
    assert read_lines(path) == [{"step": 1}, {"step": 2}]
    assert read_lines(tmp_path / "gone") == []


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "null", "\x00\x01"])
def test_json_that_is_no_object_is_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    assert read_json(path) == {}
