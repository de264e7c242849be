"""The folders of a sweep and of its jobs, which the same command always finds again."""

import hashlib
import re
from collections.abc import Collection, Iterable

from vaelab.config.again import key_of

LONG = 100  # characters; file systems take 255 bytes


def job_name(overrides: Iterable[str], common: Collection[str] = ()) -> str:
    """A job's folder: what was set for it, but for the keys that all jobs have in `common`; a hash where that is long.

    The order in which things were said makes no difference. Two jobs whose names are the same by chance are told apart
    by their configs, and the second is refused.
    """
    own = sorted(one for one in overrides if key_of(one) not in common and not one.lstrip("+~").startswith("hydra"))
    return short(",".join(map(_safe, own)) or "job", "\0".join(own))


def sweep_name(keys: Iterable[str], arguments: Iterable[str]) -> str:
    """A sweep's folder: what it goes over, and a hash of the whole command."""
    return short(",".join(_safe(key) for key in keys) or "sweep", "\0".join(sorted(arguments)), always=True)


def short(name: str, whole: str, always: bool = False) -> str:
    """`name`, cut and with a hash of `whole` where it is long, or `always`."""
    if len(name) <= LONG and not always:
        return name
    return f"{name[: LONG - 30]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def _safe(text: str) -> str:
    """In signs that no shell and no file system takes for more than they are: z_dims=[32,16] is z_dims=32-16."""
    text = re.sub(r"[\[\]{}()'\"]", "", text.lstrip("+"))
    return re.sub(r"[^\w=.+~@-]", "-", text)
