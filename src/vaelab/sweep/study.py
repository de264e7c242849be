"""The study of a search on disk: written anew each time, from what the folders of its jobs hold."""

import os
import re
from pathlib import Path
from typing import Any

FILE = "sqlite:///"


def begin_anew(sweeper: Any, sweep: str) -> str | None:
    """Take the study of an interrupted search out of its storage, and say so where the storage could not be read.

    optuna would add trials to it and leave for ever those that were running. The sampler is seeded, and finished jobs
    answer at once: the same command makes the same study again, and goes on where it stopped.
    """
    if "optuna" not in str(sweeper._target_):
        return None
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage, name = sweeper.get("storage"), sweeper.get("study_name")
    if not isinstance(storage, str) or name != sweep:
        return None  # a study of the user's own is added to
    path = Path(storage.removeprefix(FILE)) if storage.startswith(FILE) else None
    if path is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return None
    try:
        optuna.delete_study(study_name=str(name), storage=storage)
    except KeyError:
        return None  # not in there yet
    except Exception as error:
        if path is None or not re.search("malformed|not a database|encrypted", str(error)):
            return f"the study in {storage} cannot be begun anew: {str(error).splitlines()[0]}"
        kept = path.with_name(f"{path.name}.damaged-{os.getpid()}")
        os.replace(path, kept)
        return (
            f"{path} cannot be read ({type(error).__name__}): kept as {kept}, and written anew from the jobs' folders"
        )
    return None
