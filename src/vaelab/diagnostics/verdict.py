"""What the figures of a diagnosis say together, in words: which layers have collapsed, why, and what to try."""

from collections.abc import Iterator
from typing import Any

from vaelab.diagnostics.causes import Cause, causes, names, part

# nats a unit under which a layer's information counts as none
NOTHING = 0.01


def verdict(diagnosis: dict[str, Any]) -> dict[str, Any]:
    """{"layers", "causes", "words"} from the parts of a diagnosis that are there; `units` must be."""
    layers = [_layer(i, diagnosis) for i in range(len(diagnosis["units"]["layers"]))]
    found = causes(diagnosis, layers) if any(layer["state"] != "alive" for layer in layers) else []
    told = [
        {
            "cause": c.cause,
            "score": round(c.score, 2),
            "evidence": c.evidence,
            "try": c.to_try,
            "overrides": list(c.overrides),
        }
        for c in found
    ]
    return {"layers": layers, "causes": told, "words": _words(layers, found)}


def _layer(i: int, diagnosis: dict[str, Any]) -> dict[str, Any]:
    """Collapsed: no unit is active and next to nothing is carried; fading: one of the two. As the monitor has it, see
    `vaelab.diagnostics.collapse`."""
    layers = diagnosis["units"]["layers"]
    layer, cut = layers[i], part(diagnosis, "surgery")
    told = {key: layer[key] for key in ("layer", "units", "active_units")}
    nats = cut["layers"][i]["information"] if cut else None
    follows, least = "kl" in layer and i < len(layers) - 1, diagnosis.get("model", {}).get("nothing", NOTHING)
    # a KL bounds the information from above. What a layer adds to one that has reached log N cannot be seen
    known = [layer["kl"]["value"]] if "kl" in layer else []
    if cut and nats and not follows and not cut["layers"][i]["saturated"]:
        known.append(nats["value"])
    dead, silent = layer["active_units"] == 0, bool(known) and min(known) < least * layer["units"]
    gone = silent if known and follows else dead and (silent or not known)
    state = "collapsed" if gone else "fading" if dead or silent else "alive"
    return {**told, "state": state, "information": None if nats is None else nats["value"]}


def _words(layers: list[dict[str, Any]], found: list[Cause]) -> str:
    sentences = list(_signs(layers))
    if not sentences:
        active, units = (sum(layer[key] or 0 for layer in layers) for key in ("active_units", "units"))
        return f"No layer has collapsed: {active} of {units} units are active."
    if found:
        first = found[0]
        sentences.append(f"Likeliest cause: {first.cause}: {first.evidence}. To try next: {first.to_try}.")
    else:
        sentences.append("No cause was found among those that were looked for.")
    return " ".join(sentences)


def _signs(layers: list[dict[str, Any]]) -> Iterator[str]:
    """A sentence for the layers of each kind that is not alive."""
    gone = [layer for layer in layers if layer["state"] == "collapsed"]
    dead = [layer for layer in gone if layer["active_units"] == 0]
    follow = [layer for layer in gone if layer["active_units"] != 0]
    fading = [layer for layer in layers if layer["state"] == "fading"]
    if dead:
        yield f"{names(dead)} {_have(dead)} collapsed: no unit is active, nothing about x is told."
    if follow:
        yield f"{names(follow)} {_have(follow)} collapsed: the units follow the layers above and add nothing."
    if fading:
        yield f"{names(fading)} {'is' if len(fading) == 1 else 'are'} fading: next to nothing about x is told."


def _have(layers: list[dict[str, Any]]) -> str:
    return "has" if len(layers) == 1 else "have"
