"""What Hydra says of an override, and what to say instead."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from vaelab.config.choices import choices_with
from vaelab.config.choices import told as told_choices
from vaelab.config.near import did_you_mean, near_keys


@dataclass(frozen=True)
class Told:
    """What there is to tell an error with: its text, the names the config knows, the command line, the
    text of the error behind it, and the folder of the config files."""

    text: str
    keys: list[str]
    argv: list[str]
    cause: str = ""
    conf: Path | None = None

    @property
    def groups(self) -> list[str]:
        """Names that a choice `group=file` may have, as far as the keys tell: those without a dot."""
        return [key for key in self.keys if "." not in key]

    def override_of(self, key: str) -> str:
        """The part of the command line that sets `key`; the key itself when it came from a file."""
        return next((part for part in self.argv if part.lstrip("+~").partition("=")[0] == key), key)


def near(name: str, names: Iterable[str]) -> str:
    # as it would be typed: without quotes
    return did_you_mean(name, names).replace("'", "")


def or_near(key: str, told: Told) -> str:
    """'; did you mean …' for a setting, or for a group where the name has a slash."""
    if "/" in key:
        return near(key, told.groups)
    found = near_keys(key, told.keys)
    return f"; did you mean {' or '.join(found)}?" if found else ""


def first_line(text: str) -> str:
    """The first line that says anything."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "Hydra refused the config")


PARAMS = "hydra.sweeper.params"


def plainly(override: str) -> str:
    """What to write in place of a range under hydra.sweeper.params, which has its own rules on a command line."""
    return f"{override}: say what a sweep goes over plainly, as in seed=0,1,2; files of conf/sweep are for {PARAMS}"


def _unknown_key(match: re.Match[str], told: Told) -> str:
    key = match["key"]
    if key.startswith(PARAMS):
        return plainly(told.override_of(key))
    if key in told.keys:
        return f"{key} stands in no config file: write +{told.override_of(key)} to set it"
    others = choices_with(key, told.conf) if told.conf else []
    # of groups that this command has, and not what is chosen already
    others = [choice for choice in others if choice.partition("=")[0] in told.groups and choice not in told.argv]
    return f"{told.override_of(key)}: the config has no {key}{told_choices(others) or or_near(key, told)}"


def _sweep(match: re.Match[str], told: Told) -> str:
    key, _, value = match["override"].partition("=")
    as_list = f"; for a list write {key}=[{value}]" if "(" not in value else ""
    return f"{match['override']} is a sweep and needs -m{as_list}"


def _not_chosen(match: re.Match[str], told: Told) -> str:
    options = re.findall(r"^\t(.+)$", told.text, re.MULTILINE)
    return f"{match['key']} is not chosen: give {match['key']}=<choice> ({', '.join(options)})"


def _group_takes_a_file(match: re.Match[str], told: Told) -> str:
    keyed = [part for part in told.argv if part.partition("=")[0] in ("", *told.groups)]
    no_name = re.compile(r"null|true|false|[-+.\d].*|")
    asked = " ".join(part for part in keyed if no_name.fullmatch(part.partition("=")[2]))
    return f"{asked or 'a choice'}: a group takes the name of one of its files, or [] for none"


def _not_found(match: re.Match[str], told: Told) -> str | None:
    # any other failure to load is a fault inside that code: its traceback says more
    missing = re.search(r"No module named [\\']*([\w.]+)", told.cause)
    where = f" ({match['key']}._target_)" if match["key"] else ""
    return f"{match['target']}{where} cannot be loaded: there is no {missing[1]}" if missing else None


# patterns, and the words for them; None leaves the error as it is
TEXTS: list[tuple[str, Callable[[re.Match[str], Told], str | None]]] = [
    (
        r"In '(?P<file>[^']*)': Could not override '(?P<key>[^']*)'\. No match in the defaults list",
        lambda m, t: (
            f"{m['file']}.yaml overrides the group {m['key']}, which "
            + (
                f"the chosen {m['key'].rpartition('/')[0]} does not have"
                if m["key"] in t.groups
                else f"the defaults do not have{near(m['key'], t.groups)}"
            )
        ),
    ),
    (
        r"Could not override '(?P<key>[^']*)'\.\s+Did you mean to override (?P<near>\S+?)\?",
        lambda m, t: f"{t.override_of(m['key'])}: the config has no {m['key']}; did you mean {m['near']}?",
    ),
    (r"Could not override '(?P<key>[^']*)'", _unknown_key),
    (
        r"looks like a config group override, but config group '(?P<key>[^']*)' does not exist",
        lambda m, t: f"there is no group {m['key']}{near(m['key'], t.groups)}",
    ),
    (r"You must specify '(?P<key>[^']*)'", _not_chosen),
    (
        r"Multiple values for (?P<key>\S+)\.",
        lambda m, t: f"{m['key']} is chosen already: write {m['key']}=<choice>, without the +",
    ),
    (
        r"An item is already at '(?P<key>[^']*)'",
        lambda m, t: f"{m['key']} is in the config already: write it without the +",
    ),
    (
        r"Could not delete from config\. '(?P<key>[^']*)' does not exist",
        lambda m, t: f"~{m['key']}: the config has no {m['key']}{or_near(m['key'], t)}",
    ),
    (
        r"Could not delete '(?P<key>[^'=]*)[^']*'\. No match in the defaults list",
        lambda m, t: (
            f"~{m['key']} cannot be taken out; {m['key']}=[] chooses none"
            if m["key"] in t.groups
            else f"~{m['key']}: there is no group {m['key']}{near(m['key'], t.groups)}"
        ),
    ),
    (r"Ambiguous value for argument '(?P<override>.*?)'\n", _sweep),
    (r"Sweep parameters '(?P<override>.*)' requires --multirun", _sweep),
    (
        r"Sweeping over Hydra's configuration is not supported : '(?P<override>.*)'",
        lambda m, t: (
            plainly(m["override"])
            if PARAMS in m["override"]
            else f"{m['override']}: Hydra's own settings are the same for all jobs of a sweep"
        ),
    ),
    (r"Config group override must be a string or a list", _group_takes_a_file),
    (r"Error locating target '(?P<target>[^']*)'(?:.*full_key: (?P<key>\S+))?", _not_found),
    (
        r"Target '(?P<target>[^']*)' is blocklisted",
        lambda m, t: f"{m['target']} may not be a _target_: Hydra refuses to run it",
    ),
]
