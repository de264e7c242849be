"""`vaelab train resume=<folder>`: which command goes on with a run, and what may differ from the one that began it."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from vaelab.config.again import kept, value
from vaelab.config.replay import replayable
from vaelab.config.run_folder import read_config, read_overrides
from vaelab.errors import CheckpointError, ConfigError
from vaelab.sweep.arguments import is_sweep

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
# of the command and not of the run
OF_A_COMMAND = ("resume", "returns", "gpus_per_job")
_NOTHING = "(none)"


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
        return _is_in(self.key, FROM_HERE)

    def __str__(self) -> str:
        return f"{self.key}: {self.before} → {self.now}{' (conf/ was edited since)' if self.edited else ''}"


def with_resume(arguments: list[str]) -> list[str]:
    """The arguments of `vaelab train`; those with resume=<folder> become the ones that began the run, then these.

    Raises CheckpointError where the folder is no run, ConfigError for a sweep or another folder.
    """
    asked = [argument.removeprefix("resume=") for argument in arguments if argument.startswith("resume=")]
    if not asked or asked[-1] in ("", "null"):
        return arguments
    if is_sweep(arguments):
        raise ConfigError("resume goes on with one run; a sweep goes on by the command that began it, given again")
    if moved := [argument for argument in arguments if argument.lstrip("+").startswith(("hydra.run.", "hydra.sweep."))]:
        raise ConfigError(f"resume goes on in the run's own folder: leave out {moved[0]}")
    folder = unquoted(asked[-1])
    try:
        read_config(folder)
    except CheckpointError as error:
        raise CheckpointError(str(error).replace("run=", "resume=")) from None
    flags = [argument for argument in arguments if argument.startswith("-")]
    own = [argument for argument in arguments if not argument.startswith(("-", "resume="))]
    # one that was a job of a search is none now
    where = [f"hydra.run.dir={quoted(folder)}", "hydra.mode=RUN"]
    return [*flags, *kept(said_before(folder), own), f"resume={quoted(folder)}", *own, *where]


def said_now(typed: list[str]) -> list[str]:
    """Of what was typed for a run, up to now, that which was typed now: after resume=, see `with_resume`."""
    at = next((i for i, one in enumerate(typed) if one.startswith("resume=")), len(typed))
    return typed[at + 1 :]


def said_before(folder: Path) -> list[str]:
    """What was typed for a run and each time it was resumed, as far as it holds, without what only says where it is.
    Raises CheckpointError for what could run or read something else than the run's own settings."""
    # without them the settings are held against config.json
    said: list[str] = []
    for file in (folder / ".hydra" / "overrides.yaml", *_segments(folder)):
        part = replayable(read_overrides(folder, file.name), file)
        said = [*kept(said, part), *part]
    return said


def keep_said(folder: Path, overrides: list[str]) -> None:
    """Write .hydra/overrides.resume-<n>.yaml: what was typed for this part of the run, if anything was."""
    import yaml

    if not overrides:
        return
    path = folder / ".hydra" / f"overrides.resume-{len(_segments(folder)) + 1}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(overrides))


def difference(
    before: Mapping[str, Any], now: Mapping[str, Any], again: Mapping[str, Any] | None = None
) -> list[Change]:
    """Every setting that differs between two configs, but for those that only say how the command was given.

    `again`: what was typed before, composed now; None where that is not known.
    """
    old, new = dict(_flat("", before)), dict(_flat("", now))
    replayed = old if again is None else dict(_flat("", again))
    keys = [
        key for key in {**old, **new} if old.get(key, _NOTHING) != new.get(key, _NOTHING) and key not in OF_A_COMMAND
    ]
    return [
        Change(key, old.get(key, _NOTHING), new.get(key, _NOTHING), edited=new.get(key) == replayed.get(key))
        for key in keys
    ]


def changes(
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    again: Mapping[str, Any] | None = None,
    folder: Path | str = "<run folder>",
    said: Sequence[str] = (),
) -> list[Change]:
    """`difference`. Raises ConfigError, which lists them, where a setting differs that may not.

    `folder` and `said` are of the commands that it names: the run's, and what was typed now.
    """
    found = difference(before, now, again)
    refused = [change for change in found if not _is_in(change.key, (*FREE, *FROM_HERE))]
    if not refused:
        return found
    advice = ["Leave them out"] if not all(change.edited for change in refused) else []
    if edited := [_as_it_was(change, before, now) for change in refused if change.edited]:
        advice = ["Leave out what was typed"] if advice else []
        advice.append(f"keep what was: {shlex.join(edited)}")
    fork = shlex.join(["vaelab", "train", f"fork={folder}", *said])
    raise ConfigError(
        f"a resumed run keeps its model, data, seed and processes, and these differ: {'; '.join(map(str, refused))}. "
        f"{_capital(', '.join(advice))}; or begin a new run from its weights: {fork}"
    )


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


def _as_it_was(change: Change, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The override that gives a setting its value of before."""
    if change.before is not _NOTHING:
        return f"{'' if _has(now, change.key) else '+'}{change.key}={value(change.before)}"
    return f"{change.key}=null" if _has(before, change.key) else f"~{change.key}"


def _has(cfg: Any, key: str) -> bool:
    for name in key.split("."):
        if not isinstance(cfg, Mapping) or name not in cfg:
            return False
        cfg = cfg[name]
    return True


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _is_in(key: str, groups: tuple[str, ...]) -> bool:
    return any(key == group or key.startswith(f"{group}.") for group in groups)


def quoted(folder: Path) -> str:
    """A folder as Hydra reads it, whatever its name holds."""
    return "'" + str(folder).replace("\\", "\\\\").replace("'", "\\'") + "'"


def unquoted(text: str) -> Path:
    """A folder as it was typed: plainly, or as `quoted` writes it."""
    quote = text[:1] if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1 else ""
    return Path(re.sub(r"\\(['\"\\])", r"\1", text[1:-1]) if quote else text)
