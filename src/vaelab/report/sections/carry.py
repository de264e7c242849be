"""What each layer carries: coarse to fine, and the nats beside it."""

from vaelab.report.figures.skip_bound import skip_bound
from vaelab.report.html import Html, tag
from vaelab.report.parts import Budget, Section, missing, picture, plot
from vaelab.report.read import figure
from vaelab.report.record import Record
from vaelab.report.words import with_error
from vaelab.told import typed

LEGEND = {
    "cost": "what a layer takes off the bound: its kl, or its log_ratio in a bottom-up chain",
    "information": "the part of the cost that says something about the image",
    "marginal KL": "the rest: how far q(z), averaged over images, is from p(z)",
    "lost without it": "what the bound loses when the layer is drawn from p in place of q",
}
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
        made = [missing("No pictures were drawn.", f"vaelab sample {typed('run', record.folder)}")]
    return Section("pictures", "Pictures", made)


def carry(record: Record, budget: Budget) -> Section:
    found = record.part("skip_bound")
    drawn = plot(skip_bound(found))
    if drawn is None:
        why = found.get("skipped")
        drawn = missing(
            f"What is lost without each layer has not been measured{f': {why}' if why else '.'}",
            None if why else f"vaelab diagnose {typed('run', record.folder)}",
        )
    legend = [[tag("b", name), f": {words}. "] for name, words in LEGEND.items()]
    told = tag("p", "Nats an image. ", legend, class_="aside")
    return Section(
        "carry", "What each layer carries", [told, beside(record, "coarse_to_fine", budget, _nats(found)), drawn]
    )


def beside(record: Record, stem: str, budget: Budget, more: str = "") -> Html | None:
    """The picture of that name, if there is one."""
    path = next((path for path in record.pictures if path.stem == stem), None)
    return picture(path, f"{WORDS[stem]} {more}".strip(), budget) if path else None


def _nats(found: dict[str, object]) -> str:
    """The nats in the picture are of few images, those of the figure of many: they need not agree."""
    layers = found.get("layers")
    told = [
        f"{layer.get('layer')} {with_error(figure(layer.get('nats')))}"
        for layer in (layers if isinstance(layers, list) else [])[:8]
        if isinstance(layer, dict)
    ]
    lost = f" Lost without each layer, of n = {found.get('n')} images: {', '.join(told)}." if told else ""
    return f"The nats beside its rows are of the pictured images alone.{lost}"
