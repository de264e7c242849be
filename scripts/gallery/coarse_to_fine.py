"""How a hierarchy draws from coarse to fine, and the nats that each layer carries."""

from matplotlib.figure import Figure

from gallery.read import Numbers, Picture, Read, active, pm
from gallery.style import BLUE, figure, plain, sheet, show

RUN = "top_down_free_bits"


def coarse_to_fine(read: Read) -> tuple[Figure, Numbers]:
    rows = read.arrays(RUN, "coarse_to_fine")["rows"]
    skip, told = read.diagnosis(RUN)["skip_bound"], read.evaluation(RUN)
    depth = len(skip["layers"])
    made = figure(9.2, 4.2)
    left, right = made.subfigures(1, 2, width_ratios=(2.4, 1))
    labels = ["test images", *(_held(k, depth) for k in range(depth, -1, -1))]
    for ax, row, label in zip(left.subplots(len(rows), 1), rows, labels, strict=True):
        show(ax, sheet(row, len(row)), label)
    ax = plain(right.subplots(), "what each layer carries", "nats lost when it is drawn from p", "")
    names = [layer["layer"] for layer in skip["layers"]]
    nats = [layer["nats"] for layer in skip["layers"]]
    ax.barh(names, [part["value"] for part in nats], xerr=[part["stderr"] for part in nats], color=BLUE)
    for place, part in enumerate(nats):
        ax.text(part["value"] + part["stderr"], place, f"  {part['value']:.1f}", va="center", fontsize=8)
    ax.set_xlim(0, 1.25 * max(part["value"] for part in nats))
    numbers: Numbers = {"active": active(told), "elbo": told["elbo"]["value"], "n": skip["n"]}
    for name, part, layer in zip(names, nats, told["layers"], strict=True):
        numbers |= {f"nats.{name}": pm(part), f"kl.{name}": layer["kl"]["value"]}
    for bound in skip["bounds"]:
        numbers[f"bound.{bound['k']}"] = bound["elbo"]["value"]
    return made, numbers


def _held(k: int, depth: int) -> str:
    """The words for the top k layers."""
    if k == 0:
        return "none held"
    return "all held" if k == depth else f"{', '.join(f'z{l}' for l in range(depth - k + 1, depth + 1))} held"


PICTURES = [Picture("coarse_to_fine", (RUN,), coarse_to_fine)]
