"""How good q is: the gap, lagging inference, true posteriors on a grid."""

from typing import Any

from vaelab.report.figures.gap import gap, gap_images
from vaelab.report.figures.lagging import lagging
from vaelab.report.html import Html
from vaelab.report.parts import Budget, Section, left_out, plot, table
from vaelab.report.read import number
from vaelab.report.record import Record
from vaelab.report.sections.carry import beside
from vaelab.report.words import told

_NAMES = {"gap": "the gap", "lagging": "lagging inference", "posterior_grid": "true posteriors on a grid"}


def posterior(record: Record, budget: Budget) -> Section | None:
    """None when nothing of it was made."""
    parts = {name: record.part(name) for name in ("gap", "lagging", "posterior_grid")}
    if not any(parts.values()):
        return None
    weight = number(record.part("model").get("kl_weight"))
    made: list[Html | None] = [plot(gap(parts["gap"], weight)), plot(gap_images(parts["gap"]))]
    made.append(plot(lagging(parts["lagging"], weight)))
    made += [beside(record, "posterior_grid", budget), _grid(parts["posterior_grid"])]
    made.append(left_out({_NAMES[name]: part.get("skipped") for name, part in parts.items()}))
    return Section("posterior", "How good q is", made)


def _grid(found: dict[str, Any]) -> Html | None:
    images = [image for image in found.get("images") or [] if isinstance(image, dict)]
    if not images:
        return None
    columns = [key for key in images[0] if key != "modes" and number(images[0][key]) is not None]
    rows = [
        (i, image.get("modes"), *(told(number(image.get(key)), 3) for key in columns)) for i, image in enumerate(images)
    ]
    head = ("image", "peaks", *(column.replace("_", " ") for column in columns))
    return table(head, rows[:24], "True posteriors on a grid, nats")
