"""`vaelab train -m …`: where the sweep lies, said to Hydra."""

from vaelab.config.again import key_of
from vaelab.config.flags import SWEEP, is_sweep, split_flags
from vaelab.errors import ConfigError
from vaelab.sweep.names import sweep_name

# where and how many at a time, how many in all: the sweep is the same, and goes on
_NOT_ITSELF = (
    *("threads=", "gpus_per_job=", "returns="),
    "hydra/launcher",
    "hydra.launcher",
    "hydra.sweeper.n_trials",
    "hydra.sweeper.n_jobs",
    "hydra.sweeper.storage",
)
_SHOWS = ("--cfg", "-c", "--info", "-i", "--hydra-help")
PLACE = "outputs/sweeps"


def with_sweep(arguments: list[str]) -> list[str]:
    """The arguments of `vaelab train`; those of a sweep with its folder, the same for the same command in whatever
    order, and with the keys that are no part of a job's name, since all jobs have them alike."""
    if not is_sweep(arguments):
        return arguments
    flags, settings = split_flags(arguments)
    if (shows := [one for one in flags if one in _SHOWS]) and set(SWEEP) & set(flags):
        raise ConfigError(f"-m runs a sweep and {shows[0]} only shows: leave one out")
    own = [one for one in settings if not one.startswith(("hydra.", "hydra/"))]
    swept = [one for one in own if _goes_over_several(one)]
    searches = [one.partition("=")[2] for one in own if one.startswith("sweep=")]
    # of a single job all is in its name, or it would have none
    common = [key_of(one) for one in own if one not in swept] if swept or searches else []
    said = [f"hydra.job.config.override_dirname.exclude_keys=[{','.join(map(repr, common))}]"]
    if not any(one.lstrip("+").startswith("hydra.sweep.dir=") for one in settings):
        whole = [one for one in settings if not one.startswith(_NOT_ITSELF)]
        said.append(f"hydra.sweep.dir='{PLACE}/{sweep_name([*searches, *map(key_of, swept)], whole)}'")
    return [*flags, *said, *settings]


def _goes_over_several(override: str) -> bool:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        (parsed,) = OverridesParser.create().parse_overrides([override])
    except HydraException:
        return False  # told by Hydra itself, in a moment
    return parsed.is_sweep_override()
