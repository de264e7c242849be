"""How fast vaelab trains and evaluates, against loops written by hand. docs/performance.md says what is measured.

python scripts/benchmark.py                               four models, some minutes on two cores
python scripts/benchmark.py --models mlp --rounds 400     the one with the shortest step, more precisely
python scripts/benchmark.py --write docs/performance.md   and put the tables into that file
"""

import argparse
import contextlib
import ctypes
import math
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import benchmark_vdvae
import handwritten
import handwritten_deep
import torch
from relay import DISCARDED, Relay, Tick, Window, epoch_end, inside, ratio
from torch import Tensor, nn

from vaelab import build, compose
from vaelab.callbacks import CollapseMonitor, History
from vaelab.diagnostics.evaluate import evaluate_split
from vaelab.training.machine import keep_memory
from vaelab.training.quiet import quiet

BATCH = {"mlp": 128, "conv": 128, "lvae": 128, "deep": 32}
SAMPLES = 5000
TITLES = {"mlp": "MLP VAE", "conv": "conv VAE", "lvae": "LVAE", "deep": "residual HVAE"}
# the models of handwritten.py: pieces, then the settings of both networks
STAGES = ",".join(f"{{resolution:{side},blocks:{n},width:64,z_channels:16}}" for side, n, _ in handwritten_deep.STAGES)
PIECES = {
    "mlp": ["model=vae", "model.z_dims=[20]", "encoder/net=mlp", "decoder/net=mlp"],
    "conv": ["model=vae", "model.z_dims=[20]", "encoder/net=conv", "decoder/net=conv"],
    "deep": ["model=deep", "encoder=deep", "decoder=deep", f"model.stages=[{STAGES}]", "encoder.blocks=[2,2,2,2,2]"],
    "lvae": ["model=hvae", "model.z_dims=[64,32,16,8,4]", "encoder=top_down", "encoder/merge=precision_weighted"],
}
NETS = {
    "mlp": ["widths=[400]", "depth=1", "activation=relu", "norm=none"],
    "conv": ["channels=[32,64]", "widths=[256]", "activation=relu", "norm=none"],
    "deep": [],
    "lvae": ["widths=[512,256,128,64,32]", "depth=2", "activation=leaky_relu", "norm=none"],
}
BEGIN, END = "<!-- benchmark: begin -->", "<!-- benchmark: end -->"


def vaelab_run(model: str, folder: str, device: str, *more: str) -> Any:
    """A training run as `vaelab train` makes it, with the default callbacks, logging to csv, that ends by itself
    only after a million epochs; and with `more` overrides."""
    nets = [f"{side}.net.{setting}" for side in ("encoder", "decoder") for setting in NETS[model]]
    source = "shapes" if model == "deep" else "mnist5k"  # of 32×32, and of 28×28
    data = [f"data={source}", f"data.batch_size={BATCH[model]}", "data.transform=dynamic_binarisation"]
    trainer = [f"trainer={'gpu' if device == 'cuda' else 'cpu'}", "trainer.max_epochs=1000000", "logger=[csv]"]
    return build(compose([*PIECES[model], *nets, *data, *trainer, *more]), folder)


def fit(run: Any, tick: Tick) -> None:
    """`trainer.fit` as it is, but for a tick before each forward pass of training."""

    def before_forward(module: nn.Module, inputs: object) -> None:
        if module.training:
            tick(run.trainer.current_epoch)

    with run.module.hierarchy.register_forward_pre_hook(before_forward):
        run.fit()


def monitor_check(run: Any, times: int = 5) -> tuple[float, int]:
    """Seconds that a check of the collapse monitor takes, with its checkpoint, and every how many epochs it comes."""
    (monitor,) = (callback for callback in run.trainer.callbacks if isinstance(callback, CollapseMonitor))
    (history,) = (callback for callback in run.trainer.callbacks if isinstance(callback, History))
    if "val/elbo" not in history.latest:  # so few steps that nothing was validated
        return math.nan, monitor.every_n_epochs
    seconds = []
    run.module.eval()
    for _ in range(times):
        monitor.checked = -monitor.every_n_epochs  # it is due
        started = time.perf_counter()
        with torch.no_grad():
            monitor.on_validation_end(run.trainer, run.module)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), monitor.every_n_epochs


def race(model: str, args: argparse.Namespace) -> tuple[dict[str, list[Window]], Any, tuple[float, int]]:
    """The windows of the four loops for one model, vaelab's run after its training, and its monitor's check."""
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
        run = vaelab_run(model, folder, args.device)
        x = run.data.split("train").to(args.device)

        def by_hand(loop: Callable[[nn.Module, Tensor, int, Tick], None]) -> Callable[[Tick], None]:
            network = handwritten.MODELS[model]().to(args.device)
            numbers = [sum(p.numel() for p in m.parameters()) for m in (network, run.module)]
            assert numbers[0] == numbers[1], f"{model}: {numbers[0]} parameters by hand, {numbers[1]} in vaelab"
            return lambda tick: loop(network, x, BATCH[model], tick)

        loops = {
            "raw limit": by_hand(handwritten.limit),
            "vaelab": lambda tick: fit(run, tick),
            "raw limit again": by_hand(handwritten.limit),
            "as usually written": by_hand(handwritten.usual),
        }
        with contextlib.redirect_stdout(nowhere):  # the line that Progress prints for each epoch
            # its steps are so long that a fifth of the windows tells as much
            rounds = max(2, args.rounds // 5) if model == "deep" else args.rounds
            return Relay(loops, rounds, args.window, args.threads).run(), run, monitor_check(run)


def training_rows(model: str, windows: dict[str, list[Window]], window: int, steps: int) -> list[str]:
    """The table's rows for one model; `steps` are those of an epoch."""
    raw, usual = windows["raw limit"], windows["as usually written"]
    rows, epoch = [], {}
    for name, own in windows.items():
        step, end = inside(own) / window, epoch_end(own)
        epoch[name] = steps * step + end
        (of_raw, error), (by_cpu, cpu_error) = ratio(raw, own), ratio(raw, own, "cpu")
        rows.append(
            f"| {TITLES[model]} | {name} | {1e3 * step:.2f} | {BATCH[model] / step:,.0f} | {of_raw:.3f} ± {error:.3f} "
            f"| {by_cpu:.3f} ± {cpu_error:.3f} | {ratio(usual, own)[0]:.2f} | {1e3 * end:.1f} "
            f"| {epoch['raw limit'] / epoch[name]:.3f} |"
        )
    return rows


def doubt(model: str, windows: dict[str, list[Window]]) -> list[str]:
    """A loud word when the same loop, run twice, is not as fast as itself."""
    of_raw, _ = ratio(windows["raw limit"], windows["raw limit again"])
    if abs(of_raw - 1) <= 0.03:
        return []
    return ["", f"**Do not trust the figures of {TITLES[model]}**: the raw limit ran at {of_raw:.3f} of itself."]


def by_hand_as(hierarchy: nn.Module, model: str) -> handwritten.VAE | handwritten.LVAE:
    """The hand-written model with the weights of vaelab's."""
    encoder, decoder = hierarchy.encoder, hierarchy.decoder
    plain = handwritten.MODELS[model]()
    with torch.no_grad():
        if model == "mlp":
            theirs, heads = [encoder, decoder], [plain.encoder[-1]]
        else:
            bodies = [head.net.body for head in decoder.heads]
            theirs = [encoder.features, encoder.heads, *(body[:4] for body in bodies), *(body[4] for body in bodies)]
            theirs, heads = [*theirs, decoder.out], [*plain.seen, *plain.prior]
        copied = [parameter for module in theirs for parameter in module.parameters()]
        for mine, other in zip(plain.parameters(), copied, strict=True):
            mine.copy_(other)
        for parameter in (p for head in heads for p in head.parameters()):
            parameter[len(parameter) // 2 :] *= 2  # log σ² where vaelab keeps log σ
    return plain


def evaluation_rows(model: str, run: Any, images: int, repeats: int, device: str) -> list[str]:
    """The importance-weighted bound of a model, by vaelab and by a plain loop, in turns."""
    hierarchy = run.module.hierarchy.to(device).eval()
    plain = by_hand_as(hierarchy, model).to(device)
    batch = next(iter(run.data.val_dataloader()))
    x = run.data.in_units(batch._replace(x=batch.x[:images].to(device))).x
    ways: dict[str, Callable[[], Tensor]] = {
        "loop over images": lambda: handwritten.importance_weighted(plain, x, SAMPLES),
        "vaelab": lambda: evaluate_split(hierarchy, [x], SAMPLES, max_rows=1000).iw_bound,
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    bound = {}
    for _ in range(repeats):
        for name, way in ways.items():
            started = time.perf_counter()
            bound[name] = way().mean().item()
            seconds[name].append(time.perf_counter() - started)
    rows = []
    for name, own in seconds.items():
        median, n = statistics.median(own), len(x)
        faster = statistics.median(a / b for a, b in zip(seconds["loop over images"], own, strict=True))
        rows.append(
            f"| {TITLES[model]} | {name} | {n} | {median:.2f} | {n / median:.1f} | {faster:.2f} "
            f"| {500 / n * median:.0f} | {bound[name]:.2f} |"
        )
    return rows


def printed() -> tuple[list[str], Callable[..., None]]:
    """Lines that are kept, and what adds some and prints them as they come."""
    lines: list[str] = []

    def say(*new: str) -> None:
        lines.extend(new)
        for line in new:
            print(line, flush=True)

    return lines, say


def measure(args: argparse.Namespace) -> list[str]:
    """Everything, as lines of Markdown, printed as they come."""
    lines, say = printed()
    machine = torch.cuda.get_device_name() if args.device == "cuda" else torch.backends.cpu.get_cpu_capability()
    say(
        f"{args.device} ({machine}), {os.cpu_count()} cores, {args.threads} thread(s), torch {torch.__version__}, "
        "batch 128, of the residual HVAE 32 and a fifth of the windows; "
        f"medians of {args.rounds} windows of {args.window} steps, the first {DISCARDED} left out.",
        "",
        "| model | loop | ms a step | images/s | speed of the raw limit | by CPU time | of the usual loop "
        "| end of an epoch, ms | of the raw limit, whole epochs |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    )
    runs, doubts, monitors = {}, [], []
    for model in args.models:
        windows, runs[model], (check, every) = race(model, args)
        steps = len(runs[model].data.train_dataloader())
        say(*training_rows(model, windows, args.window, steps))
        doubts += doubt(model, windows)
        epoch = steps * inside(windows["vaelab"]) / args.window + epoch_end(windows["vaelab"])
        share = check / (every * epoch)
        monitors.append(f"{TITLES[model]} {1e3 * check:.0f} ms, {share:.1%} of {every} epochs")
    say(*doubts, "", f"A check of the collapse monitor: {'; '.join(monitors)}.")
    evaluated = [model for model in ("mlp", "lvae") if model in runs and args.images]  # L = 1 and L = 5
    if evaluated:
        say(
            "",
            f"| IW-{SAMPLES} | by | images | seconds | images/s | times as fast | 500 images, s (extrapolated) "
            "| bound, nats |",
            "|---|---|---:|---:|---:|---:|---:|---:|",
        )
    for model in evaluated:
        say(*evaluation_rows(model, runs[model], args.images, args.repeats, args.device))
    if args.device == "cuda":
        say("")
        benchmark_vdvae.measure(benchmark_vdvae.options([]), say)
    return lines


def write(file: Path, lines: list[str], begin: str = BEGIN, end: str = END) -> None:
    """Put the lines between the file's two markers."""
    before, rest = file.read_text().split(begin)
    after = rest.split(end)[1]
    file.write_text("\n".join([before + begin, *lines, end + after]))


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=list(TITLES), default=list(TITLES))
    parser.add_argument("--rounds", type=int, default=120, help="windows of each loop (120)")
    parser.add_argument("--window", type=int, default=8, help="steps in a window, 1 to 10 (8)")
    parser.add_argument("--threads", type=int, default=1, help="of torch (1, the steadiest)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--images", type=int, default=10, help="evaluated, at most a batch; 0 for none (10)")
    parser.add_argument("--repeats", type=int, default=3, help="of the evaluation (3)")
    parser.add_argument("--write", type=Path, metavar="FILE", help=f"replace what stands between {BEGIN} and {END}")
    args = parser.parse_args()
    if not 1 <= args.window <= 10 or args.rounds < 1:
        parser.error("--window is 1 to 10 steps, an epoch has 31; --rounds is 1 or more")
    return args


def main() -> None:
    args = options()
    keep_memory()
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL("libc.so.6").mallopt(-8, 1)  # M_ARENA_MAX: all threads share the main thread's heap
    torch.set_num_threads(args.threads)
    warnings.filterwarnings("ignore")
    quiet()
    lines = measure(args)
    if args.write:
        write(args.write, lines)


if __name__ == "__main__":
    main()
