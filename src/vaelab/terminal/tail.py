"""The new lines of a file that another process is writing."""

import json
import os
from pathlib import Path
from typing import Any

MARK = 64  # bytes before our place that must still be as we left them


class Tail:
    """Reads the JSON objects of a .jsonl file as they come, each once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._inode: int | None = None
        self._place, self._mark = 0, b""

    def read(self) -> tuple[list[dict[str, Any]], bool]:
        """(the objects of all lines ended since the last call, whether these are the first ones of another file).

        A half-written last line waits for its end; a line that is no JSON object, as a killed writer leaves one, is
        passed over. The file counts as another one when it was replaced, has shrunk, or says something else before
        the place that was reached: what was read of the old one then no longer holds. A missing file is an empty one.
        """
        try:
            with open(self.path, "rb") as file:
                inode = os.fstat(file.fileno()).st_ino
                restarted = self._inode is not None and not self._is_the_one(file, inode)
                if restarted:
                    self._forget()
                self._inode = inode
                file.seek(self._place)
                new = file.read()
        except (FileNotFoundError, NotADirectoryError):
            restarted = self._inode is not None
            self._forget()
            return [], restarted
        ended = new[: new.rfind(b"\n") + 1]
        self._place += len(ended)
        self._mark = (self._mark + ended)[-MARK:]
        return [found for line in ended.splitlines() if (found := _object(line)) is not None], restarted

    def _is_the_one(self, file: Any, inode: int) -> bool:
        if inode != self._inode:
            return False
        file.seek(self._place - len(self._mark))
        return bool(file.read(len(self._mark)) == self._mark)

    def _forget(self) -> None:
        self._inode, self._place, self._mark = None, 0, b""


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
