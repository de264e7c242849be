"""The handlers of signals, around training."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from vaelab.signals import SIGNALS


@contextmanager
def signals_as_they_were() -> Iterator[None]:
    """Lightning leaves handlers of its own behind, under which SIGTERM would not end what comes after training."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        with suppress(ValueError):  # not the main thread: they are not ours to set
            for number, handler in before.items():
                signal.signal(number, handler)
