"""`vaelab train fork=<folder>`: a new run that begins from the weights of another, with its settings."""

from vaelab.config.again import kept
from vaelab.config.continuation import quoted, said_before, unquoted
from vaelab.config.run_folder import find_checkpoint, read_config
from vaelab.errors import CheckpointError, ConfigError


def with_fork(arguments: list[str]) -> list[str]:
    """The arguments of `vaelab train`; fork=<folder> among them becomes what was typed for that run, and itself.

    What the other arguments replace is left out. Raises CheckpointError where the folder is no run with a checkpoint,
    ConfigError where a run is to be resumed as well.
    """
    asked = [argument for argument in arguments if argument.startswith("fork=")]
    if not asked or asked[-1] in ("fork=", "fork=null"):
        return arguments
    if any(one.startswith("resume=") and one not in ("resume=", "resume=null") for one in arguments):
        raise ConfigError("fork begins a new run and resume goes on with an old one: give one of them")
    folder = unquoted(asked[-1].removeprefix("fork="))
    if "," in str(folder) and not folder.exists():
        raise ConfigError(f"fork={folder}: a command forks one run; give one command for each")
    try:
        read_config(folder)
        find_checkpoint(folder, "best")
    except CheckpointError as error:
        raise CheckpointError(str(error).replace("run=", "fork=")) from None
    if not (folder / ".hydra" / "overrides.yaml").is_file():
        print(f"note: what was typed for {folder} is not known: the new run has what is typed now alone", flush=True)
    said = [one for one in said_before(folder) if not one.startswith("fork=")]
    at = arguments.index(asked[-1])
    before, after = ([one for one in part if one not in asked] for part in (arguments[:at], arguments[at + 1 :]))
    # where it stood: Hydra takes no settings on both sides of a flag
    return [*before, *kept(said, [*before, *after]), f"fork={quoted(folder)}", *after]
