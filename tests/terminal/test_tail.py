"""Every line once, whatever the writer was doing when we looked."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from vaelab.terminal.tail import Tail


def numbers(lines: list[dict[str, Any]]) -> list[int]:
    return [line["i"] for line in lines]


@pytest.mark.parametrize("seed", range(5))
def test_a_file_written_in_pieces_is_read_once_and_whole(tmp_path: Path, seed: int) -> None:
    """Cut anywhere, also within a letter of two bytes, and read at any moment."""
    draw = random.Random(seed)
    content = "".join(json.dumps({"i": i, "é": "→"}, ensure_ascii=False) + "\n" for i in range(50)).encode()
    tail, got = Tail(tmp_path / "h.jsonl"), []
    place = 0
    while place < len(content):
        piece = content[place : place + draw.randint(1, 40)]
        place += len(piece)
        with open(tmp_path / "h.jsonl", "ab") as file:
            file.write(piece)
        if draw.random() < 0.7:
            lines, restarted = tail.read()
            assert not restarted
            got += lines
    got += tail.read()[0]
    assert got == [{"i": i, "é": "→"} for i in range(50)]


def test_a_file_that_is_not_there_is_empty_until_it_is(tmp_path: Path) -> None:
    tail = Tail(tmp_path / "h.jsonl")
    assert tail.read() == ([], False)
    (tmp_path / "h.jsonl").write_text('{"i": 1}\n')
    assert tail.read() == ([{"i": 1}], False)


def test_a_half_written_last_line_waits(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    tail = Tail(path)
    path.write_text('{"i": 1}\n{"i": 2')
    assert numbers(tail.read()[0]) == [1]
    assert tail.read() == ([], False)
    with open(path, "a") as file:
        file.write("2}\n")
    assert numbers(tail.read()[0]) == [22]


def test_what_is_no_object_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "h.jsonl").write_bytes(b'{"i": 1}\n{"i": 2{"i": 3}\n\xff\xfe\n[4]\n\nnull\n{"i": 5}\n')
    assert numbers(Tail(tmp_path / "h.jsonl").read()[0]) == [1, 5]


def cut(path: Path) -> None:
    path.write_text('{"i": 7}\n')


def grown_past(path: Path) -> None:
    """Cut back and longer again before we look: neither its size nor its inode tells."""
    with open(path, "r+") as file:
        file.truncate()
        file.write("".join(f'{{"i": {i}}}\n' for i in range(7, 20)))


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_text('{"i": 7}\n{"i": 8}\n{"i": 9}\n{"i": 10}\n')
    os.replace(other, path)


@pytest.mark.parametrize("change", [cut, grown_past, replaced])
def test_another_file_is_read_from_its_start(tmp_path: Path, change: Any) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text('{"i": 1}\n{"i": 2}\n{"i": 3}\n')
    tail = Tail(path)
    assert numbers(tail.read()[0]) == [1, 2, 3]
    change(path)
    lines, restarted = tail.read()
    assert restarted and lines[0] == {"i": 7} and lines == Tail(path).read()[0]
    assert tail.read() == ([], False)


def test_a_file_that_vanished_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text('{"i": 1}\n')
    tail = Tail(path)
    tail.read()
    path.unlink()
    assert tail.read() == ([], True)
    path.write_text('{"i": 1}\n')
    assert tail.read() == ([{"i": 1}], False)
