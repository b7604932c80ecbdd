"""What a request says besides its body: strict JSON, who writes, preconditions, Idempotency-Key."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Request, Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from ..domain.commands import Caller, Once, Versions
from ..domain.roles import Principal
from ..errors import Problem, invalid_fields
from .json_body import parse_json

MAX_NAME = 80
STRANGERS_BODY = 1024
"""Bytes of a body that is read before anybody has said who they are."""
_OF_STRANGERS = ("/entrar", "/sair")
BODY_SECONDS = 15
SLOWEST_BODY = 64 * 1024
"""Bytes a second: the largest body that is accepted gets some two minutes."""
Environ = Mapping[str, Any]
"""A WSGI environment."""
_ETAGS = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')


class StrictRequest(Request):
    """A request whose JSON is an object, or refused with what is wrong with it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.path in _OF_STRANGERS:
            self.max_content_length = STRANGERS_BODY

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """Raises Problem 400 for bytes that are no UTF-8."""
        try:
            return super().args
        except UnicodeDecodeError:
            raise Problem(400, "Endereço inválido", "O que vem depois de '?' não está em UTF-8.") from None

    def body(self) -> bytes:
        """All of it. Raises Problem 400 or 408."""
        size = self.max_content_length if self.content_length is None else self.content_length
        return in_time(self.environ, lambda: self.get_data(cache=True), size or 0)

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Raises Problem 415 (not JSON by its headers), 400 (not JSON) or 422 (no object)."""
        kind = self.mimetype
        if kind != "application/json" and not re.fullmatch(r"application/[^/]+\+json", kind):
            raise Problem(
                415,
                "Tipo de conteúdo não aceito",
                f"Envie JSON com 'Content-Type: application/json', não {kind or 'sem Content-Type'}.",
                headers={"Accept-Post": "application/json", "Accept-Patch": "application/json"},
            )
        if self.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Problem(415, "Codificação não aceita", "Envie o corpo sem Content-Encoding.")
        body = self.body()
        if (
            self.max_content_length is not None
            and self.content_length is None
            and len(body) >= self.max_content_length
        ):
            raise RequestEntityTooLarge  # a chunked body is cut at the limit, not refused
        return json_object(body)


def in_time(environ: Environ, read: Callable[[], bytes], size: int) -> bytes:
    """What ``read`` gives of a body of ``size`` bytes.

    Raises Problem 400 for one that does not come whole, and 408 for one that trickles: whoever sends it holds one of
    a few places.
    """
    give = getattr(environ["wsgi.input"], "give", None)
    if give is not None:  # another WSGI server has deadlines of its own
        give(BODY_SECONDS + size / SLOWEST_BODY)
    try:
        return read()
    except (Problem, HTTPException, ConnectionError):
        raise
    except Exception:  # noqa: BLE001 (each server has errors of its own for chunks that are none)
        raise incomplete() from None


def incomplete() -> Problem:
    return Problem(
        400,
        "Requisição inválida",
        "O corpo da requisição está malformado, ou não chegou inteiro.",
        headers={"Connection": "close"},
    )


def json_object(body: bytes) -> dict[str, Any]:
    """Raises Problem 400 (not JSON) or 422 (no object)."""
    document = parse_json(body)
    if not isinstance(document, dict):
        raise invalid_fields([{"campo": "(corpo)", "mensagem": "deve ser um objeto JSON"}])
    return document


def caller(environ: Environ, principal: Principal) -> Caller:
    """Who writes: the token's name, on an open server ``X-Pedidos-Autor`` (percent-encoded UTF-8); and
    ``X-Pedidos-Cliente``."""
    return Caller(
        principal.name or _name(environ.get("HTTP_X_PEDIDOS_AUTOR")), _name(environ.get("HTTP_X_PEDIDOS_CLIENTE"))
    )


def _name(raw: str | None) -> str | None:
    if raw is None:
        return None
    text = unquote_to_bytes(raw.encode("latin-1", "replace")).decode("utf-8", "replace")
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text[:MAX_NAME] or None


def if_match(environ: Environ) -> Versions:
    """``"7"``, ``W/"7"`` (proxies weaken ETags), ``*``, or a list. Raises Problem 400 for anything else."""
    header = environ.get("HTTP_IF_MATCH")
    if header is None:
        return None
    if header.strip() == "*":
        return None
    if not _ETAGS.fullmatch(header):
        raise Problem(
            400,
            "If-Match inválido",
            'Envie em If-Match o ETag do pedido, com as aspas: If-Match: "7". Ou *, para qualquer versão.',
        )
    # A tag that is no version of ours matches nothing, and so leads to 412.
    return frozenset(map(int, re.findall(r'"([0-9]{1,18})"', header)))


def once(environ: Environ, principal: Principal, body: Callable[[], bytes]) -> Once | None:
    """Reads the body only where there is a key.

    Raises Problem 400 for one that is empty, too long, or not printable ASCII.
    """
    key = environ.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if not re.fullmatch(r"[\x21-\x7e]{1,255}", key):
        raise Problem(
            400,
            "Idempotency-Key inválida",
            "A Idempotency-Key deve ter de 1 a 255 caracteres ASCII visíveis, sem espaços; um UUID serve.",
        )
    parts = (
        environ["REQUEST_METHOD"].encode(),
        environ["PATH_INFO"].encode(),
        environ.get("HTTP_IF_MATCH", "").encode(),
        body(),
    )
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    token_id = principal.token_id
    return Once(f"{token_id}:{key}" if token_id else key, digest.hexdigest())


def not_modified(tag: str) -> bool:
    """True where If-None-Match names ``tag`` (compared weakly, RFC 9110, 13.1.2)."""
    header = request.headers.get("If-None-Match")
    if header is None:
        return False
    if header.strip() == "*":
        return True
    wanted = tag.removeprefix("W/")
    return any(part.strip().removeprefix("W/") == wanted for part in header.split(","))


def json_response(
    body: bytes | Iterable[bytes], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A ``body`` in pieces is sent as they come. ``no-cache``: a browser may keep it, and asks each time whether it
    still holds."""
    return Response(body, status, {"Cache-Control": "no-cache", **(headers or {})}, mimetype="application/json")
