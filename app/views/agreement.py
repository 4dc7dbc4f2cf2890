"""How far maps of a corrupted picture agree with the clean one's."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.metrics.agreement import Agreement, map_agreement
from app.inference.traced import Traced
from app.views.look import Look


def agreement(clean: Traced, corrupted: Traced, look: Look) -> Agreement:
    """How far one map agrees with the clean picture's, for the same model, layer, readout and iterate."""
    layer = clean.model.layer_or_default(look.layer)
    return map_agreement(corrupted.map(layer, look.readout, look.t), clean.map(layer, look.readout, look.t))


def agreement_words(clean: Traced, corrupted: Traced, look: Look) -> str:
    """Correlation and SSIM with the clean picture's map; "" without maps, and for that map itself."""
    if corrupted is clean or not corrupted.layers:
        return ""
    compared = agreement(clean, corrupted, look)
    return "degenerate" if compared.degenerate else f"r = {compared.correlation:.2f} · SSIM {compared.ssim:.2f}"


def notes(clean: Sequence[Traced], rows: Sequence[Sequence[Traced]], look: Look) -> list[str]:
    """`agreement_words` of every panel, row by row, with the clean picture's map of the same model."""
    return [agreement_words(one, other, look) for row in rows for one, other in zip(clean, row, strict=True)]
