"""`vaelab train resume=<folder>`: which command goes on with a run, and what may differ from the one that began it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vaelab.config.run_folder import read_config, read_overrides
from vaelab.errors import CheckpointError, ConfigError

# how a run is watched, how long it goes on, what is done at its end
FREE = (
    *("logger", "evaluation", "report", "diagnosis", "threads", "resume"),
    *(
        "trainer.max_epochs",
        "trainer.max_time",
        "trainer.check_val_every_n_epoch",
        "trainer.compile",
        "trainer.log_every_n_steps",
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
    """What was typed for a run and for each time it was resumed, without what only says where it is."""
    # without them the settings are held against config.json
    parts = [read_overrides(folder, name) for name in ("overrides.yaml", *(path.name for path in _segments(folder)))]
    return [one for part in parts for one in part if not one.lstrip("+~").startswith(("hydra.", "hydra/", "resume="))]


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
    if refused := [change for change in found if not _is_in(change.key, (*FREE, *FROM_HERE))]:
        instead = "begin a new run"
        if {change.key for change in refused} & {"trainer.devices", "trainer.num_nodes"}:
            instead = "begin a new run from its weights with fork=<folder>: each process has a state of its own"
        raise ConfigError(
            f"a resumed run keeps its model, data, seed and processes, and these differ: "
            f"{'; '.join(map(str, refused))}. Leave them out, or {instead}."
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
