"""Under which conditions a run's numbers hold, in words that can stand beside a table: command, data, weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vars_core.command import portable
from vars_core.image_size import size_text, stored_size

DIGITS = 16
"""Of a SHA-256: enough to tell weights and lists of names apart."""


def conditions(facts: Mapping[str, Any]) -> list[str]:
    """Lines for what ``run.json`` says: the command, the data's name and count, each model's weights and input size."""
    data = facts.get("data", {})
    lines = [f"`{portable(facts['command'])}`"] if "command" in facts else []
    if "folder" in data:
        lines.append(f"data: {Path(data['folder']).name}, {_counted(data)}{_limited(facts)}")
    return lines + [f"{model}: weights {sha}{_seen_at(facts, model)}" for model, sha in weights(facts).items()]


def weights(facts: Mapping[str, Any]) -> dict[str, str]:
    """The first digits of the hash of each model's checkpoint; "untrained" where it has none."""
    hashes = {model: described["checkpoint"] for model, described in facts.get("models", {}).items()}
    return {model: "untrained" if sha is None else str(sha)[:DIGITS] for model, sha in hashes.items()}


def input_size(described: Mapping[str, Any]) -> str:
    """The size of a model's input in words, from what ``run.json`` says of it."""
    return f"{size_text(stored_size(described['image_size']))} px"


def _seen_at(facts: Mapping[str, Any], model: str) -> str:
    described = facts["models"][model]
    return f", input {input_size(described)}" if "image_size" in described else ""


def _counted(data: Mapping[str, Any]) -> str:
    if "fixations" in data:
        images = f"{data['images_present']} of {data['images_listed']} listed images"
        return f"{images}, {data['fixations']} fixations (SHA-256 {data['fixations_sha256'][:DIGITS]})"
    if "names_sha256" not in data:
        return f"{data['samples']} of {data['of']} images"
    return f"{data['samples']} images (SHA-256 of their names {data['names_sha256'][:DIGITS]})"


def _limited(facts: Mapping[str, Any]) -> str:
    settings = facts.get("settings", {})
    limit = settings.get("limit")
    if limit is None or "of" in facts["data"]:  # that so many of them were looked at is said already
        return ""
    if "suites" in settings:  # chosen before they are counted, evenly from all
        return f", at most {limit} photographs a suite"
    return f", the first {limit} scored"
