"""A run as a page of text: head, figures, the elbo's curves, layers, messages."""

from collections import Counter

from rich.console import Group
from rich.table import Table
from rich.text import Text

from vaelab.printable import printable
from vaelab.terminal.chart import chart
from vaelab.terminal.duration import duration
from vaelab.terminal.folders import model_words
from vaelab.terminal.glyphs import Glyphs
from vaelab.terminal.layers_view import layers_table
from vaelab.terminal.watched import Watched

FIGURES = ("elbo", "reconstruction", "kl", "objective", "bits_per_dim")
TRAIN, VAL = "yellow", "cyan"
GOING = ("training", "evaluating", "diagnosing", "writing its report")
STATES = {"finished": "bold green", **dict.fromkeys(GOING, "bold cyan")}
BAR = 20  # characters
CHART = (5, 14)  # rows: with less there is none, with more it says no more
MESSAGES = 3
FEW = 6  # layers


def run_view(run: Watched, width: int, height: int, signs: Glyphs) -> Group:
    """`run` in at most `height` rows of `width` characters; what is too much for them is left out, and counted."""
    rows: list[Text | Table] = [line for line in head(run, width, signs) if line]
    figures = figures_table(run)
    if figures.row_count:
        rows += [Text(""), figures]
    messages, names = run.messages()[-MESSAGES:], run.record.layers()
    left = height - len(rows) - figures.row_count - len(messages)
    shown, high = share(left, len(names))
    curves = run.record.curves
    if lines := chart(curves["train/elbo"], curves["val/elbo"], width, high, signs, (TRAIN, VAL)):
        how = ("dotted", "solid") if signs.braille else ("t", "v")
        title = Text("elbo, nats an image: ").append(f"train {how[0]}", TRAIN).append(", ").append(f"val {how[1]}", VAL)
        rows += [Text(""), title, *lines]
    if names:
        rows += [Text(""), layers_table(run.record, names[:shown], width, signs, run.units)]
        if hidden := names[shown:]:
            told = Counter(run.record.state(name) for name in hidden)
            states = ", ".join(f"{n} {state}" for state, n in told.items() if state)
            rows.append(Text(f"{signs.more} {len(hidden)} more layers{states and ': ' + states}"))
    rows += [Text(message, style="yellow", overflow="crop", no_wrap=True) for message in messages]
    return Group(*rows)


def share(rows: int, layers: int) -> tuple[int, int]:
    """(layers that are shown, height of the chart) in `rows`. Both also need an empty row and a head, and layers that
    are left out a row that counts them. All layers go first; where they are too many, a chart if FEW stay."""
    free = rows - 2 - (2 + layers if layers else 0)
    if free >= CHART[0]:
        return layers, min(free, CHART[1])
    beside = rows - 2 - CHART[0] - 3
    if FEW <= beside < layers:
        return beside, CHART[0]
    return (layers if rows - 2 >= layers else max(1, rows - 3)), 0


def head(run: Watched, width: int, signs: Glyphs) -> list[Text]:
    """Which run, of what, how far, how fast; the second line only where a config is there."""
    name = Text(no_wrap=True, overflow="crop")
    folder = signs.ending(printable(str(run.folder)), width - len(run.state) - 2)
    name.append(folder, "bold").append("  ").append(run.state, STATES.get(run.state, "bold yellow"))
    what = Text(model_words(run.config, signs.arrow), no_wrap=True, overflow="crop")
    said = Text(" ".join(run.overrides), style="dim", no_wrap=True, overflow="crop")
    return [name, what, said, progress(run, width, signs)]


def progress(run: Watched, width: int, signs: Glyphs) -> Text:
    if not run.record.latest:
        return Text("")
    parts = [f"epoch {run.epochs}" + (f" of {run.max_epochs}" if run.max_epochs else "")]
    if run.max_epochs:
        bar = min(BAR, width // 8)
        full = min(bar, bar * run.epochs // run.max_epochs)
        parts.append("[" + signs.bars[-1] * full + signs.bars[0] * (bar - full) + "]")
    parts.append(f"step {run.record.step}")
    if run.seconds:
        parts.append(duration(run.seconds))
    rate, left = run.steps_per_second, run.seconds_left
    if rate and not (run.done or run.stopped):
        parts.append(f"{rate:.3g} steps/s")
    if left:
        parts.append(f"about {duration(left)} left")
    return Text("  ".join(parts), no_wrap=True, overflow="crop")


def figures_table(run: Watched) -> Table:
    """The newest figures; `change` is that of val since the validation before; test once it is there."""
    record = run.record
    stages = ["train", "val", *(["test"] if "test/elbo" in record.latest else [])]
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("nats an image", no_wrap=True)
    for stage in stages:
        table.add_column(stage, justify="right", no_wrap=True)
        if stage == "val":
            table.add_column("change", justify="right", no_wrap=True)
    for figure in FIGURES:
        if not any(f"{stage}/{figure}" in record.latest for stage in stages):
            continue
        row = [figure]
        digits = 4 if figure == "bits_per_dim" else 2
        for stage in stages:
            now, before = (of.get(f"{stage}/{figure}") for of in (record.latest, record.before))
            row.append("" if now is None else f"{now:.{digits}f}")
            if stage == "val":
                row.append("" if now is None or before is None else f"{now - before:+.{digits}f}")
        table.add_row(*row)
    return table
