"""Whether the Hugging Face hub answers, found out in seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

SECONDS = 3.0


def reachable() -> bool:
    """One request, without the retries that make `load_dataset` take 23 s to say no."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session

    if constants.HF_HUB_OFFLINE:
        return False
    answers: list[object] = []

    def ask() -> None:
        try:
            # the hub's own session, so that its proxies and certificates are tried; any status will do
            answers.append(get_session().head(constants.ENDPOINT, timeout=SECONDS))
        except Exception:
            return

    # in a thread because a name server that does not answer is outside that timeout
    thread = Thread(target=ask, daemon=True)
    thread.start()
    thread.join(SECONDS + 0.5)
    return bool(answers)


@contextmanager
def offline() -> Iterator[None]:
    """HF_HUB_OFFLINE for a while: `load_dataset` takes what Hugging Face's cache holds, or gives up at once.

    The variable itself is read when these packages are imported, which may have been long ago.
    """
    from datasets import config
    from huggingface_hub import constants

    before = config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE
    config.HF_HUB_OFFLINE = constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        config.HF_HUB_OFFLINE, constants.HF_HUB_OFFLINE = before
