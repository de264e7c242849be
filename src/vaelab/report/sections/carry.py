"""What each layer carries: coarse to fine, and the nats beside it."""

from vaelab.report.figures.skip_bound import skip_bound
from vaelab.report.html import Html
from vaelab.report.parts import Budget, Section, missing, picture, plot
from vaelab.report.read import figure
from vaelab.report.record import Record
from vaelab.report.words import with_error

WORDS = {
    "samples": "Free samples: every z from p.",
    "reconstructions": "Images of the data, and what is left of them after z.",
    "coarse_to_fine": "The top layers held, the rest drawn anew: row by row one layer fewer is held.",
    "resample": "One layer drawn anew, the others held.",
    "interpolation": "From one image to another through the latents.",
    "traversal": "One unit after another moved, the rest held.",
    "blur": "Images, the decoder's means, the best means for this q, and where those are unsure.",
    "blur_prior": "The same at z from p.",
    "posterior_grid": "The true posterior of each image on a grid, and q beside it.",
}
BESIDE = ("coarse_to_fine", "blur", "blur_prior", "posterior_grid")  # each stands with its figures


def pictures(record: Record, budget: Budget) -> Section:
    shown = [path for path in record.pictures if path.stem not in BESIDE and not path.stem.startswith("units_")]
    shown.sort(key=lambda path: (path.stem not in WORDS, path.stem not in ("samples", "reconstructions"), path.stem))
    made: list[Html] = [picture(path, WORDS.get(path.stem, ""), budget) for path in shown]
    if not made:
        made = [missing("No pictures were drawn.", f"vaelab sample run={record.folder}")]
    return Section("pictures", "Pictures", made)


def carry(record: Record, budget: Budget) -> Section:
    found = record.part("skip_bound")
    drawn = plot(skip_bound(found))
    if drawn is None:
        why = found.get("skipped")
        drawn = missing(
            f"What each layer carries has not been measured{f': {why}' if why else '.'}",
            None if why else f"vaelab diagnose run={record.folder}",
        )
    return Section("carry", "What each layer carries", [beside(record, "coarse_to_fine", budget, _nats(found)), drawn])


def beside(record: Record, stem: str, budget: Budget, more: str = "") -> Html | None:
    """The picture of that name, if there is one."""
    path = next((path for path in record.pictures if path.stem == stem), None)
    return picture(path, f"{WORDS[stem]} {more}".strip(), budget) if path else None


def _nats(found: dict[str, object]) -> str:
    layers = found.get("layers")
    told = [
        f"{layer.get('layer')} carries {with_error(figure(layer.get('nats')))} nats"
        for layer in (layers if isinstance(layers, list) else [])[:8]
        if isinstance(layer, dict)
    ]
    return f"{', '.join(told)}." if told else ""
