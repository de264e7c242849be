"""What a run folder may and may not hold."""

import json
import re
from pathlib import Path
from typing import Any

from vaelab.errors import CheckpointError
from vaelab.printable import obeyed

# whatever of these is in a folder, a run was there
_OF_A_RUN = ("config.json", "history.jsonl", "checkpoints", "DONE.json")
# what is there before anything was done
_NOTES = (".hydra", ".lock")


def holds_run(folder: Path) -> bool:
    """Whether a folder holds a run. Raises CheckpointError for what is left of one whose config.json is gone."""
    found = [name for name in _OF_A_RUN if (folder / name).exists()]
    if found and "config.json" not in found:
        raise CheckpointError(
            f"hydra.run.dir={folder} holds {', '.join(found)} of a run, but not its config.json. "
            "Give another hydra.run.dir, or move that folder away."
        )
    return bool(found)


def write_notes(folder: Path, hydra_cfg: Any, cfg: Any) -> None:
    """.hydra/ as Hydra writes it. Hydra itself does so before anything is known of the folder: over another run's."""
    from omegaconf import OmegaConf

    notes = folder / ".hydra"
    notes.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(cfg, notes / "config.yaml")
    OmegaConf.save(hydra_cfg, notes / "hydra.yaml")
    OmegaConf.save(hydra_cfg.hydra.overrides.task, notes / "overrides.yaml")


def remove_if_unused(folder: Path) -> None:
    """Take away a folder in which nothing but notes were written: no half-made run stays behind."""
    if not folder.is_dir() or any(path.name not in _NOTES for path in folder.iterdir()):
        return
    for path in (*(folder / ".hydra").glob("*"), folder / ".lock"):
        path.unlink(missing_ok=True)
    if (folder / ".hydra").is_dir():
        (folder / ".hydra").rmdir()
    folder.rmdir()


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a run folder. Raises CheckpointError when the folder is not one, or not whole by itself."""
    if re.match(r"[a-z][\w+.-]+:/", str(folder), re.IGNORECASE):
        raise CheckpointError(f"run={folder} is an address: only a folder of this machine is read")
    if not folder.is_dir():
        raise CheckpointError(f"run={folder} does not exist: give the folder that `vaelab train` printed")
    file = folder / "config.json"
    try:
        refuse_links_out(folder)
        if not file.is_file():
            raise CheckpointError(f"run={folder} {_no_run(folder)}")
        config = json.loads(file.read_text(encoding="utf-8"))
        strange = obeyed(config)
    except (ValueError, OSError, RuntimeError) as error:  # nested too deep, or a ring of links
        raise CheckpointError(f"{file} cannot be read: {error}") from None
    if not isinstance(config, dict) or not {"model", "data", "trainer"} <= set(config):
        raise CheckpointError(f"{file} cannot be read: it is not the config of a run")
    if strange is not None:
        raise CheckpointError(f"{file} cannot be read: {strange!r} has control characters")
    return config


def refuse_links_out(folder: Path) -> None:
    """Raise CheckpointError for a link out of a run folder, what is read and written there being all in it, and for a
    pipe."""
    home = folder.resolve()
    for place in (folder, *(folder / name for name in ("checkpoints", "images", ".hydra"))):
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            if path.is_symlink() and not path.resolve().is_relative_to(home):
                raise CheckpointError(f"{path} leads out of the run folder: put the file itself there, or take it away")
            if path.exists() and not (path.is_file() or path.is_dir()):
                raise CheckpointError(f"{path} is no regular file, and would be waited for: take it away")


def read_overrides(folder: Path, name: str = "overrides.yaml") -> list[str]:
    """What was typed after `vaelab train` for a run, from a file of its .hydra; [] where that is not known."""
    said = _note(folder, name)
    return [str(one) for one in said] if isinstance(said, list) else []


def read_begun(folder: Path) -> dict[str, Any]:
    """The config that a run began with, from its .hydra; {} where that is not known."""
    begun = _note(folder, "config.yaml")
    return begun if isinstance(begun, dict) else {}


def _note(folder: Path, name: str) -> Any:
    """What a file of a run's .hydra holds; None where it cannot be read."""
    import yaml

    try:
        return yaml.safe_load((folder / ".hydra" / name).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return None


def runs_below(folder: Path) -> list[Path]:
    """The run folders one or two levels below, by name; 10 comes after 9."""
    found = [path.parent for pattern in ("*/config.json", "*/*/config.json") for path in folder.glob(pattern)]
    return sorted(found, key=lambda path: [part.zfill(9) for part in path.relative_to(folder).parts])


def _no_run(folder: Path) -> str:
    """What a folder without a config.json is."""
    runs = runs_below(folder)
    if not runs and (folder / "checkpoints").is_dir():
        return "is not a run folder any more: it has checkpoints, but its config.json is missing. Put that file back"
    if not runs:
        return "is not a run folder: it has no config.json"
    is_sweep = (folder / "multirun.yaml").is_file()
    count = f"{len(runs)} run{'s' if len(runs) > 1 else ''}"
    return f"{'is a sweep of' if is_sweep else 'holds'} {count}: name one, such as run={runs[0]}"


def find_checkpoint(folder: Path, weights: str) -> Path:
    """checkpoints/best.ckpt, alive.ckpt, or last.ckpt for `last` and `raw`; `best` falls back to `last` where none was
    chosen, in a run shorter than its KL warm-up. Raises CheckpointError when there is none."""
    path = folder / "checkpoints" / f"{'last' if weights == 'raw' else weights}.ckpt"
    if weights == "best" and not path.exists():
        path = path.with_name("last.ckpt")
    if not path.exists() and weights == "alive":
        raise CheckpointError(
            f"run={folder} has no checkpoint {path.name}: at no check of callbacks.collapse before the end of training "
            "was every layer alive. Use weights=best or weights=last."
        )
    if not path.exists():
        raise CheckpointError(f"run={folder} has no checkpoint {path.name}: it stopped before one was written")
    return path
