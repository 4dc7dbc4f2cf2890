"""The Dynamics tab: how the codes of one head settle, by the circuit, by ISTA, by the layer's own steps, by attention.

What the browser gets are all frames of all ways at once: playing and moving along the time axis need no request.
"""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np

from analysis.painting import USUAL
from app.inference.models import title
from app.inference.settling import LayerSettling
from app.inference.traced import ModelFacts
from app.library.photographs import Subject
from app.views import payload
from vars_core.dynamics.paths import ATTENTION, CHANNELS, ISTA, ODE, OWN, Rates
from vars_core.errors import InputError

READOUT = "settling"
"""The name of the maps inside the viewer."""

OPACITY = USUAL.opacity

COLOURS = {ODE: "#0072B2", ISTA: "#D55E00", OWN: "#009E73", ATTENTION: "#CC79A7"}
"""Told apart by colour-blind readers too, on white and on near-black."""

CHARTS = {
    "objective": (
        "What the layer lowers",
        "E = ½‖Pu − x‖² + λ‖u‖₁, on a logarithmic scale: how badly the codes u rebuild the values x, plus a price for "
        "every code. Dashed: the least possible. The circuit, and ISTA with L large enough, never raise it; LISTA, "
        "trained for good features rather than for small E, may.",
    ),
    "zero": (
        "Codes dying out",
        "The fraction of this head's codes that are zero. Atoms that overlap inhibit each other, and a code that "
        "explains too little falls below the threshold and dies. Dashed: at the optimum.",
    ),
    "change": (
        "How much still moves",
        "‖Δu‖, how far all codes move in a step. Where it reaches zero the head has settled. Attention moves once.",
    ),
    "distance": (
        "How far from the optimum",
        "‖u − u*‖ ÷ ‖u*‖: the codes against those of the optimum u*. A way may stop where the objective hardly changes "
        "and its codes still differ.",
    ),
}
"""By the name of a path's values: heading and words."""

MAPS_WORDS = (
    "The map at this step: ‖z‖ at every token, over the channels of this head, with z = Pu. Attention is there at "
    "once; the others get there by competition."
)
TRAJECTORIES_WORDS = (
    "Every line is one code of the channel chosen, the strongest {count} of {all}. ISTA begins where attention ends, "
    "LISTA close to it, and both take away what other codes explain already; the circuit begins at zero and lets codes "
    "grow until they inhibit each other. All lines share one scale, and what leaves it is cut."
)

EQUATIONS = pathlib.Path(__file__).with_name("equations.md").read_text(encoding="utf-8")


def no_dictionary(model: ModelFacts) -> InputError:
    """The sentence for a model without one."""
    return InputError(
        f"{title(model.name)} settles at nothing: its layers mix tokens in one step, without codes. Choose a VARS model"
    )


def names(made: LayerSettling) -> dict[str, str]:
    """The ways, by what people read."""
    own = "LISTA, as trained" if made.settling.learned else "The layer's own ISTA"
    first = "One step" if made.convolutional else "Self-attention"
    return {ODE: "The circuit", ISTA: "ISTA", OWN: own, ATTENTION: first}


def notes(made: LayerSettling) -> dict[str, str]:
    """What each way does, under its map."""
    own = "Learned coupling, smooth threshold." if made.settling.learned else "With the L it stores."
    static = "No threshold: of learned kernels a convolution, no attention."
    return {
        ODE: "Codes inhibit each other until nothing moves.",
        ISTA: f"The same in steps of 1/L, L = {made.settling.bound:.3g}.",
        OWN: f"{own} Trained for T = {made.model.num_steps}.",
        ATTENTION: static if made.convolutional else "The first step, without threshold.",
    }


def notice(made: LayerSettling) -> str:
    """What goes wrong under these rates, in a sentence; "" where nothing does."""
    said = []
    settling, rates = made.settling, made.rates
    if rates.bound_factor < 0.5 and settling.paths[ISTA].diverges:
        said.append(
            f"ISTA diverges: L = {settling.bound:.3g} is below half of the largest eigenvalue, "
            f"{settling.largest_eigenvalue:.3g}, so every step overshoots by more than it corrects."
        )
    elif rates.bound_factor < 1:
        said.append(
            f"L = {settling.bound:.3g} is below the largest eigenvalue, {settling.largest_eigenvalue:.3g}: "
            "a step of ISTA may raise the objective."
        )
    if settling.paths[ODE].diverges:
        said.append("With these rates the circuit does not settle at the optimum: its objective ends above its start.")
    elif (rates.alpha, rates.beta, rates.gamma) != (1, 2, 2):
        said.append("With rates other than α = 1, β = γ = 2 the circuit settles at another problem's solution.")
    return " ".join(said)


def view(subject: Subject, made: LayerSettling) -> dict[str, Any]:
    """What script.js draws: "viewer" a payload of the viewer, "paths" the ways frame by frame, and the words."""
    settling, titles, said = made.settling, names(made), notes(made)
    picture = subject.display
    alt = f"{subject.photograph.title}, {subject.photograph.width}×{subject.photograph.height} pixels"
    panels = [
        {
            "title": titles[name],
            "note": said[name],
            "alt": alt,
            "image": payload.data_uri(picture),
            **payload.lying(picture, made.model),
            "layers": [{"name": made.layer, "grid": list(made.grid), "maps": {READOUT: payload.maps(path.maps)}}],
            "default_layer": made.layer,
        }
        for name, path in settling.paths.items()
    ]
    return {
        "viewer": payload.viewer(panels, columns=len(panels)),
        "view": {"layer": made.layer, "readout": READOUT, "mode": "heat", "opacity": OPACITY, "scale": "map"},
        "steps": made.rates.num_steps,
        "trained": made.model.num_steps,
        "time": settling.frame_time,
        "paths": [
            {
                "title": titles[name],
                "colour": COLOURS[name],
                **{chart: finite(getattr(path, chart)) for chart in CHARTS},
                "codes": payload.packed(np.clip(path.codes, -1e30, 1e30).astype("<f4")),
                "lines": path.codes.shape[1],
                "diverges": path.diverges and name != ATTENTION,
                "stays": name == ATTENTION,
            }
            for name, path in settling.paths.items()
        ],
        "optimum": {"objective": settling.optimum, "zero": settling.optimal_zero, "distance": 0.0},
        "charts": {name: {"title": heading, "words": text} for name, (heading, text) in CHARTS.items()},
        "maps": MAPS_WORDS,
        "trajectories": TRAJECTORIES_WORDS.format(
            count=settling.paths[ODE].codes.shape[1], all=settling.num_codes // settling.num_channels
        ),
        "notice": notice(made),
        "facts": fact_words(made),
    }


def fact_words(made: LayerSettling) -> str:
    """The numbers of the problem in a line."""
    settling = made.settling
    place = f"{group_words(made.head, made.convolutional)}, channel {made.channel}"
    same = (
        ""
        if made.performer is None
        else f" With Φ(X) itself for P, the first step is Performer attention without its rows' scaling, here to "
        f"{made.performer:.0e} of its largest value."
    )
    return (
        f"Layer {made.layer}, {place}: {settling.num_codes:,} codes, λ = {settling.lam:.3g}, largest eigenvalue of PᵀP "
        f"{settling.largest_eigenvalue:.3g}. One step is {settling.frame_time:.2g} of the circuit's time. The optimum "
        f"is known to {settling.gap:.0e} of ½‖x‖².{same}"
    )


def group_words(head: int, convolutional: bool) -> str:
    """ "head 1", or "channels 16–31" of a convolution."""
    return f"channels {head * CHANNELS}–{(head + 1) * CHANNELS - 1}" if convolutional else f"head {head}"


def finite(values: np.ndarray) -> list[float | None]:
    """Numbers for JSON; None for what is none."""
    return [float(value) if np.isfinite(value) else None for value in values]


MEASURED = ("lam", "largest_eigenvalue", "bound", "frame_time", "optimum", "gap", "optimal_zero", "empty")
"""What a `Settling` says of the problem and its optimum, as scripts get it."""


def facts(made: LayerSettling) -> dict[str, Any]:
    """The same as plain facts, for scripts."""
    settling = made.settling
    return {
        **{name: getattr(settling, name) for name in MEASURED},
        "heads": made.num_heads,
        "channels": settling.num_channels,
        "codes": settling.num_codes,
        "grid": list(made.grid),
        "learned": settling.learned,
        "performer_difference": made.performer,
        "notice": notice(made),
        "paths": {
            name: {chart: finite(getattr(path, chart)) for chart in CHARTS} | {"diverges": path.diverges}
            for name, path in settling.paths.items()
        },
    }


def rates_of(lam: float, bound: float, steps: float, alpha: float, beta: float, gamma: float) -> Rates:
    """From the values of the page's controls."""
    return Rates(float(lam), float(bound), int(steps), float(alpha), float(beta), float(gamma))
