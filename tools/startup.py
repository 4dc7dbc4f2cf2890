"""How long a start takes with everything installed: ``python -m tools.startup``, on an otherwise idle machine.

Prints the seconds from the command to the page, to all embedded models being ready, and to the first map, each with the
processor time it took: on a busy machine that is what an idle one would need at most.
"""

from __future__ import annotations

from tools.http import Visitor
from tools.started import Started, processor_time


def main() -> None:
    with Started() as page:
        report(page, "the page answers", page.answers())
        report(page, "all embedded models are ready", page.has_models())
        succeeded, answer = Visitor(page.url).attention()
        assert succeeded, answer
        report(page, "the first map is there", page.age)


def report(page: Started, what: str, seconds: float) -> None:
    print(f"{what} after {seconds:.1f} s ({processor_time(page.pid):.1f} s of processor time)")


if __name__ == "__main__":
    main()
