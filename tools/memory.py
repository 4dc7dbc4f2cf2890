"""How much memory the page takes: ``python -m tools.memory``.

Prints the resident memory of a fresh server with the embedded models loaded, and after each has answered.
"""

from __future__ import annotations

from app.inference.models import EMBEDDED
from tools.http import Visitor
from tools.started import Started, resident


def main() -> None:
    with Started() as page:
        page.has_models()
        print(f"{len(EMBEDDED)} models loaded: {resident(page.pid) / 1e9:.2f} GB")
        visitor = Visitor(page.url)
        for model in EMBEDDED:
            succeeded, answer = visitor.attention(model=model, iteration=0)  # every model has the first iterate
            assert succeeded, answer
        print(f"after a map of each: {resident(page.pid) / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
