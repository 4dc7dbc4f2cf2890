"""The one table of names: what each corruption runs, with which parameters at severity 1..5 (SPEC §8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from analysis.corruptions import blur, colour, defocus, digital, glass, noise, spatter, weather, zoom
from analysis.corruptions.pixels import Bytes

SEVERITIES = (1, 2, 3, 4, 5)

TEST = (
    "gaussian_noise",
    "shot_noise",
    "impulse_noise",
    "defocus_blur",
    "glass_blur",
    "motion_blur",
    "zoom_blur",
    "snow",
    "frost",
    "fog",
    "brightness",
    "contrast",
    "elastic_transform",
    "pixelate",
    "jpeg_compression",
)
"""The benchmark's fifteen."""

VALIDATION = ("speckle_noise", "gaussian_blur", "spatter", "saturate")
"""The four held out for tuning."""

NAMES = TEST + VALIDATION


NOTHING, NOISE, FROST = (), ("rng",), ("rng", "texture")


@dataclass(frozen=True)
class Formula:
    """A function, its parameters at each severity, and the named sources of randomness that it draws from.

    Sources are ``rng``, a generator, and ``texture``, where frost comes from.
    """

    run: Callable[..., Bytes]
    parameters: tuple[tuple[Any, ...], ...]
    sources: tuple[str, ...] = NOISE

    @property
    def draws(self) -> bool:
        """Whether two seeds give two pictures."""
        return bool(self.sources)

    def __call__(self, image: Bytes, severity: int, **sources: Any) -> Bytes:
        """The corrupted image; of ``sources``, the function is handed those that it draws from."""
        return self.run(image, *self.parameters[severity - 1], **{name: sources[name] for name in self.sources})


def each(*values: float) -> tuple[tuple[float], ...]:
    """One parameter a severity."""
    return tuple((value,) for value in values)


FORMULAS: dict[str, Formula] = {
    "gaussian_noise": Formula(noise.gaussian_noise, each(0.08, 0.12, 0.18, 0.26, 0.38)),
    "shot_noise": Formula(noise.shot_noise, each(60, 25, 12, 5, 3)),
    "impulse_noise": Formula(noise.impulse_noise, each(0.03, 0.06, 0.09, 0.17, 0.27)),
    "speckle_noise": Formula(noise.speckle_noise, each(0.15, 0.2, 0.35, 0.45, 0.6)),
    "gaussian_blur": Formula(blur.gaussian_blur, each(1, 2, 3, 4, 6), sources=NOTHING),
    "defocus_blur": Formula(defocus.defocus_blur, ((3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)), sources=NOTHING),
    "glass_blur": Formula(glass.glass_blur, ((0.7, 1, 2), (0.9, 2, 1), (1, 2, 3), (1.1, 3, 2), (1.5, 4, 2))),
    "motion_blur": Formula(blur.motion_blur, ((10, 3), (15, 5), (15, 8), (15, 12), (20, 15))),
    "zoom_blur": Formula(zoom.zoom_blur, ((0.01, 12), (0.01, 16), (0.02, 11), (0.02, 13), (0.03, 11)), sources=NOTHING),
    "snow": Formula(
        weather.snow,
        (
            (0.1, 0.3, 3, 0.5, 10, 4, 0.8),
            (0.2, 0.3, 2, 0.5, 12, 4, 0.7),
            (0.55, 0.3, 4, 0.9, 12, 8, 0.7),
            (0.55, 0.3, 4.5, 0.85, 12, 8, 0.65),
            (0.55, 0.3, 2.5, 0.85, 12, 12, 0.55),
        ),
    ),
    "frost": Formula(weather.frost, ((1, 0.4), (0.8, 0.6), (0.7, 0.7), (0.65, 0.7), (0.6, 0.75)), sources=FROST),
    "fog": Formula(weather.fog, ((1.5, 2), (2, 2), (2.5, 1.7), (2.5, 1.5), (3, 1.4))),
    "spatter": Formula(
        spatter.spatter,
        (
            (0.65, 0.3, 4, 0.69, 0.6, False),
            (0.65, 0.3, 3, 0.68, 0.6, False),
            (0.65, 0.3, 2, 0.68, 0.5, False),
            (0.65, 0.3, 1, 0.65, 1.5, True),
            (0.67, 0.4, 1, 0.65, 1.5, True),
        ),
    ),
    "brightness": Formula(colour.brightness, each(0.1, 0.2, 0.3, 0.4, 0.5), sources=NOTHING),
    "saturate": Formula(colour.saturate, ((0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)), sources=NOTHING),
    "contrast": Formula(colour.contrast, each(0.4, 0.3, 0.2, 0.1, 0.05), sources=NOTHING),
    "elastic_transform": Formula(digital.elastic_transform, each(12.5, 16.25, 21.25, 25, 30)),
    "pixelate": Formula(digital.pixelate, each(0.6, 0.5, 0.4, 0.3, 0.25), sources=NOTHING),
    "jpeg_compression": Formula(digital.jpeg_compression, each(25, 18, 15, 10, 7), sources=NOTHING),
}
