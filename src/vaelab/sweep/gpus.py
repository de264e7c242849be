"""GPUs for one job alone, of those that the machine has."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from vaelab.errors import ConfigError

WAIT = 0.5  # seconds between two looks


def visible() -> list[str]:
    """The GPUs that this process may use, without asking torch: CUDA_VISIBLE_DEVICES, or all that the driver has."""
    said = os.environ.get("CUDA_VISIBLE_DEVICES")
    if said is not None:
        return [one.strip() for one in said.split(",") if one.strip() not in ("", "-1")]
    return [str(i) for i in range(len(list(Path("/proc/driver/nvidia/gpus").glob("*"))))]


@contextmanager
def own_gpus(count: int | None, sweep: Path) -> Iterator[tuple[dict[str, str], list[int]]]:
    """CUDA_VISIBLE_DEVICES for a job with `count` GPUs that no other job of the sweep on this machine has meanwhile,
    and the locks that the job's process is to inherit; nothing for None. Waits until so many are free. Raises
    ConfigError where the machine has fewer.

    Each GPU is a file in <sweep>/.gpus: it is free again once the last process that has it is gone, however it went.
    """
    if count is None:
        yield {}, []
        return
    all_of_them = visible()
    if len(all_of_them) < count:
        raise ConfigError(
            f"gpus_per_job={count}, but this machine shows {len(all_of_them)} GPUs. Name them by CUDA_VISIBLE_DEVICES."
        )
    places = sweep / ".gpus"
    places.mkdir(parents=True, exist_ok=True)
    while True:
        with ExitStack() as stack:
            taken, locks = [], []
            for name in all_of_them:
                file = stack.enter_context(open(places / f"{os.uname().nodename}-{name}", "w"))
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                taken.append(name)
                locks.append(file.fileno())
                if len(taken) == count:
                    yield {"CUDA_VISIBLE_DEVICES": ",".join(taken)}, locks
                    return
        time.sleep(WAIT)
