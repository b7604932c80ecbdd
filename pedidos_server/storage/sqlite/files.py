"""The database's files: which server holds them, and whether they are still the ones that it opened.

SQLite finds ``-wal`` and ``-shm`` by their names, and applies a ``-wal`` to whatever file stands beside it. A copy
that is moved over ``pedidos.db``, under a running server or after one that was killed, would be mixed with what the
old file's ``-wal`` holds. So the server looks at the files themselves (https://sqlite.org/howtocorrupt.html, 2.4):

    at start    ``.lock``, and a lock on the file's inode: held through any name of the file, without ``.lock`` too;
                a ``-wal`` that holds pages must be that of this file, or the start is refused
    serving     before each read and around each COMMIT: the names still lead to the files that are open, and the
                file still carries the server's stamp
    at the end  all is in the file, and ``-wal``, ``-shm`` and the record are gone

The stamp is a random number in the file's header (``PRAGMA user_version``), new before each checkpoint. So a copy of
any earlier moment carries another one. ``pedidos.db.pair``, the record, says which stamps the file may carry, and its
inode, size and time.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sqlite3
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import filelock

from ...errors import StartupError

if sys.platform == "linux":
    import fcntl

log = logging.getLogger("pedidos.database")

OWNER_ONLY = 0o600
"""Orders contain personal data, and reading the file needs no token. SQLite gives -wal and -shm the file's mode."""
WAL_PAGES = 4_000
"""Pages in the WAL from which on they are moved to the database; the WAL then begins anew."""

WATCHES = os.name != "nt"
"""Windows lets nobody move, replace or delete a file that is open."""
LOCKED_BYTE = 2**62
"""Far behind any byte that SQLite locks or writes."""
SHARED_BYTES = 0x4000_0002, 510
"""All of these SQLite locks before it moves a WAL at the end (https://sqlite.org/src/file?name=src/os.h)."""
RECORD_BYTES = 1024
"""The record keeps this length, so that writing it again needs no room on the disk."""

_STAMP = struct.Struct(">60xi")  # https://sqlite.org/fileformat.html#the_database_header
_WAL_HEADER = struct.Struct(">I4xI4x8s8x")  # magic, page size, salts; https://sqlite.org/fileformat.html#walformat
_FRAME_SALTS = struct.Struct(">8x8s8x")
_WAL_MAGIC = (0x377F0682, 0x377F0683)


class DatabaseFiles:
    """The files of one database, in this order: ``take()``, ``check_pair()``, SQLite opens them, ``opened()``; at the
    end SQLite closes them, ``release()``.

    Until then no other descriptor of the file may be closed: that would drop the process's POSIX locks, SQLite's
    among them (https://sqlite.org/howtocorrupt.html, 2.2).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.wal = Path(f"{path}-wal")
        self._record_path = Path(f"{path}.pair")
        self._lock = filelock.FileLock(f"{path}.lock", mode=OWNER_ONLY, thread_local=False)
        self._file: int | None = None
        self._wal_file: int | None = None
        self._watched: dict[str, tuple[int, int]] = {}
        """The names that must not lead anywhere else; of each the descriptor and the inode."""
        self._stamps: list[int] = []
        """What the file's header may carry: the stamp of the last checkpoint, then that of one under way."""
        self._seen: tuple[int, int] | None = None
        """The file's size and time after the last change that is known to be SQLite's."""
        self._checkpointing = False
        self.known_trouble: str | None = None
        """What ``trouble()`` has found."""
        self.is_new = False
        """``take()`` has made the file, or found it empty."""

    # ---- at start

    def take(self, wait: float) -> bool:
        """Claims the files for this process. False where another one holds them for ``wait`` seconds more.

        Raises OSError or filelock.Timeout where ``.lock`` cannot be made.
        """
        ends = time.monotonic() + wait
        try:
            self._lock.acquire(timeout=wait, poll_interval=0.1)
        except filelock.Timeout:
            if not Path(self._lock.lock_file).exists():  # it could not be made, for which filelock waits
                raise
            return False
        with suppress(OSError):  # SQLite will say what is wrong
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), OWNER_ONLY)
            while not _lock(self._file, LOCKED_BYTE, 1):
                if time.monotonic() > ends:
                    self._let_go()
                    self._lock.release()
                    return False
                time.sleep(0.1)
            self.is_new = os.fstat(self._file).st_size == 0
        return True

    @property
    def taken(self) -> bool:
        return self._lock.is_locked

    def check_pair(self) -> None:
        """Raises StartupError where a ``-wal`` that holds pages is another file's. Before SQLite opens either."""
        if not _holds_pages(self.wal):
            if self.taken:
                self._record_path.unlink(missing_ok=True)  # it was for that -wal
            return
        record = _read_record(self._record_path)
        if record is None or self._is_pair(record):
            return
        raise StartupError(
            f"{self.wal} não é de {self.path}: o banco foi trocado, talvez por uma cópia, sem que o servidor "
            "anterior tivesse terminado em ordem, e este arquivo guarda as últimas mudanças do que estava aqui. "
            f"Nada foi mudado. Para ficar com o banco que está aí: mude o nome de {self.wal.name} e ligue de novo. "
            "Para voltar ao anterior: ponha-o de volta no lugar. "
            f"Se os dois arquivos são do mesmo momento: apague {self._record_path.name} e ligue de novo."
        )

    def _is_pair(self, record: dict[str, Any]) -> bool:
        try:
            if self._file is not None:
                stamp, now = _stamp_of(self._file), os.fstat(self._file)
            else:
                with self.path.open("rb") as file:  # beside a running server: this process has no lock to lose
                    stamp, now = _stamp_of(file.fileno()), os.fstat(file.fileno())
        except OSError:
            return True  # SQLite will say what is wrong
        if stamp not in record["stamps"]:
            return False
        if record["record"] != self._record_path.stat().st_ino:
            return True  # the folder is a copy: all inodes and times are new
        if record["file"] != now.st_ino:
            return False
        # A time is only worth something while the machine runs: a power cut may lose it although the data is there.
        exact = self.taken and record["boot"] and record["boot"] == _boot() and not record["checkpointing"]
        return not exact or (now.st_size, now.st_mtime_ns) == (record["size"], record["time"])

    def opened(self, writer: sqlite3.Connection) -> None:
        """SQLite has opened the files, in WAL mode."""
        if self._file is None:
            return
        if WATCHES:
            self._wal_file = os.open(self.wal, os.O_RDONLY)
            shm = f"{self.path}-shm"
            files = {str(self.path): self._file, str(self.wal): self._wal_file, shm: os.open(shm, os.O_RDONLY)}
            if sys.platform != "linux":
                files[self._lock.lock_file] = os.open(self._lock.lock_file, os.O_RDONLY)
            self._watched = {name: (file, os.fstat(file).st_ino) for name, file in files.items()}
        self._stamps = list(dict.fromkeys((_stamp_of(self._file), _stamp_seen(writer))))
        self._note(self._file)

    def release(self) -> None:
        """SQLite has closed the files."""
        self._stamps = []
        if self.taken and not self.wal.exists():
            with suppress(OSError):
                self._record_path.unlink(missing_ok=True)
        self._let_go()
        self._lock.release()

    def _let_go(self) -> None:
        descriptors = {descriptor for descriptor, _ in self._watched.values()}
        if self._file is not None:
            descriptors.add(self._file)
        self._watched, self._wal_file, self._file = {}, None, None
        for descriptor in descriptors:
            os.close(descriptor)

    # ---- serving

    def trouble(self, connection: sqlite3.Connection | None = None) -> str | None:
        """Why the files must not be used any more, in the users' words; once given, it stays. Takes microseconds.

        With a connection that is in a transaction, also that the whole content was replaced through SQLite.
        """
        if self.known_trouble is None and self._stamps and (reason := self._look(connection)):
            self.known_trouble = f"{reason} Nada mais é lido nem gravado. Reinicie o servidor."
            if self._file is not None:  # SQLite's last connection would move the WAL over a file that is not its own
                _lock(self._file, *SHARED_BYTES, exclusive=False)
            log.critical("database replaced: nothing is read or written any more", extra={"reason": reason})
        return self.known_trouble

    def _look(self, connection: sqlite3.Connection | None) -> str | None:
        stamps = self._stamps  # a checkpoint in the writer's thread may change them meanwhile
        for name, (descriptor, inode) in self._watched.items():
            try:
                found = os.stat(name)
            except FileNotFoundError:
                return f"O arquivo {name} foi apagado ou movido com o servidor ligado."
            except OSError as error:  # a disk or share that is away may come back
                log.warning("database file not seen", extra={"error": error})
                continue
            if found.st_ino != inode and not os.path.samestat(found, os.fstat(descriptor)):
                return f"O arquivo {name} foi trocado por outro com o servidor ligado."
            if descriptor == self._file and self._seen != (found.st_size, found.st_mtime_ns):
                if _stamp_of(descriptor) not in (*stamps, *self._stamps):
                    return f"O arquivo {name} foi sobrescrito com o servidor ligado."
                if not self._checkpointing:  # another program's checkpoint
                    self._note(descriptor)
        if connection is not None and _stamp_seen(connection) not in (*stamps, *self._stamps):
            return f"O conteúdo de {self.path} foi trocado por outro programa com o servidor ligado."
        return None

    # ---- checkpoints

    def wal_is_long(self) -> bool:
        """Whether the WAL holds WAL_PAGES: its frame of that number belongs to the present round. False on Windows,
        where SQLite sees to it by itself."""
        if self._wal_file is None:
            return False
        header = _read(self._wal_file, _WAL_HEADER.size, 0)
        if len(header) < _WAL_HEADER.size:
            return False
        _, page_size, salts = _WAL_HEADER.unpack(header)
        frame = _read(self._wal_file, _FRAME_SALTS.size, 32 + (WAL_PAGES - 1) * (24 + page_size))
        return len(frame) == _FRAME_SALTS.size and _FRAME_SALTS.unpack(frame)[0] == salts

    def checkpoint(self, writer: sqlite3.Connection) -> bool:
        """Moves what the WAL holds to the file, and waits for no reader. True where nothing is left to move.

        Raises sqlite3.Error. Does nothing once there is trouble.
        """
        if self.trouble() is not None or self._file is None:
            return True
        self._checkpointing = True
        try:
            if len(self._stamps) == 1:  # else the last one was not complete, and its stamp is still to come
                self._stamps = [*self._stamps, secrets.randbelow(2**31 - 1) + 1]
                self._note(self._file, sync=True)
                writer.execute(f"PRAGMA user_version = {self._stamps[-1]}")
            _, in_wal, moved = writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if in_wal == moved:
                self._stamps = [_stamp_of(self._file)]
            return bool(in_wal == moved)
        finally:
            self._checkpointing = False
            self._note(self._file)

    def _note(self, file: int, *, sync: bool = False) -> None:
        """Writes the record. ``sync`` where a power cut may not find it older than the file."""
        now = os.fstat(file)
        self._seen = now.st_size, now.st_mtime_ns
        try:
            record = os.open(self._record_path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), OWNER_ONLY)
            try:
                body = {
                    "record": os.fstat(record).st_ino,
                    "file": now.st_ino,
                    "size": now.st_size,
                    "time": now.st_mtime_ns,
                    "boot": _boot(),
                    "stamps": self._stamps,
                    "checkpointing": self._checkpointing,
                }
                os.write(record, json.dumps(body).encode().ljust(RECORD_BYTES))
                if sync:
                    os.fsync(record)
            finally:
                os.close(record)
        except OSError as error:  # none is better than one that is not true
            log.warning("record of the database's files not written", extra={"error": error})
            with suppress(OSError):
                self._record_path.unlink(missing_ok=True)


def _lock(file: int, start: int, length: int, *, exclusive: bool = True) -> bool:
    """A lock on the file itself, which another name or a deleted ``.lock`` does not get round. True on systems other
    than Linux, which have none such; there a deleted ``.lock`` is noticed like a replaced file.

    Of the open file description's kind: POSIX locks would be SQLite's too, and ``flock`` is one on network disks.
    """
    if sys.platform == "linux":
        kind = fcntl.F_WRLCK if exclusive else fcntl.F_RDLCK
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, struct.pack("hhqqi0q", kind, os.SEEK_SET, start, length, 0))
        except (BlockingIOError, PermissionError):
            return False
    return True


def _read(descriptor: int, size: int, at: int) -> bytes:
    if sys.platform != "win32":
        return os.pread(descriptor, size, at)
    os.lseek(descriptor, at, os.SEEK_SET)
    return os.read(descriptor, size)


def _stamp_of(file: int) -> int:
    """The stamp in the file itself; 0 where there is no header."""
    header = _read(file, _STAMP.size, 0)
    return int(_STAMP.unpack(header)[0]) if len(header) == _STAMP.size else 0


def _stamp_seen(connection: sqlite3.Connection) -> int:
    """The stamp in the file and its WAL."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _holds_pages(wal: Path) -> bool:
    try:
        with wal.open("rb") as file:
            header, frame = file.read(_WAL_HEADER.size), file.read(_FRAME_SALTS.size)
    except OSError:
        return False
    if len(frame) < _FRAME_SALTS.size:
        return False
    magic, _, salts = _WAL_HEADER.unpack(header)
    return magic in _WAL_MAGIC and _FRAME_SALTS.unpack(frame)[0] == salts


def _read_record(path: Path) -> dict[str, Any] | None:
    """None where there is none, or a power cut left half of one."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def _boot() -> str:
    """Names the time since the machine was started; "" where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
