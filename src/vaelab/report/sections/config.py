"""How to run it again, and what was set."""

import json
import shlex

from vaelab.report.choices import default_choices, default_config
from vaelab.report.config_diff import changes
from vaelab.report.html import tag
from vaelab.report.parts import Section, code, folded, missing, table
from vaelab.report.record import Record
from vaelab.report.words import count


def again(record: Record) -> str:
    """The command that makes this run once more."""
    return shlex.join(["vaelab", "train", *record.overrides])


def config(record: Record) -> Section:
    if not record.config:
        return Section("config", "Config", missing("config.json cannot be read: what was set is not known."))
    changed = changes(default_config(), record.config, default_choices(), record.choices)
    caption = f"{count(len(changed), 'setting')} that differ from the default"
    rows = [(code(one.setting), code(one.default), code(one.here)) for one in changed]
    told = (
        table(("setting", "default", "this run"), rows, caption) if rows else tag("p", "Every setting is the default.")
    )
    whole = tag("pre", json.dumps(record.config, indent=2, ensure_ascii=False), tabindex="0", aria_label="config.json")
    return Section("config", "Config", [told, folded("The whole config", whole)])
