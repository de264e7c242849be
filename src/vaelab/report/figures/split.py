"""elbo = reconstruction - kl, each on its own axis over the same steps."""

from vaelab.report.drawn import Drawn
from vaelab.report.figures.style import canvas, colour
from vaelab.report.record import Record
from vaelab.report.words import course, sentence


def split(record: Record) -> Drawn | None:
    """Reconstruction above, kl below; validation where there is any, training behind it."""
    panels = {"reconstruction": "y", "kl": "y2"}
    figure = canvas("step", height=440, hovermode="x")
    told: list[str] = []
    for panel, (name, axis) in enumerate(panels.items()):
        for i, stage in enumerate(("val", "train")):
            one = record.series(f"{stage}/{name}")
            if not one:
                continue
            if len(told) <= panel:
                told.append(course(f"{stage} {name}", one.value, one.epoch))
            figure.add_scatter(
                x=one.step, y=one.value, customdata=one.epoch, yaxis=axis, name=f"{stage}",
                legendgroup=stage, showlegend=axis == "y", mode="lines" if len(one) > 1 else "markers",
                line={"color": colour(i), "width": 1.2 if stage == "train" else 2.4},
                opacity=0.75 if stage == "train" else 1,
                hovertemplate=f"{stage} {name} %{{y:.2f}} (epoch %{{customdata}})<extra></extra>",
            )  # fmt: skip
    if not told:
        return None
    title = {"font": {"size": 13}}
    figure.update_layout(
        xaxis={"anchor": "y2"},
        yaxis={"domain": [0.54, 1], "title": {"text": "reconstruction, nats", **title}},
        yaxis2={"domain": [0, 0.46], "title": {"text": "kl, nats", **title}, "automargin": True, "zeroline": False},
    )
    words = sentence(*told, "elbo = reconstruction − kl")
    return Drawn("split", "The bound in its two parts", figure, words)
