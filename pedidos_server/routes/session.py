"""Signing in and out of a browser: a token is traded for a cookie that scripts cannot read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from flask import Response, g, redirect, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, StringConstraints

from .. import tokens
from ..auth import Access, Principal, unauthorized
from ..database import Database
from ..hub import Hub
from ..protocol import encode
from ..rates import Rates
from ..writer import Writer
from .descriptions import answers, page_answers
from .guard import session_cookie
from .requests import json_response

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
    static: Path, access: Access, database: Database, writer: Writer, hub: Hub, rates: Rates
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
        rates.sign_in(request.remote_addr or "")
        principal = access.by_token(body.token.strip())
        if principal is None:
            raise unauthorized("Este token não existe, foi revogado ou expirou. Confira se foi copiado inteiro.")
        secret = writer.submit(lambda transaction: tokens.open_session(transaction.connection, principal.token_id))
        _reread()
        response = _who(access, principal)
        _set_cookie(response, secret, max_age=tokens.SESSION_DAYS * 86_400)
        return response

    @session.post("/sair", summary="Encerra a sessão deste navegador", responses=answers("sign out"))
    def sign_out() -> Response:
        principal: Principal | None = None if access.open else g.principal
        if principal is not None and principal.by_session:
            writer.submit(lambda transaction: tokens.close_session(transaction.connection, principal.digest))
            _reread()
        response = _who(access, None)
        _set_cookie(response, "", max_age=0)
        return response

    @session.get("/api/v1/sessao", summary="Quem sou, e o que posso", responses=answers("session"))
    def who() -> Response:
        return _who(access, None if access.open else g.principal)

    def _reread() -> None:
        if database.read(access.refresh):
            hub.end_streams(access.stands)

    return session


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


def _set_cookie(response: Response, secret: str, max_age: int) -> None:
    response.set_cookie(
        session_cookie(request.environ),
        secret,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.is_secure,
    )
