"""What free bits, warm-up and top-down inference change, at the same budget."""

import numpy as np
from matplotlib.figure import Figure

from gallery.read import Numbers, Picture, Read, pm, table
from gallery.style import BLUE, GREEN, ORANGE, figure, plain

RUNS = {
    "bottom_up_elbo": "bottom-up,\nELBO",
    "bottom_up_warm_up": "bottom-up,\nwarm-up",
    "top_down_elbo": "top-down,\nELBO",
    "top_down_warm_up": "top-down,\nwarm-up",
    "top_down_free_bits": "top-down,\nfree bits",
}
COLOURS = (BLUE, GREEN, ORANGE)


def layers(read: Read) -> tuple[Figure, Numbers]:
    told = {run: read.evaluation(run) for run in RUNS}
    found = {run: read.diagnosis(run) for run in RUNS}
    made = figure(9.2, 3.8)
    left, right = made.subplots(1, 2)
    plain(left, "active units of each layer", "", "units")
    plain(right, "what each layer carries", "", "nats lost when it is drawn from p")
    places = np.arange(len(RUNS))
    for i, colour in enumerate(COLOURS):
        units = [told[run]["layers"][i]["active_units"] for run in RUNS]
        nats = [found[run]["skip_bound"]["layers"][i]["nats"]["value"] for run in RUNS]
        total = told["top_down_elbo"]["layers"][i]["units"]
        for ax, values, label in ((left, units, f"z{i + 1}, of {total}"), (right, nats, f"z{i + 1}")):
            bars = ax.bar(places + 0.27 * (i - 1), values, 0.26, color=colour, label=label)
            ax.bar_label(bars, [f"{value:.0f}" for value in values], fontsize=7)
    for ax in (left, right):
        ax.set_xticks(places, list(RUNS.values()), fontsize=7)
        ax.legend(fontsize=8, frameon=False, ncols=3)
        ax.set_ylim(0, ax.get_ylim()[1] * 1.2)
    return made, _numbers(told, found)


def _numbers(told: dict[str, dict], found: dict[str, dict]) -> Numbers:
    head = ("run", "ELBO", "IW bound", "kl", "active units", "nats carried", "information")
    rows, numbers = [], {}
    for run, title in RUNS.items():
        units = [layer["active_units"] for layer in told[run]["layers"]]
        nats = [layer["nats"]["value"] for layer in found[run]["skip_bound"]["layers"]]
        ladder = found[run]["surgery"]["ladder"]
        rows.append(
            (
                *(title.replace("\n", " "), pm(told[run]["elbo"]), pm(told[run]["iw_bound"])),
                *(f"{told[run]['kl']['value']:.1f}", ", ".join(map(str, units)), ", ".join(f"{n:.1f}" for n in nats)),
                ", ".join(f"{rung['value']:.2f}{' †' if rung['saturated'] else ''}" for rung in ladder),
            )
        )
        numbers |= {f"{run}.elbo": told[run]["elbo"]["value"], f"{run}.iw": told[run]["iw_bound"]["value"]}
        numbers |= {f"{run}.units.z{i}": n for i, n in enumerate(units, 1)}
        numbers |= {f"{run}.nats.z{i}": n for i, n in enumerate(nats, 1)}
    cap = found["top_down_elbo"]["surgery"]["cap"]
    return {"table": table(head, rows), "cap": cap, "n": found["top_down_elbo"]["surgery"]["n"], **numbers}


PICTURES = [Picture("what_changes", tuple(RUNS), layers)]
