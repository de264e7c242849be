"""functools.cached_property without its lock."""

from functools import cached_property
from typing import Any


class cached(cached_property):
    """A property reckoned once. Python 3.11 takes a lock for each, which 3.12 dropped: a small model's step notices."""

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        value = instance.__dict__[self.attrname] = self.func(instance)
        return value
