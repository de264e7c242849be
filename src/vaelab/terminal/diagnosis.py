"""diagnosis.json as tables in the terminal."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

from vaelab.diagnostics.causes import part
from vaelab.tables import count, number


def diagnosis_tables(diagnosis: dict[str, Any]) -> list[Table]:
    """A table of the layers, and one of what is told of the model as a whole."""
    title = f"{diagnosis['split']} split, {diagnosis['weights']} weights (step {diagnosis['step']}); nats per image"
    heads = ("layer", "state", "active", "information", "marginal KL", "lost without it")
    layers = Table(*heads, title=title, title_justify="left")
    for row in _layers(diagnosis):
        layers.add_row(*row)
    whole = Table("figure", "nats per image", "")
    for name, figure, words in _whole(diagnosis):
        whole.add_row(name, _both(figure), words)
    return [table for table in (layers, whole) if table.row_count]


def _layers(diagnosis: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    cut, skip = part(diagnosis, "surgery"), part(diagnosis, "skip_bound")
    carried = {layer["layer"]: layer["nats"] for layer in skip["layers"]} if skip else {}
    for i, layer in enumerate(diagnosis.get("verdict", {}).get("layers", [])):
        told = cut["layers"][i] if cut else {}
        near = " (near log n)" if told.get("saturated") else ""
        active = f"{count(layer['active_units'])} of {layer['units']}"
        nats = _both(told.get("information")) + near, _both(told.get("marginal_kl"))
        yield layer["layer"], layer["state"], active, *nats, _both(carried.get(layer["layer"]))


def _whole(diagnosis: dict[str, Any]) -> Iterator[tuple[str, dict[str, float] | None, str]]:
    """Name, figure, and what it is of."""
    if units := part(diagnosis, "units"):
        for key in ("elbo", "reconstruction", "kl"):
            yield key, units[key], f"{units['n']} images, {units['draws']} draws each" if key == "elbo" else ""
    if cut := part(diagnosis, "surgery"):
        yield "I(x; z)", cut["mutual_information"], f"of {cut['n']} images, at most log n = {cut['cap']:.2f}"
        yield "KL(q(z) ‖ p(z))", cut["marginal_kl"], ""
        if not cut["monotone"]:
            yield "", None, "more reaches a layer than the one below it: an estimate is wrong, use more images"
    if gap := part(diagnosis, "gap"):
        yield "gap", gap["total"], f"of {gap['n']} images, against IW-{gap['iw_samples']}"
        yield "  approximation", gap["approximation"], "what the family of q costs"
        yield "  amortisation", gap["amortisation"], "what the encoder costs"
    if blur := part(diagnosis, "blur"):
        blended = f"{blur['perplexity']['median']:.3g} images blended at a z, of {blur['n_train']}"
        yield "blur predicted, squared error", blur["predicted"], blended
        yield "blur measured, squared error", blur["measured"], ""


def _both(figure: dict[str, float] | None) -> str:
    return "" if figure is None else " ± ".join(number(figure))
