"""ImageNet-C's nineteen corruptions at five severities: seeded, fast, for any image size (SPEC §8)."""

from analysis.corruptions.apply import corrupt
from analysis.corruptions.table import NAMES, SEVERITIES, TEST, VALIDATION
