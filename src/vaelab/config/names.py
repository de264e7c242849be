"""Names that become files: none of them leads out of the folder that they are for."""

import re


def is_part(text: str) -> bool:
    """Whether a text can stand in the name of a file, and only there."""
    return not re.search(r"[/\\\x00-\x1f]", text) and text not in (".", "..")


def stays(path: str) -> bool:
    """Whether a path goes down from a folder."""
    return not path.startswith("/") and "\0" not in path and ".." not in re.split(r"[/\\]", path)
