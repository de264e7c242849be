"""vaelab report: the page of a run or a sweep."""

import sys
from pathlib import Path

from vaelab.errors import ConfigError

HELP = """\
usage: vaelab report <folder of a run or of a sweep>      (run=<folder> is the same)

Writes <folder>/report.html: one file with everything inside, to be opened in a browser or sent to someone.
Of a run: its figures, curves, layers and units, pictures, diagnosis and config. Of a sweep: a table of its runs,
rate against distortion, the phase diagram, and a page for each run.
It reads the files of the folder alone, also of a run that is still training."""


def main() -> None:
    """Entered by `vaelab report`, whose arguments are in sys.argv. Raises UserErrors."""
    arguments = sys.argv[1:]
    if any(argument in ("-h", "--help") for argument in arguments):
        print(HELP)
        return
    if len(arguments) != 1:
        given = f", not {len(arguments)}: {' '.join(arguments)}" if arguments else ": vaelab report <folder>"
        raise ConfigError(f"vaelab report takes one folder{given}")
    folder = Path(arguments[0].removeprefix("run="))

    from vaelab.report.write import write_report

    print(f"written to {write_report(folder)}: open it in a browser")
