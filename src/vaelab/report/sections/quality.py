"""quality.json: how far samples are from the images."""

from vaelab.report.parts import Section, table
from vaelab.report.read import figure, number
from vaelab.report.record import Record
from vaelab.report.words import told


def quality(record: Record) -> Section | None:
    """None when `vaelab quality` did not run."""
    rows = []
    for name, value in record.quality.items():
        found = figure(value)
        if found is None:
            continue
        error = found[1] if found[1] == found[1] else number(value.get("std"))
        of = ", ".join(f"{key} {value[key]}" for key in value if key not in ("value", "stderr", "std"))
        rows.append((name, told(found[0], 4), told(error, 4), of))
    if not rows:
        return None
    return Section("quality", "Samples against the data", table(("figure", "value", "±", "of"), rows, "Quality"))
