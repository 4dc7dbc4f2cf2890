"""What a start takes with everything installed: ``python -m tools.startup``, on an otherwise idle machine.

Prints the seconds from the command to the page, to all embedded models being ready, and to the first map, each with the
processor time it took: on a busy machine that is what an idle one would need at most. Between them, the resident memory
of the server with the models loaded, and after each has answered.
"""

from __future__ import annotations

from app.inference.models import EMBEDDED
from tools.http import Visitor
from tools.started import Started, processor_time, resident


def main() -> None:
    with Started() as page:
        report(page, "the page answers", page.answers())
        report(page, "all embedded models are ready", page.has_models())
        print(f"{len(EMBEDDED)} models loaded: {resident(page.pid) / 1e9:.2f} GB")
        visitor = Visitor(page.url)
        for model in EMBEDDED:
            succeeded, answer = visitor.attention(model=model, iteration=0)  # every model has the first iterate
            assert succeeded, answer
            if model == EMBEDDED[0]:
                report(page, "the first map is there", page.age)
        print(f"after a map of each: {resident(page.pid) / 1e9:.2f} GB")


def report(page: Started, what: str, seconds: float) -> None:
    print(f"{what} after {seconds:.1f} s ({processor_time(page.pid):.1f} s of processor time)")


if __name__ == "__main__":
    main()
