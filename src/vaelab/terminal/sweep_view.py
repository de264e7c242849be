"""Many runs as one line each."""

from pathlib import Path

from rich.console import Group
from rich.table import Table
from rich.text import Text

from vaelab.printable import printable
from vaelab.terminal.folders import differing, shortened
from vaelab.terminal.glyphs import Glyphs
from vaelab.terminal.layers_view import COLOURS
from vaelab.terminal.record import Record
from vaelab.terminal.watched import Watched

TITLES = ("run", "epoch", "val elbo", "kl", "active", "state")
SPARE = ("active", "kl", "epoch")  # columns that go first where there is no room
GAP = 2  # characters between columns
ROOM = 24  # characters that the settings should have

Column = tuple[str | Text, ...]


def sweep_view(folder: Path, runs: list[Watched], width: int, height: int, signs: Glyphs) -> Group:
    """The newest figures of each run, and the overrides in which the runs differ. In few rows, the last runs stay."""
    done = sum(run.finished for run in runs)
    far = f"{done} of {len(runs)} runs finished" if runs else "waiting for the first run"
    name = signs.ending(printable(str(folder)), width - len(far) - 2)
    rows: list[Text | Table] = [Text(f"{name}  {far}", style="bold")]
    if not runs:
        return Group(*rows)
    said = shortened(differing([run.overrides for run in runs]))
    fit = max(1, height - 3)
    first = max(0, len(runs) - fit)
    if first:
        rows.append(Text(f"{signs.more} {first} runs above"))
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    settings = [" ".join(own) for own in said[first:]]
    columns = dict(zip(TITLES, zip(*(_cells(run) for run in runs[first:]), strict=True), strict=True))
    columns, left = _fitting(columns, width, max(map(len, settings), default=0))
    for title in columns:
        table.add_column(title, justify="left" if title in ("run", "state") else "right", no_wrap=True)
    table.add_column("settings", no_wrap=True)
    for row, own in zip(zip(*columns.values(), strict=True), settings, strict=True):
        # as Text: in a plain string rich would take logger=[csv] for markup
        table.add_row(*row, Text(own[:left]))
    return Group(*rows, table)


def _fitting(columns: dict[str, Column], width: int, wanted: int) -> tuple[dict[str, Column], int]:
    """The columns that leave the settings room, and how much: what tells the runs apart goes before what came out."""
    columns = dict(columns)
    for title in (None, *SPARE):
        columns.pop(title or "", None)
        left = width - sum(max(len(name), *map(len, column)) + GAP for name, column in columns.items())
        if left >= min(wanted, ROOM):
            break
    return columns, max(0, left)


def _cells(run: Watched) -> tuple[str | Text, ...]:
    record = run.record
    epoch = f"{run.epochs}/{run.max_epochs}" if run.max_epochs else str(run.epochs)
    figures = (_number(record, key) for key in ("val/elbo", "val/kl"))
    return Text(printable(run.folder.name)), epoch, *figures, _active(record), _state(run)


def _number(record: Record, key: str) -> str:
    return f"{record.latest[key]:.2f}" if key in record.latest else ""


def _active(record: Record) -> str:
    """Active units of each layer, from z1 up."""
    counts = [record.latest.get(f"val/active_units/{name}") for name in record.layers()]
    known = [f"{count:.0f}" for count in counts if count is not None]
    return "/".join(known) if len(known) <= 4 else str(sum(int(count) for count in counts if count is not None))


def _state(run: Watched) -> Text:
    """What the run is doing, and its worst layer's state where that is not well."""
    worst = max((run.record.latest.get(f"collapse/{name}", 0.0) for name in run.record.layers()), default=0.0)
    text = Text(run.state if run.config else "waiting")
    layers = [name for name in run.record.layers() if run.record.latest.get(f"collapse/{name}") == worst]
    if worst and layers:
        state = run.record.state(layers[0])
        text.append(", ").append(f"{' '.join(layers)} {state}", COLOURS.get(state, ""))
    return text
