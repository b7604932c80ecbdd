"""What goes wrong with disks and files, done on purpose and undone again."""

from __future__ import annotations

import os
import resource
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest


def missing(what: str) -> None:
    """Skips where a part of the machine is not to be had; on the machine that judges a change, fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


def mount(path: Path, *options: str) -> None:
    done = subprocess.run(["mount", *options, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"needs the right to mount: {done.stderr.strip()}")


@contextmanager
def small_disk(path: Path, size: str) -> Iterator[Path]:
    """A file system of its own at ``path``, of so many bytes ("8m")."""
    if not sys.platform.startswith("linux"):
        missing("mounts a tmpfs, which is Linux's")
    path.mkdir()
    mount(path, "-t", "tmpfs", "-o", f"size={size}", "tmpfs")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """A file that takes all the space but ``leave`` bytes."""
    ballast = disk / "ballast"
    free = os.statvfs(disk)
    with ballast.open("wb", buffering=0) as file:
        left = free.f_bavail * free.f_frsize - leave
        try:
            while left > 0:
                left -= file.write(bytes(min(left, 4096 if leave == 0 else left)))
        except OSError:
            assert leave == 0
    return ballast


@contextmanager
def failing_disk(pid: int, beyond: int) -> Iterator[None]:
    """No file of this process can be written beyond so many bytes: the disk fails it with EFBIG."""
    if not hasattr(resource, "prlimit"):
        missing("limits another process, which only Linux can")
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (beyond, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def locked(path: Path, how: str = "IMMEDIATE") -> Iterator[None]:
    """Another program at work in the database: nobody else can write."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other_program:
        other_program.execute(f"BEGIN {how}")
        yield
        other_program.execute("ROLLBACK")


class Pages:
    """The pages of a database file that is in WAL mode."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0, "in use"
            (self._size,) = connection.execute("PRAGMA page_size").fetchone()
            self._roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_master"))

    def read(self, number: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek((number - 1) * self._size)
            return file.read(self._size)

    def root(self, table: str) -> int:
        number: int = self._roots[table]
        return number

    def first_leaf(self, table: str) -> int:
        """The page with the table's lowest keys (SQLite's file format, 1.6)."""
        number = self.root(table)
        while (page := self.read(number))[0] == 0x05:  # an interior page of a table
            (cell,) = struct.unpack_from("!H", page, 12)
            (number,) = struct.unpack_from("!I", page, cell)
        assert page[0] == 0x0D, "a leaf of a table"
        return number

    @contextmanager
    def damaged(self, number: int) -> Iterator[None]:
        """The page is overwritten, and put back as it was."""
        good = self.read(number)
        self._write(number, b"\xff" * self._size)
        yield
        self._write(number, good)

    def _write(self, number: int, data: bytes) -> None:
        with self._path.open("r+b") as file:
            file.seek((number - 1) * self._size)
            file.write(data)
