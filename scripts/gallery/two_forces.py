"""The ELBO's two forces: what a nat of code buys in reconstruction, by β and over training."""

from matplotlib.figure import Figure

from gallery.read import Numbers, Picture, Read, active, pm, table
from gallery.runs import BETAS
from gallery.style import BLUE, GREEN, ORANGE, RED, figure, plain

SHOWN = {"0.1": ORANGE, "1": BLUE, "10": RED}


def rate_distortion(read: Read) -> tuple[Figure, Numbers]:
    told = {beta: read.evaluation(f"beta_{beta}") for beta in BETAS}
    cut = {beta: read.diagnosis(f"beta_{beta}")["surgery"] for beta in BETAS}
    made = figure(8.6, 3.6)
    left, right = made.subplots(1, 2)
    plain(left, "rate against distortion", "rate: kl, nats", "distortion: −reconstruction, nats")
    plain(right, "the bound and the units in use", "β", "ELBO (β = 1), nats")
    rate = [told[beta]["kl"]["value"] for beta in BETAS]
    distortion = [-told[beta]["reconstruction"]["value"] for beta in BETAS]
    left.plot(rate, distortion, "o-", color=BLUE, ms=5)
    for beta, x, y in zip(BETAS, rate, distortion, strict=True):
        aside = (-12, -14) if beta == "0.3" else (5, 5)
        left.annotate(f"β = {beta}", (x, y), aside, textcoords="offset points", fontsize=8)
    left.set_ylim(min(distortion) - 20, max(distortion) + 15)
    left.set_xlim(-0.05 * max(rate), 1.2 * max(rate))
    places = range(len(BETAS))
    elbo = [told[beta]["elbo"]["value"] for beta in BETAS]
    right.plot(places, elbo, "o-", color=GREEN, ms=5)
    for place, beta in zip(places, BETAS, strict=True):
        units = told[beta]["layers"][0]["active_units"]
        right.annotate(f"{units}", (place, elbo[place]), (0, 6), textcoords="offset points", fontsize=8, ha="center")
    right.set_xticks(places, BETAS)
    right.set_ylim(min(elbo) - 25, max(elbo) + 15)
    right.text(0.5, 0.02, "above each point: active units of 20", transform=right.transAxes, fontsize=8, ha="center")
    head = ("β", "reconstruction", "kl", "ELBO", "active units", "I(x; z)", "KL(q(z) ‖ p(z))")
    rows = [
        (
            *(beta, pm(told[beta]["reconstruction"]), pm(told[beta]["kl"]), pm(told[beta]["elbo"]), active(told[beta])),
            pm(cut[beta]["layers"][0]["information"], 2) + (" †" if cut[beta]["layers"][0]["saturated"] else ""),
            pm(cut[beta]["layers"][0]["marginal_kl"], 2),
        )
        for beta in BETAS
    ]
    best = max(BETAS, key=lambda beta: told[beta]["elbo"]["value"])
    numbers: Numbers = {"table": table(head, rows), "best": best, "cap": cut["1"]["cap"], "n": cut["1"]["n"]}
    for beta in BETAS:
        for key in ("reconstruction", "kl", "elbo"):
            numbers[f"{key}.{beta}"] = told[beta][key]["value"]
        numbers[f"units.{beta}"] = told[beta]["layers"][0]["active_units"]
    return made, numbers


def over_training(read: Read) -> tuple[Figure, Numbers]:
    made = figure(8.6, 3.2)
    left, right = made.subplots(1, 2)
    plain(left, "reconstruction of the validation images", "epoch", "nats")
    plain(right, "kl of the validation images", "epoch", "nats")
    numbers: Numbers = {}
    for beta, colour in SHOWN.items():
        for ax, key in ((left, "reconstruction"), (right, "kl")):
            epochs, values = read.history(f"beta_{beta}", f"val/{key}")
            ax.plot(epochs, values, color=colour, label=f"β = {beta}")
            numbers[f"{key}.first.{beta}"], numbers[f"{key}.last.{beta}"] = values[0], values[-1]
            numbers[f"{key}.most.{beta}"] = max(values)
    right.legend(fontsize=8, frameon=False)
    return made, numbers


PICTURES = [
    Picture("rate_distortion", tuple(f"beta_{beta}" for beta in BETAS), rate_distortion),
    Picture("over_training", tuple(f"beta_{beta}" for beta in SHOWN), over_training),
]
