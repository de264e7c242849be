"""What it costs that a run survives: a checkpoint, and training with all that makes it go on exactly.

python scripts/benchmark_safety.py                               some minutes on two cores
python scripts/benchmark_safety.py --write docs/performance.md   and put the tables into that file
"""

import argparse
import contextlib
import math
import os
import statistics
import tempfile
import time
import timeit
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from benchmark import TITLES, fit, printed, vaelab_run, write
from relay import Relay, Window, epoch_end, inside, ratio

from vaelab.callbacks import Checkpoints, Interrupt, Noise
from vaelab.callbacks.kept import SHARE
from vaelab.training.last import LAST
from vaelab.training.machine import keep_memory
from vaelab.training.quiet import quiet
from vaelab.training.store import load

MINUTES = 5  # between two states, the default
MARKS = ("<!-- safety -->", "<!-- end of safety -->")
WITHOUT = ["~callbacks.checkpoints", "~callbacks.interrupt", "trainer.enable_checkpointing=false"]


def unguarded(run: Any) -> Any:
    """A run that steps whatever its loss and gradients are."""
    run.module.guard.sees = lambda loss: True
    run.module.configure_gradient_clipping = lambda *_, **__: None
    return run


def plainly(content: Any, path: Path, to_disk: bool) -> None:
    with open(path, "wb") as file:
        torch.save(content, file)
        if to_disk:
            file.flush()
            os.fsync(file.fileno())


def seconds(ways: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """The median of each way, in turns, the first turn left out."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats + 1):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(own[1:]) for name, own in taken.items()}


def checkpoint_row(model: str, repeats: int) -> tuple[str, float]:
    """The table's row for one model, and the seconds of last.ckpt."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        run = vaelab_run(model, folder, "cpu", "trainer.max_epochs=1", "trainer.limit_train_batches=4")
        with contextlib.redirect_stdout(nowhere):
            run.fit()
        (checkpoints,) = (callback for callback in run.trainer.callbacks if isinstance(callback, Checkpoints))
        last, plain = Checkpoints.folder(run.trainer) / LAST, Path(folder) / "plain.pt"
        best = last.with_name("best.ckpt")
        content = load(last)
        ways: dict[str, Callable[[], Any]] = {
            "last": lambda: checkpoints.save_last(run.trainer),
            "plain": lambda: plainly(content, plain, False),
            "synced": lambda: plainly(content, plain, True),
            "best": lambda: run.trainer.save_checkpoint(best, weights_only=True),
            "load": lambda: load(last),
            "read": lambda: torch.load(plain, weights_only=True),
        }
        taken = seconds(ways, repeats)
        sizes = [path.stat().st_size / 1e6 for path in (last, best)]
    cells = [f"{1e3 * taken[name]:.0f}" for name in ways]
    share = taken["last"] / (60 * MINUTES)
    cells = [f"{sizes[0]:.1f}", *cells[:3], f"{share:.3%}", f"{sizes[1]:.1f}", *cells[3:]]
    return f"| {TITLES[model]} | {' | '.join(cells)} |", taken["last"]


def race(model: str, rounds: int, window: int) -> tuple[dict[str, list[Window]], Any]:
    """The windows of training with and without, and the run with all after its training."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        runs = {
            "without": unguarded(vaelab_run(model, f"{folder}/0", "cpu", *WITHOUT, "~callbacks.noise")),
            "with all": vaelab_run(model, f"{folder}/1", "cpu"),
            "without again": unguarded(vaelab_run(model, f"{folder}/2", "cpu", *WITHOUT, "~callbacks.noise")),
        }
        loops = {name: partial(fit, run) for name, run in runs.items()}
        with contextlib.redirect_stdout(nowhere):
            return Relay(loops, rounds, window, 1).run(), runs["with all"]


def whole(bare: list[Window], own: list[Window], window: int, steps: int) -> tuple[float, float]:
    """The speed over epochs of `steps`, of that of `bare`, by CPU time, and its error: each round's windows are held
    against each other, those at the end of an epoch by themselves."""
    at_end, within = ([w.cpu for w in bare if w.crossed == crossed] for crossed in (True, False))
    if not at_end:
        return math.nan, math.nan
    end = statistics.median(at_end)
    share = end / (end + (steps / window - 1) * statistics.median(within))
    (slower, error), (at_ends, end_error) = ratio(own, bare, "cpu"), ratio(own, bare, "cpu", crossed=True)
    mean = (1 - share) * slower + share * at_ends
    return 1 / mean, math.hypot((1 - share) * error, share * end_error) / mean**2


def training_rows(model: str, windows: dict[str, list[Window]], window: int, steps: int, save: float) -> list[str]:
    # with all runs between the two others, whose mean is what it is held against
    both = zip(windows["without"], windows["without again"], strict=True)
    bare = [Window((a.seconds + b.seconds) / 2, (a.cpu + b.cpu) / 2, a.crossed) for a, b in both]
    rows = []
    for name, own in windows.items():
        (speed, error), (by_cpu, cpu_error) = ratio(bare, own), ratio(bare, own, "cpu")
        of_whole, whole_error = whole(bare, own, window, steps)
        if name == "with all":  # and files: they wait for the disk, and few windows see one
            of_whole /= 1 + SHARE + save / (60 * MINUTES)
        step = inside(own) / window
        rows.append(
            f"| {TITLES[model]} | {name} | {1e3 * step:.2f} | {1 / step:.1f} | {speed:.3f} ± {error:.3f} "
            f"| {by_cpu:.3f} ± {cpu_error:.3f} | {1e3 * epoch_end(own):.1f} | {of_whole:.3f} ± {whole_error:.3f} |"
        )
    return rows


def piece_row(model: str, run: Any, step: float, save: float) -> str:
    """Microseconds that each piece adds to a step, called by itself after training, the quickest of ten times; and the
    sum of all shares, were every epoch the best so far."""
    trainer, module, batch = run.trainer, run.module, next(iter(run.data.train_dataloader()))
    found = {type(callback): callback for callback in trainer.callbacks}
    loss = torch.zeros((), requires_grad=True)

    def guarded() -> None:
        module.guard.sees(loss)
        module.configure_gradient_clipping(trainer.optimizers[0])

    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    ways: list[Callable[[], Any]] = [
        lambda: found[Noise].on_train_batch_start(trainer, module, batch, 0),
        guarded,
        lambda: found[Interrupt].on_train_batch_end(trainer, module, None, batch, 0),
        lambda: found[Checkpoints].on_train_batch_end(trainer, module, None, batch, 0),
    ]
    micros = [1e6 * min(timeit.repeat(way, number=200, repeat=10)) / 200 for way in ways]
    cells = " | ".join(f"{one:.1f}" for one in (*micros, sum(micros)))
    share, files = sum(micros) / 1e6 / step, SHARE + save / (60 * MINUTES)
    copy = min(timeit.repeat(lambda: found[Checkpoints].keep(trainer, module, "best.ckpt"), number=1, repeat=10))
    copied = copy / (step * len(run.data.train_dataloader()))
    return (
        f"| {TITLES[model]} | {cells} | {share:.2%} | {1e3 * copy:.1f} | {copied:.2%} | {files:.2%} "
        f"| {share + copied + files:.2%} |"
    )


def measure(args: argparse.Namespace) -> list[str]:
    lines, say = printed()
    say(
        f"{os.cpu_count()} cores, 1 thread; medians of {args.repeats} writes, and of {args.rounds} windows of "
        f"{args.window} steps.",
        "",
        "| model | MB | last.ckpt, ms | torch.save of the same | and fsync | of 5 minutes | best.ckpt, MB | ms "
        "| load and verify, ms | torch.load |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    )
    save = {}
    for model in args.models:
        row, save[model] = checkpoint_row(model, args.repeats)
        say(row)
    say(
        "",
        "| model | training | ms a step | steps/s | speed of without | by CPU time | end of an epoch, ms "
        "| of without, whole |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    )
    pieces, doubts = [], []
    for model in args.trained:
        windows, run = race(model, args.rounds, args.window)
        say(*training_rows(model, windows, args.window, len(run.data.train_dataloader()), save[model]))
        quickest = min(one.seconds for one in windows["without"]) / args.window
        pieces.append(piece_row(model, run, quickest, save[model]))
        of_itself, _ = ratio(windows["without"], windows["without again"])
        if abs(of_itself - 1) > 0.03:
            doubts += [
                "",
                f"**Do not trust the figures of {TITLES[model]}**: without ran at {of_itself:.3f} of itself.",
            ]
    say(
        *doubts,
        "",
        "| model | noise by step, µs a step | guard | signals | is a state due | together | of a step "
        "| a copy of the weights, ms | of an epoch | files, at most | sum |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
        *pieces,
    )
    return lines


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(TITLES), default=list(TITLES), help="checkpoints of these")
    parser.add_argument("--trained", nargs="*", choices=list(TITLES), default=["mlp", "lvae"], help="and training")
    parser.add_argument("--rounds", type=int, default=2000, help="windows of each loop (2000)")
    parser.add_argument(
        "--window",
        type=int,
        default=1,
        help="steps in a window, 1 to 10 (1): the shorter, the more alike is the machine to two in a row",
    )
    parser.add_argument("--repeats", type=int, default=20, help="of each write (20)")
    parser.add_argument("--write", type=Path, metavar="FILE", help=f"replace what stands between {' and '.join(MARKS)}")
    args = parser.parse_args()
    if not set(args.trained) <= set(args.models):
        parser.error("--trained are some of --models")
    return args


def main() -> None:
    args = options()
    keep_memory()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    quiet()
    lines = measure(args)
    if args.write:
        write(args.write, lines, *MARKS)


if __name__ == "__main__":
    main()
