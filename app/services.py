"""What the tabs ask for: photographs by reference, and what a model computes for one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from app.inference.frame_map import FrameMap, LastMap
from app.inference.models import ModelShelf
from app.inference.tasks import EveryMap, ShownMap, Task
from app.inference.traced import Traced
from app.inference.work import ModelQueue
from app.library.clips import Clip, pan, read_clip
from app.library.data_folders import DataFolders
from app.library.fixation_library import FixationLibrary
from app.library.photographs import Corruption, Photograph, Subject, data_photograph, read_upload, sample
from app.library.run_library import RunLibrary
from app.library.thumbnails import Thumbnail, squared
from app.library.uploads import Upload, Uploads, added
from app.serving.sessions import Sessions
from app.serving.settings import Settings
from app.views.exports import Downloads
from vars_core.assets import ASSETS
from vars_core.errors import InputError

R = TypeVar("R")

UPLOADS = "uploads"
"""The key of a session's `Uploads`."""

CLASS_NAMES = ASSETS / "tiny_imagenet_classes.json"


class Services:
    """The one object that the tabs share. Safe from several threads.

    ``session`` is the visitor's key (gradio's session hash), or None for a caller without one.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.models = ModelShelf(settings.device, settings.precision, settings.weights, settings.named)
        self.queue = ModelQueue(self.models, settings.queue_size, settings.threads)
        self.sessions = Sessions()
        self.downloads = Downloads()
        self.fixations = FixationLibrary(settings.data)
        self.folders = DataFolders(settings.data)
        self._uploading = threading.Lock()
        self.runs = RunLibrary(settings.runs)
        entries = json.loads(CLASS_NAMES.read_text(encoding="utf-8"))
        self.tiny_imagenet = tuple(entry["name"].partition(",")[0] for entry in entries)

    def photograph(self, session: str | None, ref: str) -> Photograph:
        """A photograph by its reference, see `app.library.photographs`. Raises InputError."""
        if ref.startswith("sample:"):
            return sample(ref.removeprefix("sample:"))
        upload = self.uploads(session).get(ref)  # asked for each time, so that the list stays among what is kept
        if upload is not None and not upload.still_there():
            upload = None
        if ref.startswith("data:"):
            read = partial(data_photograph, ref, self.settings.data, max_pixels=self.settings.max_pixels)
            return self.sessions.kept(session, ref, read)
        kept: Photograph | None = self.sessions.get(session, ref)
        if kept is not None:
            return kept
        if ref.startswith("upload:"):
            if upload is not None:
                return self.upload(session, upload.path)
            raise InputError("the server no longer holds this photograph: please load it again")
        raise InputError(f"expected a photograph as sample:NAME, data:NAME/PATH or upload:HASH, got {ref[:80]!r}")

    def upload(self, session: str | None, path: str | Path) -> Photograph:
        """Read a file that a visitor sent and remember it for this session. Raises InputError."""
        photograph = read_upload(Path(path), max_pixels=self.settings.max_pixels)
        self.sessions.put(session, photograph.ref, photograph)
        thumbnail = Thumbnail(photograph.ref, photograph.title, squared(photograph.pixels))
        with self._uploading:
            self.sessions.put(session, UPLOADS, added(self.uploads(session), Upload(thumbnail, Path(path))))
        return photograph

    def uploads(self, session: str | None) -> Uploads:
        """What a visitor has loaded: it can be shown again without being sent again."""
        return self.sessions.get(session, UPLOADS) or {}

    def clip(self, session: str | None, ref: str) -> Clip:
        """A film by its reference: "film:HASH" of this session, or "pan:" and a photograph's. Raises InputError."""
        kind, _, photograph = ref.partition(":")
        if kind == "pan":
            return self.sessions.kept(session, ref, lambda: pan(self.photograph(session, photograph)))
        clip: Clip | None = self.sessions.get(session, ref)
        if clip is None:
            raise InputError("the server no longer holds this video: please load it again")
        return clip

    def upload_clip(self, session: str | None, path: str | Path) -> Clip:
        """Read a video that a visitor sent and remember it for this session. Raises InputError."""
        clip = read_clip(Path(path), max_pixels=self.settings.max_pixels)
        self.sessions.put(session, clip.ref, clip)
        return clip

    def frame(self, session: str | None, clip: Clip, index: int, model: str, task: LastMap) -> Future[FrameMap]:
        """The map of one frame; cached, queued and cancelled like `trace`."""
        picture = partial(clip.square, index)
        return self._remembered(session, (clip.ref, index), model, task, partial(self.queue.ask, model, picture, task))

    def subject(self, session: str | None, ref: str, corruption: Corruption | None = None) -> Subject:
        """A photograph, clean or corrupted; a corrupted one is drawn once a session."""
        if corruption is None:
            return Subject(self.photograph(session, ref))
        key = ("subject", ref, corruption)
        return self.sessions.kept(session, key, lambda: Subject(self.photograph(session, ref), corruption))

    def answer(self, session: str | None, subject: Subject, model: str, task: Task[R]) -> Future[R]:
        """What ``model`` answers to a task about a picture: from the session's cache, or through the queue.

        Raises InputError for an unknown model and BusyError when the queue is full; the future raises what the task
        does. Cancelling the future takes the request out of the queue.
        """
        ask = partial(self.queue.ask, model, subject.square, task)
        return self._remembered(session, subject.key, model, task, ask)

    def trace(self, session: str | None, subject: Subject, model: str) -> Future[Traced]:
        """What ``model`` computes for a picture: the `answer` with every map."""
        return self.answer(session, subject, model, EveryMap())

    def shown_map(self, session: str | None, subject: Subject, model: str, wish: ShownMap) -> Future[Traced]:
        """The map that is looked at first; every map where the session's cache has them."""
        every = self.sessions.get(session, key_of(subject.key, model, EveryMap()))
        return self.answer(session, subject, model, wish) if every is None else answered(every)

    def other_maps(self, session: str | None, subject: Subject, model: str) -> Future[Traced]:
        """`trace`, for maps that are not on the screen: whoever waits for one that is goes first."""
        ask = partial(self.queue.ask_patiently, model, subject.square, EveryMap())
        return self._remembered(session, subject.key, model, EveryMap(), ask)

    def class_names(self, traced: Traced) -> tuple[str, ...] | None:
        """The names of a model's classes in the order of its logits, None where they are not known."""
        known = traced.model.trained and traced.logits.size == len(self.tiny_imagenet)
        return self.tiny_imagenet if known else None

    def health(self) -> dict[str, object]:
        """What /health answers."""
        states = self.models.states()
        return {
            "status": "ok",
            "models": states,
            "ready": sum(state == "ready" for state in states.values()),
            "of": len(states),
            "waiting": len(self.queue),
        }

    def close(self) -> None:
        """Stop the queue."""
        self.queue.close()

    def _remembered(
        self, session: str | None, what: Hashable, model: str, task: Task[R], ask: Callable[[], Future[R]]
    ) -> Future[R]:
        key = key_of(what, model, task)
        kept = self.sessions.get(session, key)
        if kept is not None:
            return answered(kept)
        future = ask()
        future.add_done_callback(lambda done: self._keep(session, key, done))
        return future

    def _keep(self, session: str | None, key: Hashable, done: Future[R]) -> None:
        if not done.cancelled() and done.exception() is None:
            self.sessions.put(session, key, done.result())


def key_of(what: Hashable, model: str, task: Task[Any]) -> Hashable:
    """What a session remembers an answer by."""
    return "asked", what, model, task


def answered(value: R) -> Future[R]:
    """A future that waits for nothing."""
    made: Future[R] = Future()
    made.set_result(value)
    return made
