"""Blur, and the data's spectrum beside the decoder's noise."""

from typing import Any

from vaelab.report.figures.blur import blur as drawn_blur
from vaelab.report.figures.eigenvalues import eigenvalues
from vaelab.report.parts import Budget, Section, left_out, plot
from vaelab.report.read import number
from vaelab.report.record import Record
from vaelab.report.sections.carry import beside


def blur(record: Record, budget: Budget) -> Section | None:
    """None when nothing of it was made."""
    found, spectrum = record.part("blur"), record.part("spectrum")
    if not found and not spectrum:
        return None
    made = [
        plot(drawn_blur(found)),
        beside(record, "blur", budget),
        beside(record, "blur_prior", budget),
        plot(eigenvalues(spectrum)),
    ]
    made.append(left_out({"blur": found.get("skipped"), "the data's spectrum beside σ²": _no_noise(spectrum)}))
    return Section("blur", "Blur", made)


def _no_noise(spectrum: dict[str, Any]) -> object:
    """Why there is no σ² to hold the data's spectrum against."""
    if not spectrum or spectrum.get("skipped"):
        return spectrum.get("skipped")
    return None if number(spectrum.get("sigma2")) is not None else "this likelihood has none"
