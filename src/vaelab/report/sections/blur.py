"""Blur, and the data's spectrum beside the decoder's noise."""

from vaelab.report.figures.blur import blur as drawn_blur
from vaelab.report.figures.eigenvalues import eigenvalues
from vaelab.report.parts import Budget, Section, missing, plot
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
    parts = (("blur", found), ("the data's spectrum", spectrum))
    made += [missing(f"{name}: {part['skipped']}") for name, part in parts if part.get("skipped")]
    return Section("blur", "Blur", made)
