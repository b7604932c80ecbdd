"""Whose turn it is among pytest's workers: a test that measures time runs alone, all others beside each other.

The locks are those of two files that are there anyway (flock(2)), so that nothing is left behind, and two runs in one
clone do not disturb each other either.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_DOOR = Path(__file__)
"""Held while one waits for the room: whoever is to be alone is not overtaken by those who come later."""
_ROOM = Path(__file__).with_name("__init__.py")


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Waits until no other test runs, or, unless `alone`, until none that must be alone does."""
    if os.name == "nt":  # has no flock: `pytest -n 0` there
        yield
        return
    import fcntl

    with _DOOR.open() as door, _ROOM.open() as room:
        fcntl.flock(door, fcntl.LOCK_EX)
        fcntl.flock(room, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        fcntl.flock(door, fcntl.LOCK_UN)
        yield
