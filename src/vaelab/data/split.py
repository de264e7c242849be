"""The three splits, and how one array becomes three."""

import numpy as np

from vaelab.errors import DataError

Splits = dict[str, np.ndarray]
SPLITS = ("train", "val", "test")
CUT_SEED = 0  # one seed for every data set and run, so that a split means the same everywhere


def cut(
    n: int, fractions: tuple[float, float], seed: int = CUT_SEED, labels: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Sorted indices of train, val and test for n images; `fractions` are val's and test's share.

    Shuffled by `seed`; with `labels` every class is shared out alike. Nothing is lost: the three add up to n.
    A share above 0 is at least one image.
    """
    rng = np.random.default_rng(seed)
    groups = [np.arange(n)] if labels is None else [np.flatnonzero(labels == c) for c in np.unique(labels)]
    parts: dict[str, list[np.ndarray]] = {split: [] for split in SPLITS}
    for group in groups:
        order = rng.permutation(group)
        n_val, n_test = (max(1, round(len(group) * f)) if f > 0 else 0 for f in fractions)
        parts["val"].append(order[:n_val])
        parts["test"].append(order[n_val : n_val + n_test])
        parts["train"].append(order[n_val + n_test :])
    return {split: np.sort(np.concatenate(part)) for split, part in parts.items()}


def fill(sizes: dict[str, int], title: str) -> dict[str, tuple[str, np.ndarray | None]]:
    """For each split: the given split it is taken from, and the rows it takes there (None: all of them).

    `sizes` says how many images each given split has; a val or test not given is cut off train, 10 % each.
    Raises DataError, which begins with `title`, when there are too few.
    """
    share_val, share_test = (0.0 if split in sizes else 0.1 for split in ("val", "test"))
    plan: dict[str, tuple[str, np.ndarray | None]] = {split: (split, None) for split in sizes}
    if share_val or share_test:
        missing = [split for split in SPLITS if split not in sizes]
        if sizes["train"] <= len(missing):
            raise DataError(f"{title}: {sizes['train']} images are too few to cut {' and '.join(missing)} off them")
        rows = cut(sizes["train"], (share_val, share_test))
        plan |= {split: ("train", rows[split]) for split in ("train", *missing)}
    return {split: plan[split] for split in SPLITS}
