"""`vaelab train resume=<folder>`: which command goes on with a run, and what may differ from the one that began it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vaelab.config.replay import replayable
from vaelab.config.run_folder import read_config, read_overrides
from vaelab.errors import CheckpointError, ConfigError

# how a run is watched, how long it goes on, what is done at its end
FREE = (
    *("logger", "evaluation", "report", "diagnosis", "threads", "resume"),
    *("trainer.max_epochs", "trainer.check_val_every_n_epoch", "trainer.compile", "trainer.log_every_n_steps"),
    *("trainer.enable_progress_bar", "trainer.enable_model_summary"),
    *(f"callbacks.{name}" for name in ("history", "progress", "collapse", "pictures", "interrupt", "checkpoints")),
)
# what training does from here on; the optimiser's own state goes on
FROM_HERE = (
    "objective",
    *(f"optimizer.{key}" for key in ("lr", "betas", "weight_decay", "warmup_steps", "cosine_decay")),
    *("optimizer.clip_norm", "optimizer.skip_norm"),
)
_NOTHING = "(none)"


class Change(NamedTuple):
    """A setting that differs, and whether training itself is another from here on."""

    key: str
    before: Any
    now: Any

    @property
    def acts(self) -> bool:
        return _is_in(self.key, FROM_HERE)

    def __str__(self) -> str:
        return f"{self.key}: {self.before} → {self.now}"


def with_resume(arguments: list[str]) -> list[str]:
    """The arguments of `vaelab train`; those with resume=<folder> become the ones that began the run, then these.

    Raises CheckpointError where the folder is no run, ConfigError for a sweep or another folder.
    """
    asked = [argument.removeprefix("resume=") for argument in arguments if argument.startswith("resume=")]
    if not asked or asked[-1] in ("", "null"):
        return arguments
    if {"-m", "--multirun"} & set(arguments):
        raise ConfigError("resume goes on with one run: leave out -m, and resume the runs of a sweep one by one")
    if moved := [argument for argument in arguments if argument.lstrip("+").startswith(("hydra.run.", "hydra.sweep."))]:
        raise ConfigError(f"resume goes on in the run's own folder: leave out {moved[0]}")
    folder = Path(asked[-1].strip("'\""))
    try:
        read_config(folder)
    except CheckpointError as error:
        raise CheckpointError(str(error).replace("run=", "resume=", 1)) from None
    flags = [argument for argument in arguments if argument.startswith("-")]
    own = [argument for argument in arguments if not argument.startswith(("-", "resume="))]
    where = [f"resume={_quoted(folder)}", f"hydra.run.dir={_quoted(folder)}", "hydra.output_subdir=null"]
    return [*flags, *said_before(folder), *own, *where]


def said_before(folder: Path) -> list[str]:
    """What was typed for a run and for each time it was resumed, without what only says where it is. Raises
    CheckpointError for what could run or read something else than the run's own settings."""
    # without them the settings are held against config.json
    files = [folder / ".hydra" / "overrides.yaml", *_segments(folder)]
    return [one for file in files for one in replayable(read_overrides(folder, file.name), file)]


def keep_said(folder: Path, overrides: list[str]) -> None:
    """Write .hydra/overrides.resume-<n>.yaml: what was typed for this part of the run."""
    import yaml

    path = folder / ".hydra" / f"overrides.resume-{len(_segments(folder)) + 1}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(overrides))


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Every setting that differs. Raises ConfigError, which lists them, where one may not."""
    old, new = dict(_flat("", before)), dict(_flat("", now))
    keys = [key for key in {**old, **new} if old.get(key, _NOTHING) != new.get(key, _NOTHING) and key != "resume"]
    found = [Change(key, old.get(key, _NOTHING), new.get(key, _NOTHING)) for key in keys]
    if refused := [str(change) for change in found if not _is_in(change.key, (*FREE, *FROM_HERE))]:
        raise ConfigError(
            f"a resumed run keeps its model, data and seed, and these differ: {'; '.join(refused)}. "
            "Leave them out, or begin a new run."
        )
    return found


def _segments(folder: Path) -> list[Path]:
    found = (folder / ".hydra").glob("overrides.resume-*.yaml")
    return sorted(found, key=lambda path: int(path.stem.rpartition("-")[2]))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """(dotted name, value) of every setting; a list is one value."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), inner)
    elif value not in (None, {}):  # a group that is empty or null has no settings
        yield path, value


def _is_in(key: str, groups: tuple[str, ...]) -> bool:
    return any(key == group or key.startswith(f"{group}.") for group in groups)


def _quoted(folder: Path) -> str:
    return "'" + str(folder).replace("\\", "\\\\").replace("'", "\\'") + "'"
