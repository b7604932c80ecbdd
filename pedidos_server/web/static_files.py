"""The page's modules and styles, from memory: each file is read, rid of comment lines and compressed once.

Rule: the page names its modules by an address that changes whenever one of them does, so a browser may keep
them for good, and a page never runs with modules of another version: their old address is gone (404).
"""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path

from .. import __version__
from ..errors import Problem
from .bundles import ENTRIES, bundle, imports_of
from .compression import ENCODED, VARY, accepts_gzip
from .guard import Needs
from .replies import Header, Reply
from .requests import Call, not_modified
from .routes import route

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
"""Said here: Windows takes them from the registry, where other programs put `text/plain`, which nosniff refuses."""
_RELEASE = re.compile(r"v(\d[^/]*)/(.+)")
_PAGE_FOLDERS = ("client/", "view/")
_COMMENTS = re.compile(rb"^[ \t]*(?://[^\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/[ \t]*)$", re.MULTILINE)
"""Lines that are comments and nothing else: two fifths of what would be sent. A test sees that the code stays."""
_LOOK_SECONDS = 1.0
"""A file that was changed under a running server is noticed within that."""
_LARGEST = 1024 * 1024
"""Bytes of a file; whatever else somebody puts into the folder is not served."""
_FOR_GOOD: Header = ("Cache-Control", "public, max-age=31536000, immutable")
_REVALIDATED: Header = ("Cache-Control", "no-cache")


@dataclass(frozen=True, slots=True)
class _File:
    headers: tuple[Header, ...]
    etag: str
    body: bytes
    compressed: bytes
    """As gzip; empty where that is no shorter."""


class StaticFiles:
    """Raises OSError where ``folder`` cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_at = -_LOOK_SECONDS
        self._look = ""
        self._files: dict[str, _File] = {}
        self._bundles: dict[str, _File] = {}
        """What is answered at an address with the release in it, in the place of a file."""
        self._release = ""
        self._refresh()

    @property
    def release(self) -> str:
        """The version, and a print of the page's files: two builds of one version must not share an address."""
        self._refresh()
        return self._release

    @route("GET", "/static/<path:name>", Needs(None, is_empty=True))
    def static(self, call: Call) -> Reply:
        self._refresh()
        name, cache = call.named, _REVALIDATED
        of_release = _RELEASE.fullmatch(name)
        if of_release is not None:
            release, name = of_release.groups()
            cache = _FOR_GOOD
            if release != self._release:
                raise Problem(404, "Versão antiga", "Esta página é de outra versão do servidor. Recarregue-a.")
        file = (self._bundles.get(name) if of_release else None) or self._files.get(name)
        if file is None:
            raise Problem(404, "Não encontrado", "Não há nada neste endereço.")
        headers = (cache, ("ETag", file.etag), *file.headers)
        if not_modified(call, file.etag):
            return Reply(304, b"", *headers)
        if file.compressed and accepts_gzip(call.environ):
            return Reply(200, file.compressed, ENCODED, *headers)
        return Reply(200, file.body, *headers)

    def imported_by(self, *modules: str) -> list[str]:
        """These modules, as they are at the release's address, and all that they import at once."""
        found: dict[str, None] = {}
        wanted = list(modules)
        while wanted:
            name = wanted.pop(0)
            file = self._bundles.get(name) or self._files.get(name)
            if file is None or name in found:
                continue
            found[name] = None
            wanted += imports_of(name, file.body.decode())
        return list(found)

    def named(self, start: str, end: str) -> list[str]:
        """The files whose names begin and end so."""
        return [name for name in self._files if name.startswith(start) and name.endswith(end)]

    def body(self, name: str, *, as_bundle: bool = False) -> bytes:
        """Raises KeyError where there is no such file."""
        return (self._bundles if as_bundle else self._files)[name].body

    def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._read_at < _LOOK_SECONDS:
            return
        self._read_at = now
        found = dict(self._walk())
        look = repr(found)
        if look == self._look:
            return
        self._files = {name: _read(self._folder / name) for name in found}
        sources = {name: file.body.decode() for name, file in self._files.items() if name.endswith(".js")}
        packed = {name: bundle(name, sources) for name in ENTRIES if name in sources}
        self._bundles = {name: _file(name, text.encode()) for name, text in packed.items()}
        page = {name: look for name, look in found.items() if name.startswith(_PAGE_FOLDERS)}
        self._release = f"{__version__}-{hashlib.sha256(repr(page).encode()).hexdigest()[:10]}"
        self._look = look

    def _walk(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """(name, (bytes, time of change)) of each file, in the order of their names."""
        for path in sorted(self._folder.rglob("*")):
            status = path.stat()
            name = path.relative_to(self._folder).as_posix()
            if path.is_file() and status.st_size <= _LARGEST and "node_modules/" not in name:
                yield name, (status.st_size, status.st_mtime_ns)


def _read(path: Path) -> _File:
    body = path.read_bytes()
    if path.suffix in (".js", ".css"):
        # As many lines as before, so that an error's line is the source's.
        body = _COMMENTS.sub(lambda comment: b"\n" * comment[0].count(b"\n"), body)
    return _file(path.name, body)


def _file(name: str, body: bytes) -> _File:
    compressed = gzip.compress(body, 9, mtime=0)
    kind = _TYPES.get(posixpath.splitext(name)[1]) or guess_type(name)[0] or "application/octet-stream"
    # Weak, for it names the compressed form as well.
    etag = f'W/"{hashlib.sha256(body).hexdigest()[:20]}"'
    if len(compressed) >= len(body):
        return _File((("Content-Type", kind),), etag, body, b"")
    return _File((("Content-Type", kind), VARY), etag, body, compressed)
