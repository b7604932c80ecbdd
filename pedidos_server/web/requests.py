"""What a request says: its body and query, who writes, preconditions, Idempotency-Key."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import parse_qsl, unquote_to_bytes

import pydantic_core
from pydantic import BaseModel
from werkzeug.exceptions import RequestEntityTooLarge

from ..domain.commands import Caller, Once, Versions
from ..domain.fields import WrittenNumber
from ..domain.roles import Principal
from ..errors import Problem, invalid_fields

MAX_VALUES = 50_000
"""Values in one body. The largest order has a third of that; each costs time and memory in which nobody is served."""
MAX_NAME = 80
"""Characters of the name of who writes."""
BODY_SECONDS = 15
SLOWEST_BODY = 64 * 1024
"""Bytes a second: the largest body that is accepted gets some two minutes."""
Environ = Mapping[str, Any]
"""A WSGI environment."""
M = TypeVar("M", bound=BaseModel)
_START = 4096
"""Bytes of a body of more values that are parsed: what is no JSON from its start, or too deep, is called so."""

_PLACE = re.compile("line ([0-9]+) column ([0-9]+)")
_FRACTION = re.compile(rb"(?:^|[:,\[])[ \t\r\n]*-?[0-9]+[.eE]")
"""A number with one, where JSON has numbers, and not the many in its texts."""
_OTHER_JSON = re.compile(r"application/[^/]+\+json")
_ETAGS = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')


class Call:
    """A request that the guard has let in. ``named`` is the variable part of its path."""

    __slots__ = ("_body", "_max_body", "_still_admits", "environ", "named", "visitor")

    def __init__(
        self,
        environ: Environ,
        visitor: Principal | None,
        named: str,
        still_admits: Callable[[Principal], None],
        max_body: int,
    ) -> None:
        self.environ, self.visitor, self.named = environ, visitor, named
        self._still_admits, self._max_body = still_admits, max_body
        self._body: bytes | None = None

    @property
    def principal(self) -> Principal:
        """Who calls. Only of a call that is not public: then the guard knows."""
        return cast("Principal", self.visitor)

    def header(self, name: str) -> str | None:
        """``name`` as WSGI writes it, without HTTP_."""
        found: str | None = self.environ.get(f"HTTP_{name}")
        return found

    def query(self) -> dict[str, str]:
        """The arguments behind ``?``, of each name the first. Raises Problem 400 for bytes that are no UTF-8."""
        raw = self.environ.get("QUERY_STRING")
        if not raw:
            return {}
        try:
            text = raw.encode("latin-1").decode()
        except UnicodeDecodeError:
            raise Problem(400, "Endereço inválido", "O que vem depois de '?' não está em UTF-8.") from None
        found: dict[str, str] = {}
        for name, value in parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote"):
            found.setdefault(name, value)
        return found

    def json(self, model: type[M], most: int | None = None) -> M:
        """The body, at most ``most`` bytes of it. Raises Problem 415 (not JSON by its headers), 400 (not JSON) or 422
        (no object), and what ``body`` raises; ValidationError where it is not of the model."""
        kind = self.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not _OTHER_JSON.fullmatch(kind):
            raise Problem(
                415,
                "Tipo de conteúdo não aceito",
                f"Envie JSON com 'Content-Type: application/json', não {kind or 'sem Content-Type'}.",
                headers={"Accept-Post": "application/json", "Accept-Patch": "application/json"},
            )
        if self.environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise Problem(415, "Codificação não aceita", "Envie o corpo sem Content-Encoding.")
        document = parse_json(self.body(most))
        if not isinstance(document, dict):
            raise invalid_fields([{"campo": "(corpo)", "mensagem": "deve ser um objeto JSON"}])
        return model.model_validate(document)

    def body(self, most: int | None = None) -> bytes:
        """All of it. Raises Problem 400 (it does not come whole), 408 (it trickles), 413, or 401 where the caller
        would not be let in any more: a body may come minutes after its head."""
        if self._body is None:
            self._body = _read_body(self.environ, self._max_body if most is None else most)
            if self.visitor is not None:
                self._still_admits(self.visitor)
        return self._body


def _read_body(environ: Environ, most: int) -> bytes:
    told = environ.get("CONTENT_LENGTH")
    length = int(told) if told else most
    if length > most:
        raise RequestEntityTooLarge
    body = environ["wsgi.input"]
    give = getattr(body, "give", None)
    if give is not None:  # another WSGI server has deadlines of its own
        give(BODY_SECONDS + length / SLOWEST_BODY)
    try:
        raw: bytes = body.read(length)
    except (Problem, ConnectionError):
        raise
    except Exception:  # noqa: BLE001 (each server has errors of its own for chunks that are none)
        raise _incomplete() from None
    if told and len(raw) < length:
        raise _incomplete()
    if not told and len(raw) >= most:  # chunked
        raise RequestEntityTooLarge
    return raw


def parse_json(body: bytes) -> Any:
    """Strict JSON; a number with a fraction or an exponent is a WrittenNumber.

    Raises Problem (400) for what is no JSON: NaN, lone surrogates, wrong UTF-8, depth over 200; (422) for more values
    than MAX_VALUES, of which no more than the start is parsed.
    """
    too_many = body.count(b",") + body.count(b"[") + body.count(b"{") > MAX_VALUES  # each stands before another value
    try:
        if too_many:
            pydantic_core.from_json(body[:_START], allow_inf_nan=False, allow_partial=True)
            raise invalid_fields([{"campo": "(corpo)", "mensagem": f"no máximo {MAX_VALUES} valores"}])
        document = pydantic_core.from_json(body, allow_inf_nan=False, cache_strings="keys")
        if _FRACTION.search(body):  # rare; jiter cannot keep the digits
            document = json.loads(body, parse_float=WrittenNumber)
        return document
    except ValueError as error:
        place = _PLACE.search(str(error))
        where = f" O erro está na linha {place[1]}, coluna {place[2]}." if place else ""
        raise Problem(400, "JSON inválido", f"O corpo da requisição não é JSON.{where}") from None


def _incomplete() -> Problem:
    return Problem(
        400,
        "Requisição inválida",
        "O corpo da requisição está malformado, ou não chegou inteiro.",
        headers={"Connection": "close"},
    )


def is_upgrade(environ: Environ) -> bool:
    """True where a WebSocket is asked for, well or badly."""
    return environ.get("HTTP_UPGRADE", "").lower() == "websocket" and any(
        token.strip() == "upgrade" for token in environ.get("HTTP_CONNECTION", "").lower().split(",")
    )


def caller(call: Call) -> Caller:
    """Who writes: the token's name, on an open server ``X-Pedidos-Autor`` (percent-encoded UTF-8); and
    ``X-Pedidos-Cliente``."""
    return Caller(
        call.principal.name or _name(call.header("X_PEDIDOS_AUTOR")), _name(call.header("X_PEDIDOS_CLIENTE"))
    )


def _name(raw: str | None) -> str | None:
    if raw is None:
        return None
    text = unquote_to_bytes(raw.encode("latin-1", "replace")).decode("utf-8", "replace")
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text[:MAX_NAME] or None


def if_match(call: Call) -> Versions:
    """``"7"``, ``W/"7"`` (proxies weaken ETags), ``*``, or a list. Raises Problem 400 for anything else."""
    header = call.header("IF_MATCH")
    if header is None or header.strip() == "*":
        return None
    if not _ETAGS.fullmatch(header):
        raise Problem(
            400,
            "If-Match inválido",
            'Envie em If-Match o ETag do pedido, com as aspas: If-Match: "7". Ou *, para qualquer versão.',
        )
    # A tag that is no version of ours matches nothing, and so leads to 412.
    return frozenset(map(int, re.findall(r'"([0-9]{1,18})"', header)))


def once(call: Call) -> Once | None:
    """What makes a retry of this request known. Reads the body only where there is a key.

    Raises Problem 400 for a key that is empty, too long, or not printable ASCII, and what ``Call.body`` raises.
    """
    key = call.header("IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        raise Problem(
            400,
            "Idempotency-Key inválida",
            "A Idempotency-Key deve ter de 1 a 255 caracteres ASCII visíveis, sem espaços; um UUID serve.",
        )
    parts = (
        call.environ["REQUEST_METHOD"].encode(),
        call.environ["PATH_INFO"].encode(),
        (call.header("IF_MATCH") or "").encode(),
        call.body(),
    )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    token_id = call.principal.token_id
    return Once(f"{token_id}:{key}" if token_id else key, digest.hexdigest())


def not_modified(call: Call, tag: str) -> bool:
    """True where If-None-Match names ``tag`` (compared weakly, RFC 9110, 13.1.2)."""
    header = call.header("IF_NONE_MATCH")
    if header is None:
        return False
    if header.strip() == "*":
        return True
    wanted = tag.removeprefix("W/")
    return any(part.strip().removeprefix("W/") == wanted for part in header.split(","))
