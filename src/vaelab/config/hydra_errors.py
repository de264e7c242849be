"""Hydra's and OmegaConf's own errors, each told in one short paragraph with the nearest name and the cure."""

import re
from collections.abc import Iterable
from pathlib import Path

from vaelab.config.hydra_texts import PARAMS, TEXTS, Told, first_line, near, or_near, plainly
from vaelab.errors import ConfigError, UserError


def explain(
    error: BaseException, keys: Iterable[str] | None, argv: list[str], conf: Path | None = None
) -> UserError | None:
    """The error in a user's words, or None when it is not one of Hydra's, OmegaConf's or YAML's.

    `keys`: names that the config has, groups as a/b and settings as a.b; `conf`: where its files lie.
    A UserError that Hydra has wrapped comes back as it was.
    """
    from hydra.errors import HydraException, MissingConfigException, OverrideParseException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    names = [key for key in keys or () if not re.search(r"(^|\.)_", key)]
    cause = error.__cause__ or error.__context__
    told = Told(str(error), names, argv, str(cause or ""), conf)
    if isinstance(error, UserError):
        return error
    if isinstance(error, YAMLError):
        return ConfigError(_in_yaml(error))
    if isinstance(error, OverrideParseException):
        return ConfigError(_unreadable(error.override, error.message))
    if isinstance(error, MissingConfigException) and "/" in str(error.missing_cfg_file):
        options = error.options or _files_beside(str(error.missing_cfg_file), told.text)
        return ConfigError(_no_such_choice(str(error.missing_cfg_file), list(options), told))
    if isinstance(error, OmegaConfBaseException):
        return ConfigError(_in_value(error, told))
    # one of Hydra's texts comes as a plain ValueError
    for pattern, tell in TEXTS if isinstance(error, HydraException | ValueError) else ():
        if match := re.search(pattern, told.text, re.DOTALL):
            text = tell(match, told)
            return ConfigError(text) if text else None
    if not isinstance(error, HydraException):
        return None
    # Hydra wraps what went wrong in merging an override or in building a piece
    found = explain(cause, told.keys, argv, conf) if cause is not None else None
    if found is not None:
        return found
    # a call that failed inside is a fault of code, and its traceback is worth more than a sentence
    return None if "Error in call to target" in told.text else ConfigError(first_line(told.text))


# choices that a plugin of Hydra's brings, and the extra of vaelab that brings the plugin
_EXTRAS = {
    "hydra/launcher/joblib": "sweep",
    "hydra/sweeper/optuna": "sweep",
    "hydra/launcher/submitit_local": "slurm",
    "hydra/launcher/submitit_slurm": "slurm",
    "hydra/launcher/ray": "ray",
}


def _no_such_choice(file: str, options: list[str], told: Told) -> str:
    group, _, choice = file.rpartition("/")
    if file in _EXTRAS:
        return f"{group}={choice} needs a plugin that is not installed: pip install 'vaelab[{_EXTRAS[file]}]'"
    where = "" if choice in told.override_of(group) else " (from a config file)"
    have = f" ({', '.join(options)})" if options else ""
    return f"{group}={choice}{where}: no such choice{near(choice, options)}{have}"


def _files_beside(file: str, text: str) -> list[str]:
    """The files of a group, which Hydra does not tell for a choice in a list: logger=[csv,wnadb]."""
    folders = [Path(folder) / file for folder in re.findall(r"path=file://(.+)", text)]
    return sorted({path.stem for folder in folders for path in folder.parent.glob("*.yaml")})


_KEY = r"[+~]*[\w/@:-]+(\.[\w@:-]+)*"


def _unreadable(override: str, message: str) -> str:
    key, equals, value = override.partition("=")
    if override.startswith("-"):
        return f"{override} is not an option; --help lists them"
    if not equals and re.fullmatch(_KEY, key):
        return f"{override} is not a setting: write {override}=<value>"
    if indexed := re.fullmatch(r"([\w.]+)\[(\d+)\]", key):
        return f"{override}: an element of a list is set with a dot, {indexed[1]}.{indexed[2]}={value}"
    if not equals or not re.fullmatch(_KEY, key):
        return f"{override} is not a setting; one is written group.name=value"
    for opening, closing in ("[]", "{}", "()"):
        if value.count(opening) != value.count(closing):
            return f"{override}: a {opening} or {closing} is missing"
    if found := re.search(r"Unknown function '(\w+)'", message):
        return f"{override}: there is no function {found[1]}; quote the value if it is text: '{key}=\"{value}\"'"
    if found := re.search(r"while evaluating .*?: (.*)", message):
        return f"{override}: {found[1]}"
    return f"{override} cannot be read; quote a value with special characters: '{key}=\"{value}\"'"


def _in_yaml(error: Exception) -> str:
    """File, line and complaint of a YAML file that cannot be read."""
    mark = getattr(error, "problem_mark", None)
    where = f"{mark.name}, line {mark.line + 1}" if mark is not None else "a config file"
    return f"{where} is not YAML: {getattr(error, 'problem', None) or first_line(str(error))}"


def _in_value(error: Exception, told: Told) -> str:
    """OmegaConf's errors about one setting: missing, unknown, not resolvable, not of its type."""
    from omegaconf.errors import ConfigAttributeError, ConfigKeyError, MissingMandatoryValue

    text, key = first_line(told.text), str(getattr(error, "full_key", None) or "")
    if found := re.search(r"Missing mandatory value: (\S+)", text):
        asks = f"{key} needs {found[1]}, which" if key and key != found[1] else found[1]
        return f"{asks} is not set: give {found[1]}=<value>"
    if isinstance(error, MissingMandatoryValue):
        return f"{key} is not set: give {key}=<value>"
    if found := re.search(r"Interpolation key '(\S+)' not found", text):
        return f"{key} refers to ${{{found[1]}}}, which the config does not have{or_near(found[1], told)}"
    if key.startswith(PARAMS):
        return plainly(next((part for part in told.argv if part.lstrip("+~").startswith(PARAMS)), key))
    if isinstance(error, ConfigAttributeError | ConfigKeyError):
        return f"the config has no {key}{or_near(key, told)}"
    text = re.sub(r"^\w+ raised while resolving interpolation: \"?(.*?)\"?$", r"\1", text)
    return f"{told.override_of(key)}: {text[:1].lower()}{text[1:]}" if key else text
