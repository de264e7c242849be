"""vaelab watch: the figures of a run in the terminal, while it goes on. Reads the run folder alone."""

import sys
import time
from io import TextIOWrapper
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live

from vaelab.config.run_folder import read_config
from vaelab.errors import CheckpointError, ConfigError
from vaelab.terminal.folders import is_awaited, is_run, runs_in
from vaelab.terminal.glyphs import Glyphs, glyphs
from vaelab.terminal.run_view import run_view
from vaelab.terminal.sweep_view import sweep_view
from vaelab.terminal.watched import Watched

USAGE = """usage: vaelab watch <folder> [--once] [--ascii]

Shows a run's figures, its layers and their units, every 2 seconds until it has finished or was stopped; Ctrl-C
leaves, and the run goes on. <folder>, or run=<folder>, is a run folder or one with runs below it, as a sweep makes it:
then one line a run.

  --once    print once and leave, as without a terminal
  --ascii   no signs beyond ASCII, as where the terminal's encoding is not UTF-8. NO_COLOR=1 leaves out colours."""

EVERY = 2.0  # seconds
LULL = 60.0  # seconds after which a sweep whose runs are all over has no next one


class Page:
    """What is shown of a folder: one run, or all that lie below it. Raises CheckpointError where there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs: dict[Path, Watched] = {}
        self.single = is_run(folder) or (folder / ".hydra").is_dir()
        if not (self.single or runs_in(folder) or is_awaited(folder)):
            read_config(folder)  # says what is wrong with it

    def refresh(self) -> bool:
        """Read what is new. False when nothing more will come."""
        for path in [self.folder] if self.single else runs_in(self.folder):
            self.runs.setdefault(path, Watched(path))
        for path, run in list(self.runs.items()):
            try:
                run.refresh()
            except CheckpointError:
                if self.single:
                    raise
                del self.runs[path]  # the others can be watched
        if self.single:
            return not self.runs[self.folder].over
        ended = [run.started + run.seconds for run in self.runs.values() if run.over]
        return len(ended) < len(self.runs) or time.time() - max(ended, default=time.time()) < LULL

    def draw(self, width: int, height: int, signs: Glyphs) -> Group:
        if self.single:
            return run_view(self.runs[self.folder], width, height, signs)
        return sweep_view(self.folder, list(self.runs.values()), width, height, signs)


def main() -> None:
    arguments = sys.argv[1:]
    if {"-h", "--help"} & set(arguments):
        print(USAGE)
        return
    known = {one for one in arguments if one in ("--once", "--ascii")}
    folders = [one.removeprefix("run=") for one in arguments if one not in known]
    wrong = [one for one in folders if one.startswith("-")]
    if wrong or len(folders) != 1 or not folders[0]:
        raise ConfigError(
            f"watch has no option {wrong[0]}: it has --once and --ascii"
            if wrong
            else f"watch takes one folder, and was given {len(folders)}: vaelab watch outputs/…"
        )
    watch(Path(folders[0]), once="--once" in known, ascii_only="--ascii" in known)


def watch(folder: Path, once: bool, ascii_only: bool) -> None:
    """Show `folder` until its run has finished; once where `once` says so or nothing but a terminal could follow."""
    console = Console(highlight=False)
    signs = glyphs(console.encoding, ascii_only)
    # a name may hold what the terminal cannot show
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    page = Page(folder)
    if once or not console.is_terminal or console.is_dumb_terminal:
        page.refresh()
        # a pipe has no rows to keep to
        console.print(page.draw(console.width, console.height if console.is_terminal else 1000, signs))
        return
    try:
        with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
            going = True
            while going:
                going = page.refresh()
                # the last row stays free: a page as high as the terminal would scroll
                live.update(page.draw(console.width, console.height - 1, signs), refresh=True)
                if going:
                    time.sleep(EVERY)
    except KeyboardInterrupt:
        pass  # the way out: the run goes on


if __name__ == "__main__":
    main()
