"""Signing in and out of a browser: a token is traded for a cookie that scripts cannot read."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import gevent
from pydantic import BaseModel, ConfigDict, StringConstraints
from werkzeug import Response
from werkzeug.http import dump_cookie
from werkzeug.utils import redirect

from ..domain.events import encode
from ..domain.roles import Principal
from ..errors import Problem
from ..storage import tokens
from ..storage.base import Database
from ..storage.writer import Writer
from ..stream.hub import Hub
from .access import Access, unauthorized
from .cookies import HOST_PREFIX
from .descriptions import BODY, Sessao, answers, page_answers
from .guard import PUBLIC, VISITOR
from .rate_limits import RateLimits
from .replies import NO_CACHE, NO_STORE, Header, Reply, content_policy, json_reply
from .requests import Call, Environ
from .routes import route

log = logging.getLogger("pedidos.server")

MAX_SIGN_IN = 1_024
"""Bytes of the one body that strangers may send."""
_POLICY = content_policy("data:", "")
_PLACE = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f-\x9f]*")


class Entrada(BaseModel):
    """Body of POST /entrar."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Session:
    """Answers the calls that begin and end a browser's session. ``static`` is the folder of the page's files."""

    def __init__(
        self,
        static: Path,
        access: Access,
        database: Database,
        writer: Writer,
        hub: Hub,
        rate_limits: RateLimits,
        public_url: str,
    ) -> None:
        self._page, self._access, self._database, self._writer = static / "entrar.html", access, database, writer
        self._hub, self._rate_limits, self._public_url = hub, rate_limits, public_url

    @route("GET", "/entrar", PUBLIC, "A página que troca um token por uma sessão", responses=page_answers())
    def page(self, call: Call) -> Reply | Response:
        # SameSite=Strict: after a link on another site the cookie comes only with the requests of our own page, which
        # asks who is signed in and goes on by itself.
        if self._access.open or _has_session(call):
            return redirect(place_to_go_on(call.query().get("voltar", "/")))
        page = self._page.read_bytes()
        return Reply(200, page, ("Content-Type", "text/html; charset=utf-8"), NO_CACHE, _POLICY)

    @route(
        "POST",
        "/entrar",
        PUBLIC,
        "Troca um token por uma sessão em cookie",
        responses=answers(200, Sessao, *BODY),
        models={"body": Entrada},
    )
    def sign_in(self, call: Call) -> Reply:
        access = self._access
        token = call.json(Entrada, MAX_SIGN_IN).token.strip()
        if access.open:
            return self._who(None)
        principal = access.by_token(token)
        if principal is None:
            self._rate_limits.failed_sign_in(call.environ.get("REMOTE_ADDR", ""))
            raise unauthorized("Este token não existe, foi revogado ou expirou. Confira se foi copiado inteiro.")
        self._rate_limits.write(principal)  # a session is a row
        secret = self._writer.run(lambda transaction: transaction.open_session(principal.token_id))
        self._reread()
        # Where a proxy does not say that it was called over https, the page's own address does.
        https = self._public_url.startswith("https:") and (call.header("ORIGIN") or "").lower() == self._public_url
        cookie = self._cookie(secret, secure=https or _is_secure(call.environ))
        access.cookie_was_set(tokens.digest(secret))
        return self._who(principal, cookie, *self._cookies_to_forget(call.environ, cookie))

    @route("POST", "/sair", PUBLIC, "Encerra a sessão deste navegador", responses=answers(200, Sessao, 429, 503))
    def sign_out(self, call: Call) -> Reply:
        access, environ = self._access, call.environ
        by_session = not access.open and _has_session(call)
        shown = list(access.sessions_in(_cookies(environ), secure=_is_secure(environ))) if by_session else []
        if shown:
            self._writer.run(lambda transaction: transaction.close_sessions([each.digest for each in shown]))
            self._reread()
        return self._who(None, *self._cookies_to_forget(environ))

    @route("GET", "/api/v1/sessao", PUBLIC, "Quem sou, e o que posso", responses=answers(200, Sessao))
    def who(self, call: Call) -> Reply:
        return self._who(None if self._access.open else call.visitor)

    def renew(self, headers: list[Header], environ: Environ) -> None:
        """Lets the session that a request came with last longer, once a day, and adds its cookie to the answer's
        headers."""
        visitor: Principal | None = environ.get(VISITOR)
        if visitor is None or not visitor.by_session or any(name == "Set-Cookie" for name, _ in headers):
            return
        if self._access.is_valid(visitor) and self._access.is_cookie_due(visitor):
            extend_sessions(self._writer, [visitor])
            for secure in (True, False):
                if secret := self._access.secret_of(visitor, _cookies(environ), secure=secure):
                    headers.append(self._cookie(secret, secure=secure))
                    break

    def _who(self, principal: Principal | None, *headers: Header) -> Reply:
        body = {
            "aberto": self._access.open,
            "nome": principal and principal.name,
            "papel": principal and principal.role.label,
        }
        return json_reply(encode(body), *headers, cache=NO_STORE)

    def _reread(self) -> None:
        if self._access.refresh(self._database):
            self._hub.end_streams(self._access.is_valid)

    def _cookie(self, secret: str, *, secure: bool) -> Header:
        name = self._access.cookie.name_where(secure=secure)
        return _set_cookie(name, secret, secure=secure, max_age=tokens.SESSION_DAYS * 86_400)

    def _cookies_to_forget(self, environ: Environ, kept: Header = ("", "")) -> list[Header]:
        """Takes each cookie of ours that was shown, and is not ``kept``, out of the browser."""
        return [
            _set_cookie(name, "", secure=_is_secure(environ) or name.startswith(HOST_PREFIX), max_age=0, expires=0)
            for name in self._access.cookie.names_in(_cookies(environ))
            if name != kept[1].partition("=")[0]
        ]


def _set_cookie(name: str, value: str, *, secure: bool, max_age: int, expires: int | None = None) -> Header:
    return "Set-Cookie", dump_cookie(
        name, value, max_age, expires, path="/", secure=secure, httponly=True, samesite="Strict"
    )


def extend_sessions(writer: Writer, principals: Collection[Principal]) -> None:
    """Lets sessions last longer, without waiting for it; where that fails, they are extended another time."""
    if not principals:
        return

    def extend() -> None:
        digests = [principal.digest for principal in principals]
        try:
            writer.run(lambda transaction: transaction.extend_sessions(digests), background=True)
        except Problem as problem:
            log.warning("sessions not extended", extra={"reason": problem.detail})

    gevent.spawn(extend)


def place_to_go_on(place: str) -> str:
    """``place`` where it is a path of this server, ``/`` otherwise: nobody is led elsewhere by a link to our sign-in.

    Browsers take ``//name`` and ``/\\name`` for another server, and drop tabs and line breaks before they look.
    """
    return place if _PLACE.fullmatch(place) else "/"


def _has_session(call: Call) -> bool:
    return call.visitor is not None and call.visitor.by_session


def _cookies(environ: Environ) -> str:
    header: str = environ.get("HTTP_COOKIE", "")
    return header


def _is_secure(environ: Environ) -> bool:
    return bool(environ["wsgi.url_scheme"] == "https")
