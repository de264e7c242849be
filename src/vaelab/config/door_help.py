"""What `vaelab evaluate --help` and its like print: the groups and settings of conf/<door>.yaml, with its comments."""

import re
from collections.abc import Iterator
from pathlib import Path

from vaelab.config.paths import CONF

# name, value, comment
Setting = tuple[str, str, str]

FOOTER = """-m runs it for each of several comma-separated values, as in run=a,b; --cfg job prints the config.
Docs: README.md. A full traceback on errors: VAELAB_TRACEBACK=1."""


def door_help(door: str, arguments: list[str], conf: Path = CONF) -> str:
    """The text. Settings of a group are those of the files that `arguments`, or else the defaults, choose."""
    text = (conf / f"{door}.yaml").read_text()
    about = text.splitlines()[0].removeprefix("# ").removeprefix(f"vaelab {door} run=<folder>: ")
    chosen = groups_of(text)
    rows = list(_settings(text))
    lines, choices = [], "[group=choice …] " if chosen else ""
    for group, default in chosen.items():
        files = sorted(file.stem for file in (conf / group).glob("*.yaml"))
        usual = "all of them, as [a,b,…]" if sorted(_names(default)) == files else default
        lines.append(f"{group}: {', '.join(files)}   # default: {usual}")
        asked = [one.partition("=")[2] for one in arguments if one.startswith(f"{group}=")]
        for choice in _names(asked[-1] if asked else default):
            file = conf / group / f"{choice}.yaml"
            rows += _settings(file.read_text(), group) if file.is_file() else []
    groups = ["== Groups (group=choice) ==", *lines, ""] if lines else []
    shown = ["== Settings and their defaults (setting=value) ==", *_aligned(rows), ""]
    return "\n".join([f"vaelab {door} <folder> {choices}[setting=value …]", "", about, "", *groups, *shown, FOOTER])


def groups_of(text: str) -> dict[str, str]:
    """The choice of each group as it is written, without Hydra's own."""
    return {group: choice for group, choice in re.findall(r"^  - (\w+): (.+)$", text, re.MULTILINE) if group != "hydra"}


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.strip("[]").split(",") if name.strip()]


def _settings(text: str, group: str = "") -> Iterator[Setting]:
    """Every `key: value  # comment` of a YAML text, the key with all that it stands below."""
    above: list[tuple[int, str]] = [(-1, group)] if group else []
    for line in text.splitlines():
        found = re.fullmatch(r"( *)(\w+):(?: +(.*))?", line)
        if not found or found[2].startswith("_") or found[2] == "defaults":
            continue
        while above and above[-1][0] >= len(found[1]):
            above.pop()
        value, _, comment = f"  {found[3] or ''}".partition(" #")
        if value.strip():
            yield ".".join([name for _, name in above] + [found[2]]), value.strip(), comment.strip()
        else:
            above.append((len(found[1]), found[2]))


def _aligned(rows: list[Setting]) -> list[str]:
    left = [f"{name}: {value}" for name, value, _ in rows]
    width = max(map(len, left), default=0)
    return [
        f"{one:<{width}}   # {comment}" if comment else one for one, (_, _, comment) in zip(left, rows, strict=True)
    ]
