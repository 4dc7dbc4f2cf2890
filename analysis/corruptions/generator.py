"""Where the randomness of a corruption comes from: one generator for each (image id, name, severity, seed)."""

from __future__ import annotations

import hashlib
import json

import numpy as np


def generator(image_id: str, name: str, severity: int, seed: int) -> np.random.Generator:
    """A generator that depends on its four arguments alone (SPEC §8).

    The arguments are hashed (BLAKE2b, 256 bits, of their JSON list) rather than mixed with Python's own ``hash``, which
    is salted per process. Two calls that differ in any argument give unrelated streams.
    """
    words = json.dumps([image_id, name, severity, seed]).encode("ascii")
    digest = np.frombuffer(hashlib.blake2b(words, digest_size=32).digest(), dtype="<u4")
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(digest.tolist())))
