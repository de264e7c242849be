"""What the ELBO surgery of a whole split costs, in seconds and memory, as the split grows.

python scripts/benchmark_surgery.py                               N = 1000 … 60 000, d = 50, some minutes
python scripts/benchmark_surgery.py --write docs/performance.md   and put the table into that file
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

SIZES = (1000, 2500, 5000, 10_000, 20_000, 60_000)
UNITS = 50
MARKS = ("<!-- surgery -->", "<!-- end of surgery -->")


def one(n: int) -> None:
    """Prints seconds, the memory that was added in MiB, and the figures, for a model of one layer and n images."""
    import torch

    from vaelab import build, compose
    from vaelab.diagnostics.figure import figure
    from vaelab.diagnostics.surgery import surgery

    config = compose(["model=vae", f"model.z_dims=[{UNITS}]", "data=mnist5k", "logger=[]", "callbacks={}"])
    model = build(config).module.hierarchy.eval()
    x = torch.rand(n, 1, 28, 28).round()
    surgery(model, x[:500], max_rows=1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    found = surgery(model, x, max_rows=1000)
    seconds = time.perf_counter() - started
    added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    information, marginal = figure(found.information[:, 0]), figure(found.marginal_kl[:, 0])
    apart = abs(found.kl.mean().item() - information["value"] - marginal["value"])
    print(seconds, added, before / 1024, apart)


def table() -> list[str]:
    import torch

    cores = torch.get_num_threads()
    lines = [
        f"One layer of {UNITS} units, N images scored under the q of all N, 64 bits, {cores} threads.",
        "",
        "| N | seconds | per N², ns | memory above the model's and the images', MiB | parts - kl, nats |",
        "|---|---|---|---|---|",
    ]
    for n in SIZES:
        command = [sys.executable, __file__, "--one", str(n)]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds, added, _, apart = map(float, out.split()[-4:])
        lines.append(f"| {n} | {seconds:.2f} | {1e9 * seconds / n**2:.1f} | {added:.0f} | {apart:.0e} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    if arguments.one:
        one(arguments.one)
        return
    lines = table()
    if arguments.write:
        text = arguments.write.read_text()
        head, _, rest = text.partition(MARKS[0])
        _, _, tail = rest.partition(MARKS[1])
        arguments.write.write_text("\n".join([head + MARKS[0], *lines, MARKS[1] + tail]))


if __name__ == "__main__":
    main()
