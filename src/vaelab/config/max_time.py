"""trainer.max_time, as Lightning writes it."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any


def seconds_of(max_time: Any) -> float | None:
    """Seconds of "dd:hh:mm:ss", or of {days, hours, minutes, seconds, weeks}; None for null. Raises ValueError."""
    if max_time is None:
        return None
    if isinstance(max_time, Mapping):
        try:
            return timedelta(**max_time).total_seconds()
        except TypeError:
            raise ValueError("has the keys days, hours, minutes, seconds, weeks") from None
    found = re.fullmatch(r"(\d+):(\d\d):(\d\d):(\d\d)", str(max_time))
    if found is None:
        raise ValueError("is written days:hours:minutes:seconds, such as 00:11:30:00")
    days, hours, minutes, seconds = (int(part) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
