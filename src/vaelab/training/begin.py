"""What a run writes and says before it trains."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vaelab.atomic import write_json
from vaelab.config.run_folder import read_overrides
from vaelab.data.fingerprint import fingerprint
from vaelab.readable import read_json
from vaelab.told import summary
from vaelab.training.build import Run
from vaelab.training.fork import forked_words
from vaelab.training.resume import Start, forget_end, make_ready
from vaelab.training.segments import begin_segment, machine, other_machine, refuse_other_data


def begin(run: Run, cfg: dict[str, Any], folder: Path, start: Start | None, forked: Mapping[str, Any] | None) -> None:
    """Make `folder` ready for a run, or for one that goes on from `start`; nothing is touched before it is known that
    the data are its own. `forked`: what it was given of another run's weights. Raises DataError."""
    on, data = machine(run.trainer), fingerprint(run.data)
    told = [f"run folder: {folder}", summary(run)]
    if start is not None:
        refuse_other_data(folder, data)
        told += filter(None, [start.words, other_machine(folder, on)])
        make_ready(folder, start)
    folder.mkdir(parents=True, exist_ok=True)
    if made := forget_end(folder):
        told.append(f"  of its end before, and made anew at the next: {', '.join(made)}")
    write_json(folder / "config.json", cfg)
    step, said = (0, read_overrides(folder)) if start is None else (start.step, start.said)
    begin_segment(folder, step, said, on, data)
    if forked is not None:
        before = read_json(folder / "forked_from.json")
        if before and before.get("sha256") != forked["sha256"]:
            told.append(f"note: this run first began from step {before.get('step')} of that one, which has trained on")
        write_json(folder / "forked_from.json", forked)
        told.append(forked_words(forked))
    half = str(cfg["trainer"].get("precision")).startswith(("16", "bf16"))
    if half and cfg["trainer"].get("accelerator") == "cpu":
        told.append("note: 16-bit networks run several times slower than 32-bit ones on most CPUs")
    print("\n".join(told), flush=True)
