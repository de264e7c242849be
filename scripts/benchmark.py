"""How fast vaelab trains and evaluates, against loops written by hand. docs/performance.md tells what is measured.

    python scripts/benchmark.py                                 all three models, about five minutes on two cores
    python scripts/benchmark.py --models mlp --rounds 400       the one with the least to do, more precisely
    python scripts/benchmark.py --write docs/performance.md     and put the tables into that file
"""

import argparse
import contextlib
import ctypes
import logging
import os
import statistics
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import handwritten
import torch
from torch import Tensor, nn

import vaelab
from vaelab.diagnostics.evaluate import evaluate_split
from vaelab.training.build import Run
from vaelab.training.machine import keep_memory

BATCH = 128
DISCARDED = 3  # first windows of each loop: allocator, caches and kernels warm up
VAELAB = {
    "mlp": ["model=vae", "model.z_dims=[20]", "encoder/net.widths=[400]", "decoder/net.widths=[400]"],
    "conv": ["model=vae", "model.z_dims=[20]", "encoder/net=conv", "decoder/net=conv"],
    "lvae": [
        *("model=hvae", "model.z_dims=[64,32,16,8,4]", "encoder=top_down", "decoder=markov"),
        *("encoder/merge=precision_weighted", "encoder/net=mlp", "decoder/net=mlp"),
        *(
            f"{side}.net.{setting}"
            for side in ("encoder", "decoder")
            for setting in ("widths=[512,256,128,64,32]", "depth=2", "activation=leaky_relu")
        ),
    ],
}
TITLES = {
    "mlp": "MLP VAE 784-400-20",
    "conv": "conv VAE, channels 32 and 64, z 20",
    "lvae": "LVAE, z 64-32-16-8-4",
}
BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"
Loop = Callable[[Callable[[int], None]], None]


@dataclass
class Window:
    """A few steps in a row of one loop; `crossed` when an epoch ended among them."""

    seconds: float
    crossed: bool


class _Done(Exception):
    """Ends a loop from inside its forward pass."""


class Relay:
    """Runs loops in threads of this process, one at a time: each hands the baton to the next after `window` steps.

    So all loops see the same machine, second by second, and the ratio of two windows of one round is fair even where
    other programs come and go. A loop is a function of `tick(epoch)`, which it calls before each of its steps.
    """

    def __init__(self, loops: dict[str, Loop], rounds: int, window: int, threads: int, device: str) -> None:
        self.loops, self.rounds, self.window = loops, rounds + DISCARDED, window
        self.threads, self.device = threads, device
        self.windows: dict[str, list[Window]] = {name: [] for name in loops}
        names = list(loops)
        self.next = dict(zip(names, names[1:] + names[:1], strict=True))
        self.baton = {name: threading.Semaphore(0) for name in names}
        self.error: BaseException | None = None

    def run(self) -> dict[str, list[Window]]:
        threads = [threading.Thread(target=self._loop, args=(name,)) for name in self.loops]
        for thread in threads:
            thread.start()
        self.baton[next(iter(self.loops))].release()
        for thread in threads:
            thread.join()
        if self.error is not None:
            raise self.error
        return {name: windows[DISCARDED:] for name, windows in self.windows.items()}

    def _loop(self, name: str) -> None:
        self.baton[name].acquire()
        torch.set_num_threads(self.threads)  # OpenMP keeps this number per thread
        steps, epoch_before, started = 0, 0, 0.0

        def tick(epoch: int) -> None:
            nonlocal steps, epoch_before, started
            if steps % self.window == 0:
                if self.device == "cuda":
                    torch.cuda.synchronize()
                if steps:
                    seconds = time.perf_counter() - started
                    self.windows[name].append(Window(seconds, crossed=epoch != epoch_before))
                if len(self.windows[name]) == self.rounds or self.error:
                    raise _Done
                self.baton[self.next[name]].release()
                self.baton[name].acquire()
                epoch_before, started = epoch, time.perf_counter()
            steps += 1

        try:
            self.loops[name](tick)
        except _Done:
            pass
        except BaseException as error:
            self.error = self.error or error
        self.baton[self.next[name]].release()


def vaelab_run(model: str, folder: str, device: str) -> Run:
    """A training run as `vaelab train` makes it, with its default callbacks, logging to csv."""
    overrides = [*VAELAB[model], "data=mnist5k", f"data.batch_size={BATCH}", "logger=csv"]
    overrides += ["trainer.max_epochs=1000000", f"trainer={'gpu' if device == 'cuda' else 'cpu'}"]
    return vaelab.build(vaelab.compose(overrides), folder)


def fit(run: Run, tick: Callable[[int], None]) -> None:
    """`trainer.fit`, which ticks before each forward pass in training."""

    def before_forward(module: nn.Module, inputs: object) -> None:
        if module.training:
            tick(run.trainer.current_epoch)

    with contextlib.suppress(_Done), run.module.hierarchy.register_forward_pre_hook(before_forward):
        run.fit()


def race(model: str, args: argparse.Namespace) -> tuple[dict[str, list[Window]], Run]:
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        run = vaelab_run(model, folder, args.device)
        x = run.data.split("train").to(args.device)

        def by_hand(loop: Callable[..., None]) -> Loop:
            network = handwritten.MODELS[model]().to(args.device)
            counts = [sum(p.numel() for p in m.parameters()) for m in (network, run.module)]
            assert counts[0] == counts[1], f"{model}: {counts[0]} parameters by hand, {counts[1]} in vaelab"
            return lambda tick: loop(network, x, BATCH, tick)

        loops: dict[str, Loop] = {
            "raw limit": by_hand(handwritten.limit),
            "vaelab": lambda tick: fit(run, tick),
            "raw limit again": by_hand(handwritten.limit),
            "as usually written": by_hand(handwritten.usual),
        }
        # Progress prints a line an epoch
        with contextlib.redirect_stdout(nowhere):
            windows = Relay(loops, args.rounds, args.window, args.threads, args.device).run()
    return windows, run


def ratio(numerator: list[Window], denominator: list[Window]) -> tuple[float, float]:
    """The median over rounds of numerator / denominator, and its standard error. Windows inside an epoch only."""
    pairs = zip(numerator, denominator, strict=True)
    ratios = [n.seconds / d.seconds for n, d in pairs if not n.crossed and not d.crossed]
    median = statistics.median(ratios)
    deviation = statistics.median(abs(r - median) for r in ratios)
    # 1.48 makes the median deviation a standard deviation, 1.25 that of a mean one of a median
    return median, 1.48 * 1.25 * deviation / len(ratios) ** 0.5


def epoch_end(windows: list[Window]) -> float:
    """Seconds that the end of an epoch adds to a window, against the windows before and after it; nan if none ended."""
    triples = zip(windows, windows[1:], windows[2:], strict=False)
    extra = [
        window.seconds - (before.seconds + after.seconds) / 2
        for before, window, after in triples
        if window.crossed and not before.crossed and not after.crossed
    ]
    return statistics.median(extra) if extra else float("nan")


def training_table(model: str, windows: dict[str, list[Window]], window: int, steps: int) -> list[str]:
    """The rows of one model; `steps` are those of an epoch."""
    rows = []
    whole = {}
    for name, own in windows.items():
        step = statistics.median(w.seconds for w in own if not w.crossed) / window
        end = epoch_end(own)
        whole[name] = steps * step + end
        of_limit, error = ratio(windows["raw limit"], own)
        of_usual, _ = ratio(windows["as usually written"], own)
        whole_ratio = whole["raw limit"] / whole[name]
        rows.append(
            f"| {TITLES[model]} | {name} | {1e3 * step:.2f} | {BATCH / step:,.0f} | {of_limit:.3f} ± {error:.3f} "
            f"| {of_usual:.2f} | {1e3 * end:.1f} | {whole_ratio:.3f} |"
        )
        if name == "raw limit again" and abs(of_limit - 1) > 0.03:
            print(f"!!! {model}: the same loop twice gives {of_limit:.3f}. Too noisy: do not use these figures. !!!")
    return rows


def evaluation_table(run: Run, images: int, samples: int, repeats: int, device: str) -> list[str]:
    """vaelab's evaluation of the MLP VAE against a plain loop over the same images, in turns."""
    hierarchy = run.module.hierarchy.to(device).eval()
    plain = handwritten.mlp().to(device).eval()
    # the same network under other names, but for log σ, which vaelab bounds smoothly at ±10 and keeps undoubled
    trained = dict(zip(plain.state_dict(), hierarchy.state_dict().values(), strict=True))
    trained["encoder.3.weight"], trained["encoder.3.bias"] = (
        torch.cat([t[:20], 2 * t[20:]]) for t in (trained["encoder.3.weight"], trained["encoder.3.bias"])
    )
    plain.load_state_dict(trained)
    x = next(iter(run.data.eval_batches("val", batch_size=images)))
    x = run.data.in_units(x._replace(x=x.x.to(device))).x

    def ours() -> Tensor:
        return evaluate_split(hierarchy, [x], samples, max_rows=1000).iw_bound

    def theirs() -> Tensor:
        return handwritten.importance_weighted(plain, x, samples)

    seconds: dict[str, list[float]] = {"vaelab": [], "loop over images": []}
    bounds: dict[str, float] = {}
    for _ in range(repeats):
        for name, evaluate in zip(seconds, (ours, theirs), strict=True):
            started = time.perf_counter()
            bounds[name] = evaluate().mean().item()
            seconds[name].append(time.perf_counter() - started)
    pairs = zip(seconds["loop over images"], seconds["vaelab"], strict=True)
    faster = {"loop over images": 1.0, "vaelab": statistics.median(a / b for a, b in pairs)}
    return [
        f"| {name} | {len(x)} | {s:.2f} | {len(x) / s:.1f} | {faster[name]:.2f} | {500 * s / len(x):.0f} | {bounds[name]:.2f} |"
        for name, s in ((name, statistics.median(all_)) for name, all_ in seconds.items())
    ]
