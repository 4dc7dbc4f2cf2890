"""A few visitors at once, and a queue that is full."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from app.serving.settings import Settings
from tests.app.inference.test_work import Held
from tests.app.made import encoded
from tests.app.served import Served
from tools.http import Visitor, file_data, local
from tools.load import Client, Tally, load
from tools.visits import TOLERANCE, apart, blobs, expected, right_answers
from vars_core.errors import InputError


def test_every_visitor_gets_the_answer_to_their_own_picture(served: Served) -> None:
    tally = load(served.url, clients=4, seconds=4)
    assert (tally.errors, tally.mixed_up, tally.refusals) == ([], [], [])
    assert tally.seconds


def test_another_one_s_answer_would_be_noticed() -> None:
    right = right_answers([blobs(0), blobs(1)])
    asked = ("rvt_nano/vars_d", "stream", 3)
    own, other = (expected(answers, *asked)[0] for answers in right)
    assert apart(own, other) > 5 * TOLERANCE
    tally = Tally()
    client = Client("http://127.0.0.1:1/", 0, right, tally)
    client.check(asked, own)
    assert (tally.mixed_up, tally.errors) == ([], [])
    client.check(asked, other)
    client.check(asked, np.zeros_like(own))
    assert tally.mixed_up == ["client 0 got the answer to client 1"]
    assert len(tally.errors) == 1


def test_a_report_names_everything() -> None:
    tally = Tally([0.5, 1.5], ["broken"], [], ["busy", "busy"], [10**9, 2 * 10**9])
    words = tally.report(4)
    assert "2 answers in 4 s, 0.5 a second" in words and "1.00 s (median)" in words
    assert "1 errors\n  broken" in words and "2 refusals\n  busy" in words and "2.00 GB in the last" in words


def test_load_goes_to_this_machine_only() -> None:
    assert local("http://127.0.0.1:7860") == "http://127.0.0.1:7860/"
    with pytest.raises(InputError, match="on this machine"):
        local("https://elsewhere.example")


@pytest.fixture
def narrow() -> Any:
    """A page whose queue holds a single request."""
    server = Served(Settings(queue_size=1), load=False)
    yield server
    server.stop()


def test_a_full_queue_refuses_with_a_sentence_and_serves_the_others(narrow: Served) -> None:
    waits, refused = Visitor(narrow.url), Visitor(narrow.url)
    answers: list[tuple[bool, Any]] = []
    with Held(narrow.services.queue):
        waiting = threading.Thread(target=lambda: answers.append(waits.attention()))
        waiting.start()
        while not len(narrow.services.queue):
            pass
        image = file_data(refused.upload(encoded(blobs(0))).json()[0])
        succeeded, answer = refused.attention(image)
        assert not succeeded
        assert answer["error"] == "The server is busy: 1 requests are waiting; please try again in a moment"
    waiting.join(120)
    assert answers[0][0]
    assert refused.attention(image)[0]
