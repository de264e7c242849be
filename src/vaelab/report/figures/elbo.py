"""The bound over a run, in training and validation, and what was optimised."""

from vaelab.report.drawn import Drawn
from vaelab.report.figures.lines import lines
from vaelab.report.record import Record
from vaelab.report.words import course, sentence, told


def elbo(record: Record) -> Drawn | None:
    """train/elbo, val/elbo, and the objective where it is another figure."""
    train, val, goal = (record.series(key) for key in ("train/elbo", "val/elbo", "train/objective"))
    if not train and not val:
        return None
    shown = {"val elbo": val, "train elbo": train}
    other = len(goal) == len(train) and any(abs(a - b) > 0.05 for a, b in zip(goal.value, train.value, strict=True))
    if other:
        shown["train objective"] = goal
    told_of = val if val else train
    name = "val elbo" if val else "train elbo"
    best = max(range(len(told_of)), key=told_of.value.__getitem__)
    words = sentence(
        course(name, told_of.value, told_of.epoch),
        f"the best is {told(told_of.value[best])} at epoch {told_of.epoch[best]}" if len(told_of) > 1 else None,
        "the objective is what was optimised; the elbo is always the bound itself" if other else None,
    )
    figure = lines({k: s for k, s in shown.items() if s}, "nats an image", fine=("train elbo", "train objective"))
    return Drawn("elbo", "The bound over training", figure, words)
