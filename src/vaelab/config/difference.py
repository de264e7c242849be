"""In what two configs of a run differ, and what of it may: see `vaelab.config.continuation`."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

# how a run is watched, how long it goes on, what is done at its end, where its data lie: whether they are the same is
# seen when they are read
FREE = (
    "data.path",
    *("logger", "evaluation", "report", "diagnosis", "threads"),
    *(
        f"trainer.{key}"
        for key in ("max_epochs", "max_time", "check_val_every_n_epoch", "compile", "log_every_n_steps")
    ),
    *("trainer.enable_progress_bar", "trainer.enable_model_summary"),
    *(f"callbacks.{name}" for name in ("history", "progress", "collapse", "pictures", "interrupt", "checkpoints")),
)
# what training does from here on; the optimiser's own state goes on
FROM_HERE = (
    "objective",
    *(f"optimizer.{key}" for key in ("lr", "betas", "weight_decay", "warmup_steps", "cosine_decay")),
    *("optimizer.clip_norm", "optimizer.skip_norm"),
)
# how it is watched, where it lies, how fast it is: a finished run is the same with another
QUIET = (
    *("data.path", "logger", "threads"),
    *(f"trainer.{key}" for key in ("max_time", "compile", "log_every_n_steps")),
    *("trainer.enable_progress_bar", "trainer.enable_model_summary"),
    *(f"callbacks.{name}" for name in ("progress", "interrupt", "checkpoints")),
)
# of the command and not of the run
OF_A_COMMAND = ("resume", "returns", "gpus_per_job")
NOTHING = "(none)"


class Change(NamedTuple):
    """A setting that differs, and whether training itself is another from here on.

    `edited`: not by what was typed, but because conf/, or the version of vaelab, is another than when the run began.
    """

    key: str
    before: Any
    now: Any
    edited: bool = False

    @property
    def acts(self) -> bool:
        return is_in(self.key, FROM_HERE)

    def __str__(self) -> str:
        return f"{self.key}: {self.before} → {self.now}{' (conf/ was edited since)' if self.edited else ''}"


def difference(
    before: Mapping[str, Any], now: Mapping[str, Any], again: Mapping[str, Any] | None = None
) -> list[Change]:
    """Every setting that differs between two configs, but for those that only say how the command was given.

    `again`: what was typed before, composed now; None where that is not known.
    """
    old, new = dict(_flat("", before)), dict(_flat("", now))
    replayed = old if again is None else dict(_flat("", again))
    keys = [key for key in {**old, **new} if old.get(key, NOTHING) != new.get(key, NOTHING) and key not in OF_A_COMMAND]
    return [
        Change(key, old.get(key, NOTHING), new.get(key, NOTHING), edited=new.get(key) == replayed.get(key))
        for key in keys
    ]


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(dotted name, value) of every setting; a list is one value."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), inner)
    elif value not in (None, {}):  # a group that is empty or null has no settings
        yield path, value


def is_in(key: str, groups: Collection[str]) -> bool:
    """Whether a dotted setting is one of the groups or settings, or below one."""
    return any(key == group or key.startswith(f"{group}.") for group in groups)
