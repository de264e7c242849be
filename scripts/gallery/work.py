"""Training, diagnosing and measuring of one run; what is done is not done again."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from gallery.runs import Run, asking, training

ROOT = Path(__file__).resolve().parents[2]
VAELAB = [sys.executable, "-m", "vaelab"]
PROGRAMS = {"measure": [sys.executable, str(ROOT / "scripts" / "gallery" / "measure.py")]}
FOLDER = ROOT / "outputs" / "figures"


def shown(arguments: list[str]) -> str:
    return shlex.join(["vaelab", *arguments])


def do(run: Run, folder: Path = FOLDER) -> dict[str, float]:
    """Seconds of each part, as they were when it was done. Raises RuntimeError with the end of the log of what failed.

    A run whose commands have changed is done from the start.
    """
    place = folder / run.name
    where = os.path.relpath(place, ROOT) if place.is_relative_to(ROOT) else str(place)
    steps = {"train": training(run, where), **asking(run, where)}
    if run.measures:
        steps["measure"] = [where, run.weights, *run.measures]
    done, seconds = _done(place), {}
    for name, arguments in steps.items():
        if name not in done or done[name]["arguments"] != arguments:
            if name == "train":
                shutil.rmtree(place, ignore_errors=True)
                done = {}
            took = _call([*PROGRAMS.get(name, VAELAB), *arguments], place / f"{name}.log")
            done[name] = {"arguments": arguments, "seconds": round(took, 1)}
            (place / "work.json").write_text(json.dumps(done, indent=1))
        seconds[name] = done[name]["seconds"]
    return seconds


def _done(place: Path) -> dict[str, dict]:
    finished = (place / "work.json").exists() and (place / "DONE.json").exists()
    return json.loads((place / "work.json").read_text()) if finished else {}


def _call(command: list[str], log: Path) -> float:
    started = time.monotonic()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100", "NO_COLOR": "1"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"{shlex.join(command)}\n{result.stdout[-1000:]}{result.stderr[-2000:]}")
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(result.stdout)
    return time.monotonic() - started
