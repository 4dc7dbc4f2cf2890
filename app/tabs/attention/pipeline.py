"""The way from photograph to map in five words, each of which opens into its equation and a sentence."""

from __future__ import annotations

from vars_core.mixers import MIXERS, MixerKind
from vars_core.readouts import READOUTS

STAGES = ("photograph", "tokens", "codes", "iterates", "map")

WITHOUT_CODES = {"codes": "weights", "iterates": "one step"}
"""What stands in the place of a stage where a mixer solves nothing."""

PHOTOGRAPH = (
    "The whole photograph, resized to the model's square, each colour normalised by the mean μ and the deviation σ of "
    "the photographs that the model was trained on.",
    r"I' = \frac{\mathrm{resize}(I) - \mu}{\sigma}",
)
TOKENS = (
    "Convolutions make a grid of tokens of it, a row of C numbers each, which every block changes a little. The layer "
    "projects them: x are their values.",
    r"X \in \mathbb{R}^{N \times C}, \quad N = h\,w, \qquad x = X\,W",
)
MAP = "One number a token, read from the iterate and laid over the photograph."


def heads(mixer: str) -> list[str]:
    """What the stages are called for a mixer by its name."""
    solves = bool(MIXERS[mixer].solvers)
    return [stage if solves else WITHOUT_CODES.get(stage, stage) for stage in STAGES]


def opened(mixer: str) -> list[str]:
    """Markdown behind each stage but the last, which the readout decides: see `read`."""
    kind = MIXERS[mixer]
    told = (PHOTOGRAPH, TOKENS, of_kind(kind, "weighing"), of_kind(kind, "mixing"))
    return [written(head, *one) for head, one in zip(heads(mixer), told, strict=False)]


def read(readout: str) -> str:
    """Markdown behind the map."""
    entry = READOUTS[readout]
    return written(f"map: {readout}", f"{MAP} {entry.words}", entry.equation)


def of_kind(kind: MixerKind, part: str) -> tuple[str, str]:
    """A mixer's sentence and equation; where its entry has none, the sentence that it has."""
    own = getattr(kind, part)
    return (own.words, own.equation) if own is not None else (kind.words, "")


def written(head: str, words: str, equation: str) -> str:
    """Markdown: heading, sentence, equation."""
    shown = f"\n\n$${equation}$$" if equation else ""
    return f"**{head[:1].upper()}{head[1:]}.** {words}{shown}"


def table() -> dict[str, object]:
    """For the page: all of it, by mixer and by readout, so that opening a stage needs no request."""
    return {
        "heads": {mixer: heads(mixer) for mixer in MIXERS},
        "opened": {mixer: opened(mixer) for mixer in MIXERS},
        "read": {readout: read(readout) for readout in READOUTS},
    }
