"""Signing in and out of a browser: a token is traded for a cookie that scripts cannot read."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import gevent
from flask import Response, g, redirect, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, StringConstraints

from ..domain.events import encode
from ..domain.roles import Principal
from ..errors import Problem
from ..storage import tokens
from ..storage.sqlite.database import Database
from ..storage.sqlite.statements import Connection
from ..storage.writer import Writer
from ..stream.hub import Hub
from .access import Access, unauthorized
from .cookies import HOST_PREFIX
from .descriptions import answers, page_answers
from .rate_limits import Rates
from .requests import json_response

log = logging.getLogger("pedidos.server")

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


_PLACE = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f-\x9f]*")


class Entrada(BaseModel):
    """Body of POST /entrar."""

    model_config = ConfigDict(extra="forbid", strict=True)

    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


def session_blueprint(
    static: Path, access: Access, database: Database, writer: Writer, hub: Hub, rates: Rates, public_url: str
) -> APIBlueprint:
    session = APIBlueprint("session", __name__, abp_tags=[Tag(name="sessão", description="Entrar e sair")])

    @session.get("/entrar", summary="A página que troca um token por uma sessão", responses=page_answers())
    def page() -> Response:
        # SameSite=Strict: after a link on another site the cookie comes only with the requests of our own page, which
        # asks who is signed in and goes on by itself.
        if access.open or (g.principal is not None and g.principal.by_session):
            return redirect(place_to_go_on(request.args.get("voltar", "/")))  # type: ignore[return-value]
        response = Response((static / "entrar.html").read_bytes(), mimetype="text/html")
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Content-Security-Policy"] = _POLICY
        return response

    @session.post("/entrar", summary="Troca um token por uma sessão em cookie", responses=answers("sign in"))
    def sign_in(body: Entrada) -> Response:
        if access.open:
            return _who(access, None)
        principal = access.by_token(body.token.strip())
        if principal is None:
            rates.failed_sign_in(request.remote_addr or "")
            raise unauthorized("Este token não existe, foi revogado ou expirou. Confira se foi copiado inteiro.")
        rates.write(principal)  # a session is a row
        secret = writer.run(lambda connection: tokens.open_session(connection, principal.token_id))
        reread()
        response = _who(access, principal)
        secure = request.is_secure or (public_url.startswith("https:") and _comes_from(public_url))
        set_cookie(response, secret, secure=secure)
        access.cookie_was_set(tokens.digest(secret))
        forget_other_cookies(response)
        return response

    @session.post("/sair", summary="Encerra a sessão deste navegador", responses=answers("sign out"))
    def sign_out() -> Response:
        by_session = not access.open and g.principal is not None and g.principal.by_session
        shown = list(access.sessions_in(cookies(), secure=request.is_secure)) if by_session else []
        if shown:

            def close(connection: Connection) -> None:
                for principal in shown:
                    tokens.close_session(connection, principal.digest)

            writer.run(close)
            reread()
        response = _who(access, None)
        forget_other_cookies(response)
        return response

    @session.get("/api/v1/sessao", summary="Quem sou, e o que posso", responses=answers("session"))
    def who() -> Response:
        return _who(access, None if access.open else g.principal)

    @session.after_app_request
    def keep(response: Response) -> Response:
        """Lets the session and its cookie last longer, where they are in use."""
        principal: Principal | None = g.get("principal")
        if (
            principal is not None
            and "Set-Cookie" not in response.headers
            and access.stands(principal)
            and access.is_cookie_due(principal)
        ):
            extend_sessions(writer, [principal])
            for secure in (True, False):
                if secret := access.secret_of(principal, cookies(), secure=secure):
                    set_cookie(response, secret, secure=secure)
                    break
        return response

    def reread() -> None:
        if database.read(access.refresh):
            hub.end_streams(access.stands)

    def set_cookie(response: Response, secret: str, *, secure: bool) -> None:
        response.set_cookie(
            access.cookie.name_where(secure=secure),
            secret,
            max_age=tokens.SESSION_DAYS * 86_400,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=secure,
        )

    def forget_other_cookies(response: Response) -> None:
        """Takes each cookie of ours that was shown, and is not set here, out of the browser."""
        kept = response.headers.get("Set-Cookie", "").partition("=")[0]
        for name in access.cookie.names_in(cookies()):
            if name != kept:
                secure = request.is_secure or name.startswith(HOST_PREFIX)
                response.delete_cookie(name, path="/", httponly=True, samesite="Strict", secure=secure)

    return session


def extend_sessions(writer: Writer, principals: Collection[Principal]) -> None:
    """Lets sessions last longer, without waiting for it; where that fails, they are extended another time."""
    if not principals:
        return

    def extend() -> None:
        digests = [principal.digest for principal in principals]
        try:
            writer.run(lambda connection: tokens.extend_sessions(connection, digests), background=True)
        except Problem as problem:
            log.warning("sessions not extended", extra={"reason": problem.detail})

    gevent.spawn(extend)


def place_to_go_on(place: str) -> str:
    """``place`` where it is a path of this server, ``/`` otherwise: nobody is led elsewhere by a link to our sign-in.

    Browsers take ``//name`` and ``/\\name`` for another server, and drop tabs and line breaks before they look.
    """
    return place if _PLACE.fullmatch(place) else "/"


def _who(access: Access, principal: Principal | None) -> Response:
    body = {
        "aberto": access.open,
        "nome": principal and principal.name,
        "papel": principal and principal.role.label,
    }
    return json_response(encode(body), headers={"Cache-Control": "no-store"})


def cookies() -> str:
    header: str = request.environ.get("HTTP_COOKIE", "")
    return header


def _comes_from(origin: str) -> bool:
    return request.headers.get("Origin", "").lower() == origin
