"""A job's process without training: what it does is said in stand_in.json beside the sweep, per job and attempt.

finish | raise | exit | die (SIGKILL to itself) | busy | wait (until a signal, then as a run leaves it)
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from vaelab.config.paths import compose
from vaelab.sweep.process import end_with_parent

ELBO = {"finish": -10.0}


def main() -> None:
    end_with_parent()
    folder, overrides = Path(sys.argv[1]), sys.argv[2:]
    attempts = folder / "attempts.txt"
    with open(attempts, "a") as file:
        file.write(f"{os.environ.get('CUDA_VISIBLE_DEVICES', '')}\n")
    n = len(attempts.read_text().splitlines())
    plan = json.loads(Path("stand_in.json").read_text())
    acts = plan.get(folder.name, plan.get("*", ["finish"]))
    act = acts[min(n, len(acts)) - 1]
    if act == "busy":
        sys.exit(75)
    if not (folder / "config.json").exists():
        (folder / "config.json").write_text(json.dumps(compose(overrides)))
    (folder / "FAILED.json").unlink(missing_ok=True)
    if act == "wait":
        for signum in (signal.SIGTERM, signal.SIGUSR2):
            signal.signal(signum, lambda n, _: sys.exit(128 + n))
        Path("waiting").write_text(str(os.getppid()))
        time.sleep(60)
    if act == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if act == "raise":
        (folder / "FAILED.json").write_text(json.dumps({"error": "it went wrong\nbadly", "code": 6}))
        sys.exit(6)
    if act == "exit":
        sys.exit(3)
    seed = next((int(one.partition("=")[2]) for one in overrides if one.startswith("seed=")), 0)
    figures = {"elbo": -10.0 - seed, "iw_bound": -9.0, "kl": 4.0, "reconstruction": -6.0 - seed}
    (folder / "DONE.json").write_text(json.dumps({"elbo": figures["elbo"], "step": 1, "figures": figures}))
    evaluation = {key: {"value": value, "stderr": 0.5} for key, value in figures.items()}
    (folder / "evaluation.json").write_text(json.dumps(evaluation))


if __name__ == "__main__":
    main()
