"""A run folder is free at once when the process that had it is killed."""

import os
import signal
import time
from pathlib import Path

import pytest

from vaelab.errors import BusyError
from vaelab.lock import held, is_held


def test_a_worker_that_outlives_it_does_not_hold_the_folder(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    if (holder := os.fork()) == 0:
        with held(tmp_path):
            worker = os.fork()
            if worker:
                os.write(writes, worker.to_bytes(8))
            time.sleep(60)
        os._exit(0)
    worker = int.from_bytes(os.read(reads, 8))
    try:
        assert is_held(tmp_path)
        with pytest.raises(BusyError, match=f"process {holder}"), held(tmp_path):
            pass
        os.kill(holder, signal.SIGKILL)
        os.waitpid(holder, 0)
        os.kill(worker, 0)  # it lives
        with held(tmp_path):
            pass
    finally:
        os.kill(worker, signal.SIGKILL)
