"""JSON answers, compressed for who takes that (RFC 9110, 8.4 and 12.5.3).

Not those with a strong ETag, one order's: If-Match names it, and a strong one must be another for each encoding
(8.8.3.3).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import gevent

LEAST = 1024
"""Bytes of an answer from which on it is worth it."""
LEVEL = 1
"""Of zlib, its quickest: 27 ms a MB, a twelfth of it left; its usual one takes twice as long to leave a twentieth."""
_WBITS = 31
"""zlib's word for gzip's frame around its largest window."""
_INLINE = 32 * 1024
"""Bytes that are compressed on the loop; longer ones in a thread beside it: zlib lets the loop go on meanwhile."""

_GZIP = re.compile(r"(?:^|,)[ \t]*gzip[ \t]*(?:;[ \t]*q=([0-9.]+)[ \t]*)?(?=,|$)", re.IGNORECASE)
_NEVER = re.compile(r"0(\.0*)?")
"""The weight of what is not accepted."""
_LONGEST_HEADER = 80
"""Characters."""

VARY = ("Vary", "Accept-Encoding")
ENCODED = ("Content-Encoding", "gzip")


def accepts_gzip(environ: Mapping[str, Any]) -> bool:
    """By Accept-Encoding (RFC 9110, 12.5.3). A header that is longer than any browser's accepts nothing."""
    header = environ.get("HTTP_ACCEPT_ENCODING", "")
    found = _GZIP.search(header) if len(header) <= _LONGEST_HEADER else None
    return found is not None and not _NEVER.fullmatch(found[1] or "")


def varies(headers: Sequence[tuple[str, str]]) -> bool:
    """Whether an answer with these headers, which is in no other form yet, may come in either."""
    found = dict(headers)
    is_json = found.get("Content-Type", "") in _JSON and "Vary" not in found
    return is_json and not found.get("ETag", "").startswith('"')


_JSON = frozenset(("application/json", "application/problem+json"))


def compressed(body: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, wbits=_WBITS)
    return packer.compress(body) + packer.flush()


class Compressed:
    """The pieces of an answer, compressed as they are sent; closed with them."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        packer = zlib.compressobj(LEVEL, wbits=_WBITS)
        for piece in self._pieces:
            packed = packer.compress(piece) if len(piece) < _INLINE else _aside(packer.compress, piece)
            if packed:
                yield packed
        yield packer.flush()

    def close(self) -> None:
        if hasattr(self._pieces, "close"):
            self._pieces.close()


def _aside(compress: Any, piece: bytes) -> bytes:
    packed: bytes = gevent.get_hub().threadpool.apply(compress, (piece,))
    return packed
