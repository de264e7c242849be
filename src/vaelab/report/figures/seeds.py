"""The elbo of each choice of settings, a point with the error of its mean over seeds."""

from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import canvas, errors, plain
from vaelab.report.seeds import OverSeeds
from vaelab.report.words import count, sentence, value, with_error


def seeds_figure(found: list[OverSeeds]) -> Drawn | None:
    """Points and no bars: what counts is the distance between them beside their errors, not that to zero."""
    shown = [one for one in found if "elbo" in one.figures]
    if not shown:
        return None
    names = [plain(", ".join(f"{k} {value(v)}" for k, v in one.settings.items()) or "all runs") for one in shown]
    unsure = [one.figures["elbo"][1] for one in shown]
    figure = canvas("elbo, nats an image", height=110 + 26 * len(shown))
    figure.add_scatter(
        x=[one.figures["elbo"][0] for one in shown], y=names, mode="markers", marker={"size": 10},
        error_x=errors([error if error == error else None for error in unsure]),
        text=[f"{with_error(one.figures['elbo'])}, {count(one.n, 'seed')}" for one in shown],
        hovertemplate="%{y}: %{text}<extra></extra>", showlegend=False,
    )  # fmt: skip
    figure.update_yaxes(autorange="reversed", type="category")
    best = max(shown, key=lambda one: one.figures["elbo"][0])
    whose = f"for the best of {len(shown)} choices" if len(shown) > 1 else f"over {count(best.n, 'seed')}"
    words = sentence(
        f"elbo is {with_error(best.figures['elbo'])} {whose}",
        "a line is one standard error of the mean over the seeds to each side",
    )
    return Drawn("over-seeds", "ELBO over seeds", figure, words)
