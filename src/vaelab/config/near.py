"""What someone may have meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """'; did you mean 'x'?' for the candidate nearest to `name`, or nothing when none is near."""
    found = get_close_matches(name, list(candidates), n=1)
    return f"; did you mean {found[0]!r}?" if found else ""


def near_keys(name: str, keys: Iterable[str]) -> list[str]:
    """At most two dotted keys that `name` may stand for, the nearest first.

    A key that ends as `name` does counts as near, wherever it stands: lr is optimizer.lr.
    """
    keys = list(keys)
    last = name.rsplit(".", 1)[-1]
    same_end = [key for key in keys if key != name and key.rsplit(".", 1)[-1] == last]
    if same_end:
        return sorted(same_end, key=lambda key: -SequenceMatcher(None, name, key).ratio())[:2]
    return get_close_matches(name, keys, n=1, cutoff=0.7)
