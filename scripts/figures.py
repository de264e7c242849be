"""Every figure of docs/, from runs: train what is not there, diagnose it, draw, and put the numbers into the texts.

python scripts/figures.py                        all of it: within 45 minutes on 2 cores
python scripts/figures.py --only codes blends    the runs of some figures, and those figures
python scripts/figures.py --draw                 no run: the figures and the texts from the runs that are there

A run that is finished is not done again; remove its folder under outputs/figures to have it done again.
"""

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gallery import autoencoder, blur, coarse_to_fine, collapse, gaussian_q, text, two_forces, what_changes, work
from gallery.read import Picture, Read
from gallery.runs import ALL, RUNS, Run
from gallery.style import save

DOCS = work.ROOT / "docs"
PAGES = (autoencoder, two_forces, blur, gaussian_q, collapse, coarse_to_fine, what_changes)
PICTURES: dict[str, Picture] = {picture.name: picture for page in PAGES for picture in page.PICTURES}
TEXTS = ("gallery/*.md", "commands.md")


def work_off(runs: list[Run], jobs: int) -> float:
    """Do runs, `jobs` at a time, and say how long each took; the seconds of all, whenever they were done."""

    def one(run: Run) -> float:
        seconds = work.do(run)
        told = ", ".join(f"{part} {value:.0f} s" for part, value in seconds.items())
        print(f"{run.name:<20} {told}", flush=True)
        return sum(seconds.values())

    with ThreadPoolExecutor(jobs) as pool:
        return sum(pool.map(one, runs))


def draw(names: list[str], read: Read, docs: Path) -> dict[str, dict[str, Any]]:
    """Write the figures, and figures.json with what is known of all of them."""
    file = docs / "figures" / "figures.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=work.ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    for name in names:
        picture = PICTURES[name]
        figure, numbers = picture.draw(read)
        save(figure, docs / "figures" / f"{name}.png")
        known[name] = {"commands": text.commands(picture.runs), "numbers": numbers, "commit": commit}
    known = {name: known[name] for name in PICTURES if name in known}
    file.write_text(json.dumps(known, indent=1, ensure_ascii=False) + "\n")
    return known


def write(figures: dict[str, dict[str, Any]], read: Read | None, docs: Path) -> None:
    """Put the numbers into the texts."""
    for pattern in TEXTS:
        for page in sorted(docs.glob(pattern)):
            page.write_text(text.filled(page.read_text(), figures, read))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(PICTURES), default=list(PICTURES), metavar="FIGURE")
    parser.add_argument("--draw", action="store_true", help="no run")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time, one thread each (2)")
    args = parser.parse_args()
    needed = {run for name in args.only for run in PICTURES[name].runs}
    if not args.draw:
        started = time.monotonic()
        seconds = work_off([run for run in ALL if run.name in needed], args.jobs)
        print(f"{seconds / 60:.1f} minutes of work, {(time.monotonic() - started) / 60:.1f} minutes now", flush=True)
    read = Read(work.FOLDER)
    figures = draw(args.only, read, DOCS)
    complete = set(args.only) == set(PICTURES)
    write(figures, read if complete else None, DOCS)
    size = sum(path.stat().st_size for path in (DOCS / "figures").iterdir())
    print(f"{len(args.only)} of {len(PICTURES)} figures of {len(RUNS)} runs in {DOCS / 'figures'}, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    sys.exit(main())
