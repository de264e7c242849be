"""How training went."""

from vaelab.report.figures.elbo import elbo
from vaelab.report.figures.layer_terms import layer_terms
from vaelab.report.figures.split import split
from vaelab.report.parts import Section, missing, plot
from vaelab.report.record import Record
from vaelab.report.segments import marked, origin, parts


def curves(record: Record) -> Section:
    drawn = [plot(marked(draw(record), record)) for draw in (elbo, split, layer_terms)]
    shown = drawn if any(drawn) else missing("history.jsonl has no figures yet.")
    return Section("training", "Training", [origin(record), parts(record), shown])
