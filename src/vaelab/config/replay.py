"""Settings of a run folder that the program types again: none may run anything, or look anything up."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaelab.config.allowed import VARIABLE, untrusted
from vaelab.errors import CheckpointError


def replayable(overrides: Sequence[str], file: Path) -> list[str]:
    """The overrides of a run folder's file, without those that only say where or how it ran.

    Raises CheckpointError, which names the file and what is refused: flags of Hydra, its own settings, choices from
    outside conf/, `${…}`, and a `_target_` that is not allowed (`vaelab.config.allowed`).
    """
    kept = [one for one in overrides if not one.lstrip("+~").startswith(("hydra.", "hydra/", "resume="))]
    if found := [f"{one} ({why})" for one in kept if (why := _fault(one))]:
        raise CheckpointError(
            f"{file} is refused, and nothing of it was used: {'; '.join(found)}. If you trust this folder, take such a "
            f"line away or write its value out; {VARIABLE}=<package or module> in the environment allows the targets "
            "that are defined there."
        )
    return kept


def _fault(one: str) -> str:
    """Why an override is not typed again; "" where it is."""
    # before Hydra reads it: one that begins so is no setting but a flag, which can load a pickle
    if one.lstrip().startswith("-"):
        return "a flag"
    if "${" in one:
        return "looked up where it runs"
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        parsed = OverridesParser.create().parse_override(one)
    except HydraException:
        return "no setting"
    key, value = parsed.key_or_group, None if parsed.is_delete() else parsed.value()
    if "hydra" in (key.partition(".")[0].partition("/")[0], (parsed.package or "").partition(".")[0]):
        return "a setting of Hydra"
    if parsed.is_sweep_override() or not _is_plain(value):
        return "several values"
    choices = value if isinstance(value, list) else [value]
    if "." not in key and key != "fork" and any(map(_leads_out, choices)):
        return "a file outside of conf/"
    return "; ".join(f"{name} is not allowed" for name, _ in untrusted(_nested(key, value)))


def _nested(key: str, value: Any) -> Any:
    """{"a": {"b": value}} of a.b=value."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


def _leads_out(choice: Any) -> bool:
    return isinstance(choice, str) and (choice.startswith("/") or ".." in choice.split("/"))


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str | int | float | bool) and _is_plain(inner) for key, inner in value.items())
    return all(map(_is_plain, value)) if isinstance(value, list) else isinstance(value, str | int | float | bool | None)
