"""The training command in double precision: ``python -m tests.training.in_double OPTIONS``.

What two runs should agree in is then not hidden behind the rounding of single precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from vars_core.training.__main__ import app
from vars_core.training.feed import ArrayFeed
from vars_core.training.run import TrainingRun

Batches = Iterator[tuple[Tensor, Tensor]]


def in_double(batches: Callable[..., Batches]) -> Callable[..., Batches]:
    def cast(*args: object, **options: object) -> Batches:
        for pixels, labels in batches(*args, **options):
            yield pixels.to(torch.float64), labels

    return cast


def main() -> None:
    build: Callable[[TrainingRun], nn.Module] = TrainingRun._build
    TrainingRun._build = lambda run: build(run).to(torch.float64)  # on purpose, see above
    ArrayFeed.training = in_double(ArrayFeed.training)  # on purpose, see above
    ArrayFeed.validation = in_double(ArrayFeed.validation)  # on purpose, see above
    app()


if __name__ == "__main__":
    main()
