"""Visitors who leave, at the server: their requests stop and their pictures are forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.serving.settings import Settings
from tests.app.browser import opened, wait_for_map
from tests.app.inference.test_work import Held
from tests.app.made import encoded
from tests.app.served import Served
from tools.http import Visitor, file_data
from tools.visits import blobs


@pytest.fixture(scope="module")
def quiet() -> Iterator[Served]:
    """A page that nobody else visits."""
    server = Served(Settings())
    yield server
    server.stop()


def until(true: Callable[[], bool]) -> None:
    """Wait for it, however long; pytest ends a test that waits in vain."""
    while not true():
        time.sleep(0.02)


def test_requests_of_many_visitors_that_come_together_run_as_one_batch(quiet: Served) -> None:
    visitors = [Visitor(quiet.url) for _ in range(3)]
    images = [file_data(one.upload(encoded(blobs(i))).json()[0]) for i, one in enumerate(visitors)]
    answers: list[Any] = []
    quiet.services.queue.batches.clear()
    with Held(quiet.services.queue):
        threads = [
            threading.Thread(target=lambda one=one, image=image: answers.append(one.attention(image)))
            for one, image in zip(visitors, images, strict=True)
        ]
        for thread in threads:
            thread.start()
        until(lambda: len(quiet.services.queue) == 3)
    for thread in threads:
        thread.join(120)
    assert [succeeded for succeeded, _ in answers] == [True] * 3
    assert list(quiet.services.queue.batches) == [1, 3]


def test_an_equal_request_is_answered_without_a_model_run(quiet: Served) -> None:
    ann, bo = Visitor(quiet.url), Visitor(quiet.url)
    runs = quiet.services.queue.batches
    runs.clear()
    first, again = ann.attention(iteration=1), ann.attention(iteration=2, readout="energy")
    assert first[0] and again[0]
    assert len(runs) == 1
    assert bo.attention()[0]
    assert len(runs) == 2  # what one visitor computed is not another one's


def test_a_visitor_who_left_is_forgotten(quiet: Served) -> None:
    visitor = Visitor(quiet.url)
    sessions = quiet.services.sessions
    [gradio] = [route.app for route in quiet.app.routes if hasattr(getattr(route, "app", None), "state_holder")]
    with visitor.present():
        assert visitor.attention(file_data(visitor.upload(encoded(blobs(9))).json()[0]))[0]
        assert any(owner == visitor.session for owner, _ in sessions._entries)
        assert visitor.session in gradio.state_holder
    until(lambda: not any(owner == visitor.session for owner, _ in sessions._entries))
    until(lambda: visitor.session not in gradio.state_holder)


@pytest.mark.browser
def test_the_request_of_a_closed_page_leaves_the_queue(browser: Any, quiet: Served) -> None:
    queue = quiet.services.queue
    with opened(browser, quiet.url) as page:
        wait_for_map(page)
        queue.batches.clear()
        with Held(queue):
            page.get_by_role("button", name="Sample photograph: coffee").click()
            until(lambda: len(queue) == 1)
            page.close()
            until(lambda: len(queue) == 0)
    assert list(queue.batches) == [1]  # the one that was held
