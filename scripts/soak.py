"""The real program, killed at random instants and run again until it is done. docs/reliability.md says what must hold.

python scripts/soak.py                               200 kills, half an hour on two cores
python scripts/soak.py --kills 20 --seed 3           a look
python scripts/soak.py --write docs/reliability.md   and put the tables into that file
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from compare_runs import difference
from killing import Killed, send

from vaelab.errors import CheckpointError
from vaelab.training.last import newest

BEGIN, END = "<!-- soak: begin -->", "<!-- soak: end -->"
SIGNALS = [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1]
SMALL = [
    *("data=digits", "encoder.net.widths=[16]", "decoder.net.widths=[16]", "callbacks=ema", "threads=1", "logger=csv"),
    *("callbacks.checkpoints.minutes=0", "objective=beta", "optimizer.warmup_steps=20", "optimizer.cosine_decay=true"),
]
TRAIN = [
    *("train", *SMALL, "data.batch_size=128", "model.z_dims=[3,2]", "objective.schedule.warmup_steps=60"),
    # an analysis is left out by the clock otherwise
    *("trainer.max_epochs=40", "evaluation.iw_samples=20", "diagnosis.max_minutes=60"),
]
JOBS = 8
SWEEP = [
    *("train", "-m", *SMALL, "data.batch_size=256", "model=vae", "model.z_dims=[2]", "trainer.max_epochs=16"),
    *("objective.schedule.warmup_steps=20", "evaluation.iw_samples=2", "report=false", "~callbacks.pictures"),
    f"seed={','.join(map(str, range(JOBS)))}",
]
# draws an image: each takes some seconds, and its figures are told from the others'
DRAWS = [300, 400]


ENDS = {".png": b"IEND\xaeB`\x82", ".html": b"</html>"}


@dataclass
class Found:
    """What was done and seen: kills by what, where and signal; in words, all that should not have been."""

    what: str
    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    states: int = 0
    compared: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        return [*self.lost, *self.wrong, *self.torn, *self.left, *self.twice]


@dataclass
class Soak:
    """Where it happens, how many kills are to come and until when, what is drawn, and how long the command takes, in
    seconds."""

    folder: Path
    kills: int
    draw: random.Random
    life: float
    until: float
    found: Found

    @property
    def some_left(self) -> bool:
        return self.found.kills.total() < self.kills and time.monotonic() < self.until

    def instant(self) -> float | None:
        """Seconds after which to kill, anywhere in a life or after it; None when there were enough kills."""
        return self.draw.uniform(0, 1.2 * self.life) if self.some_left else None

    def signum(self) -> signal.Signals:
        return self.draw.choices(SIGNALS, [6, 1, 1])[0]

    def strike(self, running: Killed, signum: signal.Signals) -> int | None:
        """Send a signal to the command, if it is still there, and see to what it leaves; its exit code."""
        if running.process.poll() is not None:
            return None
        send(running.pid, signum)
        if not running.ends_within(60):
            self.found.left.append(f"{self.folder.name}: it lives on 60 s after {signum.name}")
            running.process.kill()
        self.see_processes(running)
        code = running.process.wait()
        if code not in (0, -signum, 128 + signum):
            self.found.wrong.append(f"{self.folder.name}: exit code {code} after {signum.name}")
        return code

    def see_processes(self, running: Killed) -> None:
        if left := running.left_behind():
            self.found.left.append(f"{self.folder.name}: {len(left)} process(es) were left behind")

    def see_states(self, saved: dict[Path, int]) -> None:
        """A state that was acknowledged before a kill, or a later one, is there and good."""
        for folder, step in saved.items():
            if step < 0:
                continue
            self.found.states += 1
            try:
                now = newest(folder / "checkpoints")[1]["step"]
            except CheckpointError as error:
                now = f"none: {error}"
            if not isinstance(now, int) or now < step:
                self.found.lost.append(f"{folder}: the state of step {step} is lost, the newest is {now}")

    def see_files(self, folder: Path) -> None:
        self.found.torn += [f"{path} is torn" for path in _torn(folder)]

    def see_same(self, folder: Path, whole: Path) -> None:
        self.found.compared += 1
        differs = difference(whole, folder)
        if not differs and (names := _names(whole) ^ _names(folder)):
            differs = f"{', '.join(sorted(names))} in one alone"
        if differs:
            self.found.wrong.append(f"{folder} is not the run that was never stopped: {differs}")


def soak_train(soak: Soak, whole: Path) -> None:
    """One run after another, each killed again and again until it is finished."""
    steps, n = _saved(whole), 0
    while soak.some_left:
        n += 1
        folder = soak.folder / f"run{n}"
        while not (folder / "DONE.json").exists():
            begun, signum, instant = _lines(folder / "segments.jsonl"), soak.signum(), soak.instant()
            running = Killed([*TRAIN, f"hydra.run.dir={folder}"], soak.folder / f"run{n}.log")
            if running.ends_within(instant):
                soak.life = max(soak.life, running.seconds())
                _refuse_failure(soak, running)
                break
            saved = {folder: _saved(folder)}
            if soak.strike(running, signum):
                soak.see_states(saved)
                soak.see_files(folder)
                soak.found.kills[_where(folder, begun, steps), signum.name] += 1
        _run([*TRAIN, f"hydra.run.dir={folder}"], soak.folder / f"run{n}.log")  # says that it is finished
        soak.see_same(folder, whole)


def soak_evaluate(soak: Soak, run: Path) -> None:
    """The same run evaluated with more draws, then with fewer, and so on: each time until the figures are written."""
    file, log, n = run / "evaluation.json", soak.folder / "evaluate.log", 0
    right = []
    for draws in DRAWS:
        soak.life = _run(["evaluate", f"run={run}", f"iw_samples={draws}"], log)
        right.append(file.read_bytes())
    while soak.some_left:
        old, new = right[n % 2 - 1], right[n % 2]
        words = ["evaluate", f"run={run}", f"iw_samples={DRAWS[n % 2]}"]
        while True:
            signum, instant = soak.signum(), soak.instant()
            running = Killed(words, log)
            if running.ends_within(instant):
                soak.life = max(soak.life, running.seconds())
                _refuse_failure(soak, running)
                break
            if soak.strike(running, signum):
                after = file.read_bytes()
                soak.found.kills["anywhere", signum.name] += 1
                soak.see_files(run)
                if after not in (old, new):
                    soak.found.wrong.append(f"{file} is neither the one before nor the new one")
        soak.found.compared += 1
        if file.read_bytes() != new:
            soak.found.wrong.append(f"{file} is not what an evaluation that was never killed writes")
        n += 1


def soak_sweep(soak: Soak, whole: Path) -> None:
    """One sweep after another: its process, one of its jobs or all of them killed until all jobs are finished."""
    n = 0
    while soak.some_left:
        n += 1
        folder, done = soak.folder / f"sweep{n}", {}
        jobs = [folder / job.name for job in _jobs(whole)]
        more = ["hydra/launcher=parallel"] if n % 2 else []
        while True:
            running = Killed([*SWEEP, *more, f"hydra.sweep.dir={folder}"], soak.folder / f"sweep{n}.log")
            saved = _until_it_is_dead(soak, running, jobs)
            soak.see_processes(running)
            soak.see_states(saved)
            for job in jobs:
                soak.see_files(job)
                if (job / "DONE.json").exists():
                    done.setdefault(job, _stamp(job))
            if not saved:
                _refuse_failure(soak, running)
                break
        soak.found.twice += [f"{job} was done again" for job, stamp in done.items() if _stamp(job) != stamp]
        for job in jobs:
            soak.see_same(job, whole / job.name)


def _until_it_is_dead(soak: Soak, running: Killed, jobs: Sequence[Path]) -> dict[Path, int]:
    """Kill the jobs of a sweep until it is killed itself or has ended; the states there were at the last kill."""
    saved: dict[Path, int] = {}
    while not running.ends_within(soak.instant()):
        signum, victim = soak.signum(), soak.draw.choice(["a job", "a job", "the sweep", "all at once"])
        of_jobs = [pid for pid, leads in running.others().items() if leads]
        now = {job: _saved(job) for job in jobs}
        if victim == "a job":
            if of_jobs and send(soak.draw.choice(sorted(of_jobs)), signum):
                soak.found.kills[victim, signum.name] += 1
                saved = now
            continue
        if victim == "all at once":
            signum, saved = signal.SIGKILL, now
            for pid in running.others():
                send(pid, signum)
        if soak.strike(running, signum):
            soak.found.kills[victim, signum.name] += 1
            return now
    return saved


def _refuse_failure(soak: Soak, running: Killed) -> None:
    """A command that nothing has killed ends well."""
    if running.process.returncode != 0:
        soak.found.wrong.append(f"{soak.folder.name}: exit code {running.process.returncode} of a command left alone")


def _where(folder: Path, begun: int, steps: int) -> str:
    """How far a training command had come when it was killed."""
    if (folder / "DONE.json").exists():
        return "report"
    if _lines(folder / "segments.jsonl") == begun:
        return "start-up"
    return "evaluation" if _saved(folder) == steps else "training"


def _saved(folder: Path) -> int:
    """The step of a run's newest state that was acknowledged by a manifest, -1 without one."""
    steps = [-1]
    for name in ("last-new", "last", "last-1"):
        with contextlib.suppress(FileNotFoundError):
            steps.append(json.loads((folder / "checkpoints" / f"{name}.ckpt.json").read_text())["step"])
    return max(steps)


def _torn(folder: Path) -> Iterator[Path]:
    """Files that a reader would stumble over."""
    for path in folder.rglob("*") if folder.exists() else ():
        try:
            if path.suffix == ".json":
                json.loads(path.read_text())
            elif path.suffix == ".jsonl":
                for line in path.read_text().splitlines():
                    json.loads(line)
            elif path.suffix in ENDS and not path.read_bytes().rstrip().endswith(ENDS[path.suffix]):
                yield path
        except ValueError:
            yield path


def _names(folder: Path) -> set[str]:
    """The files of a run, but for what was cut off its record and what is told of its process."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if ".orphan-" not in name and not name.endswith((".lock", ".log"))}


def _stamp(job: Path) -> tuple[int, int]:
    """What would be another after the run was done again."""
    return (job / "DONE.json").stat().st_mtime_ns, _lines(job / "segments.jsonl")


def _lines(path: Path) -> int:
    return len(path.read_text().splitlines()) if path.exists() else 0


def _jobs(sweep: Path) -> list[Path]:
    return sorted(path.parent for path in sweep.glob("*/config.json"))


def _run(words: Sequence[str], log: Path) -> float:
    """Run a command that nothing kills; the seconds that it took."""
    running = Killed(words, log)
    running.ends_within(None)
    if running.process.returncode != 0:
        sys.exit(f"exit code {running.process.returncode}, see {log}")
    return running.seconds()


def measure(folder: Path, kills: int, seed: int, minutes: float) -> list[Found]:
    """All of it: the runs that nothing stops, and then the kills, two commands at a time."""
    whole, many, evaluated = folder / "whole", folder / "whole_sweep", folder / "evaluated"
    life = _run([*TRAIN, f"hydra.run.dir={whole}"], folder / "whole.log")
    print(f"a run takes {life:.0f} s", flush=True)
    shutil.copytree(whole, evaluated)
    of_sweep = _run([*SWEEP, "hydra/launcher=parallel", f"hydra.sweep.dir={many}"], folder / "whole_sweep.log")
    print(f"a sweep of {JOBS} jobs takes {of_sweep:.0f} s", flush=True)
    shares = {"train": 0.45, "evaluate": 0.2, "sweep": 0.35}
    lives = {"train": life, "evaluate": life, "sweep": 0.6 * of_sweep}
    soaks, until = {}, time.monotonic() + 60 * minutes
    for what, share in shares.items():
        (folder / what).mkdir()
        draw = random.Random(f"{seed} {what}")
        soaks[what] = Soak(folder / what, round(share * kills), draw, lives[what], until, Found(what))

    def lane(*parts: Callable[[], None]) -> None:
        for part in parts:
            part()

    with ThreadPoolExecutor(2) as at_once:
        lanes = [
            at_once.submit(lane, partial(soak_train, soaks["train"], whole)),
            at_once.submit(
                lane,
                partial(soak_evaluate, soaks["evaluate"], evaluated),
                partial(soak_sweep, soaks["sweep"], many),
            ),
        ]
    for one, what in zip(lanes, ("train", "sweep"), strict=True):
        if error := one.exception():
            traceback.print_exception(error)
            soaks[what].found.wrong.append(f"the soak itself failed: {error}")
    return [soak.found for soak in soaks.values()]


def table(found: Sequence[Found], seed: int) -> list[str]:
    """What was found, as lines of Markdown."""
    kills = sum((one.kills.total() for one in found), 0)
    lines = [
        f"{kills} kills, seed {seed}: {os.cpu_count()} cores, torch {torch.__version__}, two commands at a time.",
        "",
        "| command | killed | SIGKILL | SIGTERM | SIGUSR1 |",
        "|---|---|---:|---:|---:|",
    ]
    for one in found:
        for where in sorted({where for where, _ in one.kills}):
            counts = " | ".join(str(one.kills[where, signum.name]) for signum in SIGNALS)
            lines.append(f"| {one.what} | {where} | {counts} |")
    lines += [
        "",
        "| command | kills | acknowledged states | lost | results compared | wrong | torn files "
        "| processes left behind | done twice |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for one in found:
        counts = [one.kills.total(), one.states, len(one.lost), one.compared, len(one.wrong), len(one.torn)]
        counts += [len(one.left), len(one.twice)]
        lines.append(f"| {one.what} | {' | '.join(map(str, counts))} |")
    return lines


def write(file: Path, lines: list[str]) -> None:
    """Put the lines between the file's two markers."""
    before, rest = file.read_text().split(BEGIN)
    after = rest.split(END)[1]
    file.write_text("\n".join([before + BEGIN, *lines, END + after]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="of train, evaluate and a sweep together (200)")
    parser.add_argument("--seed", type=int, default=0, help="of what is killed when, and by which signal (0)")
    parser.add_argument("--minutes", type=float, default=60, help="after which no more are begun (60)")
    parser.add_argument("--folder", type=Path, help="where to run; kept (a temporary one, kept where it found a fault)")
    parser.add_argument("--write", type=Path, metavar="FILE", help=f"replace what stands between {BEGIN} and {END}")
    args = parser.parse_args()
    folder = args.folder or Path(tempfile.mkdtemp(prefix="vaelab_soak_"))
    folder.mkdir(parents=True, exist_ok=True)
    found = measure(folder.resolve(), args.kills, args.seed, args.minutes)
    lines = table(found, args.seed)
    print("\n".join(lines))
    if args.write:
        write(args.write, lines)
    faults = [fault for one in found for fault in one.faults()]
    if faults:
        sys.exit("\n".join([*faults, f"see {folder}"]))
    if not args.folder:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
