"""`vaelab train resume=<folder>`: which command goes on with a run, and what may differ from the one that began it."""

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vaelab.atomic import write_atomically
from vaelab.config.again import kept, key_of, value
from vaelab.config.difference import FREE, FROM_HERE, NOTHING, QUIET, Change, difference, is_in
from vaelab.config.flags import is_sweep, split_flags
from vaelab.config.replay import replayable
from vaelab.config.run_folder import read_begun, read_config, read_overrides
from vaelab.errors import CheckpointError, ConfigError
from vaelab.told import typed


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
    flags, settings = split_flags(arguments)
    own = [setting for setting in settings if not setting.startswith("resume=")]
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
    write_atomically(path, lambda file: file.write(yaml.safe_dump(overrides).encode()))


def changes(
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    again: Mapping[str, Any] | None = None,
    folder: Path | str = "<run folder>",
    said: Sequence[str] = (),
    known: bool = True,
) -> list[Change]:
    """`difference`. Raises ConfigError, which lists them, where a setting differs that may not.

    `folder` and `said` are of the commands that it names: the run's, and what was typed now. Where it is not `known`
    what was typed before, only what is typed now may make a difference to training.
    """
    found = difference(before, now, again)
    lost = [c for c in found if not known and c.edited and not is_in(c.key, QUIET)]
    refused = [c for c in found if c in lost or not is_in(c.key, (*FREE, *FROM_HERE))]
    if not refused:
        return found
    advice = ["Leave them out"] if not all(change.edited for change in refused) else []
    if edited := [_as_it_was(change, before, now) for change in refused if change.edited]:
        advice = ["Leave out what was typed"] if advice else []
        advice.append(f"keep what was: {shlex.join(edited)}")
    fork = shlex.join(["vaelab", "train", f"fork={folder}", *said])
    gone = f"{folder}/.hydra/overrides.yaml, with what was typed for this run, is gone, and " if lost else ""
    differ = "; ".join(map(str, refused))
    raise ConfigError(
        f"{gone}a resumed run keeps its model, data, seed and processes, and these differ: {differ}. "
        f"{_capital(', '.join(advice))}; or begin a new run from its weights: {fork}"
    )


def is_finished(folder: Path, now: Mapping[str, Any]) -> bool:
    """Whether the run in a folder is the one that `now` asks for, and done; one that asks for other epochs is not done.

    What was changed when the run was resumed does not count where it is asked for as it began, or for fewer epochs; nor
    what makes no difference to a run. Raises ConfigError for a run of other settings.
    """
    done = (folder / "DONE.json").exists()
    differ = [c for c in difference(read_config(folder), now) if not is_in(c.key, QUIET if done else FREE)]
    if done and (resumed := tuple(key for path in _segments(folder) for key in _keys(folder, path))):
        since_began = {change.key for change in difference(read_begun(folder), now)}
        differ = [c for c in differ if not is_in(c.key, resumed) or (c.key in since_began and not _fewer_epochs(c))]
    if done and [change.key for change in differ] == ["trainer.max_epochs"]:
        return False
    if differ:
        raise ConfigError(
            f"{folder} holds a run of other settings: {'; '.join(map(str, differ))}. Give another folder, or go on "
            f"with that run by `vaelab train {typed('resume', folder)}` and what shall be different."
        )
    return done


def _fewer_epochs(change: Change) -> bool:
    now, before = change.now, change.before
    return change.key == "trainer.max_epochs" and isinstance(now, int) and isinstance(before, int) and 0 < now < before


def _keys(folder: Path, segment: Path) -> list[str]:
    """What was typed for a part of a run: model.z_dims of +model.z_dims=[3], objective.schedule of the choice
    objective/schedule=linear."""
    return [key_of(one).replace("/", ".") for one in read_overrides(folder, segment.name)]


def _segments(folder: Path) -> list[Path]:
    found = (folder / ".hydra").glob("overrides.resume-*.yaml")
    numbered = [path for path in found if path.stem.rpartition("-")[2].isdecimal()]
    return sorted(numbered, key=lambda path: int(path.stem.rpartition("-")[2]))


def _as_it_was(change: Change, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The override that gives a setting its value of before."""
    if change.before is not NOTHING:
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


def quoted(folder: Path) -> str:
    """A folder as Hydra reads it, whatever its name holds."""
    return "'" + str(folder).replace("\\", "\\\\").replace("'", "\\'") + "'"


def unquoted(text: str) -> Path:
    """A folder as it was typed: plainly, or as `quoted` writes it."""
    quote = text[:1] if text[:1] in ("'", '"') and text[-1:] == text[:1] and len(text) > 1 else ""
    return Path(re.sub(r"\\(['\"\\])", r"\1", text[1:-1]) if quote else text)
