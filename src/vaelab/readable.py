"""JSON files that someone may still be writing, or has died while writing."""

import json
from pathlib import Path
from typing import Any


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; {} when it is missing, torn, or holds something else."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file with one on each line; lines that cannot be read are left out, as a half-written last."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [value for value in map(_line, lines) if isinstance(value, dict)]


def _line(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
