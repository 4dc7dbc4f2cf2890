"""Many visitors at once: ``python -m tools.load [URL] --clients 32 --seconds 300``.

Without a URL the page is started for it. Each client is one visitor after another: it comes, uploads a picture of its
own, asks for maps of changing models, readouts and iterates, compares each answer with what the model shows for this
very picture alone or in a batch, and leaves. A refusal by the full queue is counted, and is no error. Prints how long
answers took, what went wrong, and the memory of the server before and after. Status 1 for any error or mix-up.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import httpx
import numpy as np
import typer

from app.inference.models import EMBEDDED
from app.inference.traced import READOUTS
from tests.app.made import encoded
from tools.http import Visitor, file_data, local
from tools.started import Started, resident
from tools.visits import Answers, blobs, expected, is_one_of, right_answers

MAPS_A_VISIT = 8
PARTS = 5
"""Of the time, of which the first is the warm-up: the memory of the second is compared with that of the last."""


@dataclass
class Tally:
    """What the clients saw; they add to it from their threads."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    mixed_up: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    resident: list[int] = field(default_factory=list)

    def report(self, duration: float) -> str:
        """All of it in words."""
        lines = [f"{len(self.seconds)} answers in {duration:.0f} s, {len(self.seconds) / duration:.1f} a second"]
        if self.seconds:
            middle, high = statistics.median(self.seconds), float(np.quantile(self.seconds, 0.95))
            lines.append(f"an answer took {middle:.2f} s (median), {high:.2f} s (95th percentile)")
        for what, seen in (("errors", self.errors), ("mixed-up answers", self.mixed_up), ("refusals", self.refusals)):
            lines.append(f"{len(seen)} {what}" + "".join(f"\n  {one}" for one in sorted(set(seen))[:5]))
        if self.resident:
            part = max(1, len(self.resident) // PARTS)
            warm, last = self.resident[part : 2 * part] or self.resident, self.resident[-part:]
            lines.append(
                f"resident memory: {self.resident[0] / 1e9:.2f} GB at first, {statistics.mean(warm) / 1e9:.2f} GB in "
                f"the second fifth of the time, {statistics.mean(last) / 1e9:.2f} GB in the last, "
                f"at most {max(self.resident) / 1e9:.2f} GB"
            )
        return "\n".join(lines)


class Client:
    """One after another, visitors with the same picture. ``right``: the answers to every client's picture."""

    def __init__(self, url: str, number: int, right: Sequence[Answers], tally: Tally) -> None:
        self.url, self.number, self.right, self.tally = url, number, right, tally
        self.data = encoded(blobs(number))
        self.random = random.Random(number)

    def run(self, until: float) -> None:
        """Come and go until that moment of `time.monotonic`."""
        while time.monotonic() < until:
            try:
                visitor = Visitor(self.url)
                with visitor.present():
                    self.visit(visitor, until)
            except (httpx.HTTPError, OSError) as error:
                self.tally.errors.append(f"{type(error).__name__}: {error}")

    def visit(self, visitor: Visitor, until: float) -> None:
        """Upload the picture, and ask for a few maps of it."""
        uploaded = visitor.upload(self.data)
        if uploaded.status_code != 200:
            self.tally.errors.append(f"upload: status {uploaded.status_code}")
            return
        image = file_data(uploaded.json()[0])
        for _ in range(MAPS_A_VISIT):
            if time.monotonic() > until:
                return
            model, readout = self.random.choice(EMBEDDED), self.random.choice(READOUTS)
            shown = self.right[self.number][model][0]
            asked = model, readout, self.random.randint(0, shown.layer(shown.model.default_layer).num_steps)
            began = time.monotonic()
            succeeded, answer = visitor.attention(image, "", *asked)
            if succeeded:
                self.tally.seconds.append(time.monotonic() - began)
                self.check(asked, np.array(answer[2]["map"]))
            elif "server is busy" in str(answer):
                self.tally.refusals.append(str(answer["error"]))
                time.sleep(1)
            else:
                self.tally.errors.append(str(answer))

    def check(self, asked: tuple[str, str, int], seen: np.ndarray) -> None:
        """Note an answer that is not the one to this client's picture."""
        if is_one_of(expected(self.right[self.number], *asked), seen):
            return
        owners = [i for i, answers in enumerate(self.right) if is_one_of(expected(answers, *asked), seen)]
        if owners:
            self.tally.mixed_up.append(f"client {self.number} got the answer to client {owners[0]}")
        else:
            self.tally.errors.append(f"the map of {asked} for client {self.number} is not what the model shows")


def load(url: str, clients: int, seconds: float, pid: int | None = None) -> Tally:
    """Let the clients come for so many seconds. ``pid``: the process whose memory is watched."""
    tally = Tally()
    right = right_answers([blobs(number) for number in range(clients)])
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=Client(url, number, right, tally).run, args=[until]) for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if pid is not None:
            tally.resident.append(resident(pid))
        time.sleep(0.5)
    return tally


def command(
    url: Annotated[
        str | None, typer.Argument(help="A running page on this machine; without it, one is started.")
    ] = None,
    clients: Annotated[int, typer.Option(min=1, max=64)] = 32,
    seconds: Annotated[float, typer.Option(min=1, max=600)] = 300,
    pid: Annotated[int | None, typer.Option(help="The process of the running page, to watch its memory.")] = None,
    queue_size: Annotated[int, typer.Option(help="Of the page that is started.")] = 64,
) -> None:
    """See above."""
    if url is not None:
        tally = load(local(url), clients, seconds, pid)
    else:
        with Started("--queue-size", str(queue_size)) as page:
            page.has_models()
            tally = load(page.url, clients, seconds, page.pid)
    print(tally.report(seconds))
    raise SystemExit(1 if tally.errors or tally.mixed_up or not tally.seconds else 0)


if __name__ == "__main__":
    typer.run(command)
