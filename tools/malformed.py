"""What the page does with files that are no photographs: ``python -m tools.malformed``.

Starts the page, uploads 500 malformed files under names that visitors should not send, asks for the map of each, and
prints how many got a message, how many an answer, and what the server wrote outside its temporary folder meanwhile.
Status 1 where anything was not as it should be.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from tools.bad_files import NAMES, malformed
from tools.http import Visitor, file_data
from tools.started import Started
from tools.watched import outside, read_log

SHORTEST = 10
"""Characters that a message has at least; ``None`` and "error" are none."""


@dataclass
class Tally:
    """``kinds``: how each kind of file was answered; ``silent``: what got neither a message nor an answer."""

    refused_at_upload: int = 0
    messages: int = 0
    answers: int = 0
    silent: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"{self.messages} got a message, {self.refused_at_upload} were refused at the upload, "
            f"{self.answers} could be read after all, {len(self.silent)} got nothing: {self.silent}"
        )


def send(visitor: Visitor, count: int) -> Tally:
    """Upload the first ``count`` malformed files, and ask for the map of each."""
    tally = Tally()
    for (what, data), name in zip(malformed(count), cycle(NAMES), strict=False):
        uploaded = visitor.upload(data, name)
        if uploaded.status_code != 200:
            tally.refused_at_upload += 1
            if uploaded.status_code >= 500:
                tally.silent.append(f"{what}: status {uploaded.status_code}")
            continue
        succeeded, answer = visitor.attention(file_data(uploaded.json()[0]))
        if succeeded:
            tally.answers += 1
            tally.kinds[what] += 1
        elif isinstance(answer, dict) and len(str(answer.get("error") or "")) >= SHORTEST:
            tally.messages += 1
        else:
            tally.silent.append(f"{what}: {answer}")
    return tally


def main(count: int = 500) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        program = ("-m", "tools.watched", str(log))
        with Started("--max-pixels", "4000000", program=program, PYTHONDONTWRITEBYTECODE="1") as page:
            page.has_models()
            visitor = Visitor(page.url)
            visitor.attention()  # whatever is written once is not of the files' making
            before = len(outside(read_log(log)))
            tally = send(visitor, count)
            health = visitor.http.get("health").json()["status"]
            written = outside(read_log(log))[before:]
    print(f"{count} malformed files: {tally}")
    print(f"readable ones: {dict(tally.kinds)}")
    print(f"the server is up: {health}; written outside the temporary folder: {written or 'nothing'}")
    raise SystemExit(1 if tally.silent or written or health != "ok" else 0)


if __name__ == "__main__":
    main()
