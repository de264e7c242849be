"""How fast a deep model trains on this device in each precision, compiled and not, against a plain loop of its network.

python scripts/benchmark_vdvae.py                                        the published CIFAR-10 model on a GPU
python scripts/benchmark_vdvae.py --device cpu --experiment vdvae_tiny   a small one without

Images are random bytes: no data set is needed, and speed does not hang on them. scripts/benchmark.py --device cuda
runs it too.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from vaelab import build, compose
from vaelab.training.prepare import prepare

HEAD = (
    "| precision | compiled | loop | images/s | ms a step | peak memory, GiB | share of the bf16 matrix peak |",
    "|---|---|---|---:|---:|---:|---:|",
)


class Stopwatch(pl.Callback):
    """Seconds of the steps after the first few, then the end."""

    def __init__(self, warmup: int, steps: int) -> None:
        self.warmup, self.steps, self.seconds = warmup, steps, 0.0

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *args: Any) -> None:
        if trainer.global_step == self.warmup:
            wait(module.device)
            self.seconds = -time.perf_counter()
        elif trainer.global_step == self.warmup + self.steps:
            wait(module.device)
            self.seconds += time.perf_counter()
            trainer.should_stop = True


def wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def settings(args: argparse.Namespace, precision: str, compiled: bool, images: Path) -> list[str]:
    cuda = args.device == "cuda"
    return [
        *(f"experiment={args.experiment}", "data=arrays", f"data.path={images}", f"data.batch_size={args.batch}"),
        *(f"trainer={'gpu' if cuda else 'cpu'}", f"trainer.precision={precision}", f"trainer.compile={compiled}"),
        *(f"trainer.channels_last={cuda}", "trainer.max_epochs=1000000", "trainer.limit_val_batches=1"),
        *("trainer.check_val_every_n_epoch=1000000", "logger=[]", "~callbacks.pictures", "~callbacks.progress"),
    ]


def by_vaelab(config: Any, folder: str, args: argparse.Namespace) -> float:
    """Seconds a step of `vaelab train`, moving average and skipped steps and all."""
    run = build(config, folder)
    watch = Stopwatch(args.warmup, args.steps)
    run.trainer.callbacks.append(watch)  # type: ignore[attr-defined]
    run.fit()
    return watch.seconds / args.steps


def by_hand(config: Any, folder: str, args: argparse.Namespace) -> float:
    """Seconds a step of the shortest loop around the same network: loss, backward pass, clipping, fused optimiser."""
    run = build(config, folder)
    device = torch.device(args.device)
    module = run.module.to(device)
    prepare(module, config["trainer"])
    optimizer = module.optimizer.make(module.parameters())
    half = "bf16" in config["trainer"]["precision"]

    def batches() -> Iterator[Any]:
        while True:
            yield from run.data.train_dataloader()

    for step, batch in enumerate(batches()):
        if step == args.warmup:
            wait(device)
            started = time.perf_counter()
        if step == args.warmup + args.steps:
            wait(device)
            return (time.perf_counter() - started) / args.steps
        x = run.data.in_units(batch._replace(x=batch.x.to(device))).x
        with torch.autocast(args.device, torch.bfloat16) if half else nullcontext():
            loss = -module.hierarchy(x).elbo.mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 200.0)
        optimizer.step()
    raise AssertionError("the batches do not end")


def work(config: Any, folder: str, batch: int) -> float:
    """Floating-point operations of one training step, multiplications and additions of matrices alone."""
    run = build(config, folder)
    x = run.data.in_units(next(iter(run.data.train_dataloader()))).x[:1]
    counter = FlopCounterMode(display=False)
    with counter:
        run.module.hierarchy(x).elbo.mean().backward()
    return counter.get_total_flops() * batch


def matrix_peak(device: str) -> float:
    """bf16 operations a second of one large matrix product on this device, as measured."""
    n = 8192 if device == "cuda" else 256
    a = torch.randn(n, n, device=device, dtype=torch.bfloat16)
    best = float("inf")
    for _ in range(10):
        wait(a.device)
        started = time.perf_counter()
        a @ a
        wait(a.device)
        best = min(best, time.perf_counter() - started)
    return 2 * n**3 / best


def measure(args: argparse.Namespace, say: Callable[[str], None]) -> None:
    """The table, line by line."""
    cuda = args.device == "cuda"
    torch.set_float32_matmul_precision("high")
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) / "bytes.npy"
        random = np.random.default_rng(0).integers(0, 256, (20 * args.batch, 3, 32, 32), dtype=np.uint8)
        np.save(images, random)
        flops = work(compose(settings(args, "32-true", False, images)), folder, args.batch)
        peak = matrix_peak(args.device)
        device = torch.cuda.get_device_name() if cuda else f"cpu, {torch.get_num_threads()} threads"
        say(
            f"{args.experiment}, {device}, torch {torch.__version__}, batch {args.batch}, {args.steps} steps after "
            f"{args.warmup}; {flops / 1e12:.2f} TFLOP a step, a bf16 matrix product runs at "
            f"{peak / 1e12:.1f} TFLOP/s here."
        )
        for line in ("", *HEAD):
            say(line)
        for precision in args.precisions:
            for compiled in args.compiled:
                config = compose(settings(args, precision, compiled, images))
                for name, loop in (("vaelab", by_vaelab), ("plain", by_hand)):
                    if cuda:
                        torch.cuda.empty_cache()
                        torch.cuda.reset_peak_memory_stats()
                    seconds = loop(config, folder, args)
                    memory = f"{torch.cuda.max_memory_allocated() / 2**30:.1f}" if cuda else "-"
                    say(
                        f"| {precision} | {'yes' if compiled else 'no'} | {name} | {args.batch / seconds:,.1f} "
                        f"| {1e3 * seconds:.1f} | {memory} | {100 * flops / seconds / peak:.1f} % |"
                    )


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cuda")
    parser.add_argument("--experiment", default="vdvae_cifar10")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--warmup", type=int, default=20, help="steps before the clock starts (20)")
    parser.add_argument("--steps", type=int, default=50, help="steps on the clock (50)")
    parser.add_argument("--precisions", nargs="+", default=["32-true", "bf16-mixed"])
    parser.add_argument("--compiled", nargs="+", type=lambda text: text == "yes", default=[False, True])
    return parser.parse_args(arguments)


if __name__ == "__main__":
    os.environ.setdefault("WANDB_MODE", "disabled")
    measure(options(), lambda line: print(line, flush=True))
