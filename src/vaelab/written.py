"""What a command says of the files it has written into a run folder."""

import json
import shlex
from pathlib import Path

from vaelab.printable import printable


def told_before(file: Path) -> str:
    """' (K = 100, n = 500 before)' of an evaluation that is about to be replaced; '' where there is none."""
    try:
        found = json.loads(file.read_text())
        return printable(f" (K = {found['iw_samples']}, n = {found['n']} before)")
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def renew_report(folder: Path) -> None:
    """Write report.html anew where there is one; a page that cannot be drawn is told in a line."""
    if not (folder / "report.html").exists():
        return
    from vaelab.report import write_report

    try:
        print(f"written to {write_report(folder)}")
    except Exception as error:
        print(
            f"report.html stays as it was: {error}; `vaelab report {shlex.quote(str(folder))}` tries again", flush=True
        )
