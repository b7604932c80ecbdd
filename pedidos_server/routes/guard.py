"""What every request must pass before its route sees it.

    Host ──► forwarding headers ──► Origin ──► who calls ──► CSRF ──► may they ──► how often ──► the route

A route that ``NEEDS`` does not name is for administrators: a new one is shut until somebody decides.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Flask, g, redirect, request
from werkzeug.sansio.http import parse_cookie

from ..auth import COOKIE, NOBODY, SECURE_COOKIE, Access, Principal, forbidden, unauthorized
from ..errors import Problem
from ..origins import Origins, same_origin
from ..rates import Rates
from ..tokens import Role

PUBLIC = frozenset(
    (
        "pages.static",  # the page's modules and styles, which hold no order
        "session.page",
        "session.sign_in",
        "session.sign_out",
        "session.who",
        "operations.health",  # says less to strangers
    )
)
"""Endpoints for those too who have not signed in."""

NEEDS: Mapping[str, Role] = {
    "pages.index": Role.LEITURA,
    "docs.page": Role.LEITURA,
    "openapi.doc_url": Role.LEITURA,
    "openapi.static": Role.LEITURA,
    "swagger.static": Role.LEITURA,
    "orders.list_orders": Role.LEITURA,
    "orders.list_by_status": Role.LEITURA,
    "orders.next_number": Role.LEITURA,
    "orders.get_order": Role.LEITURA,
    "orders.get_history": Role.LEITURA,
    "websocket.stream_websocket": Role.LEITURA,
    "streams.upgrade_required": Role.LEITURA,
    "streams.stream_sse": Role.LEITURA,
    "orders.update_order": Role.PRODUCAO,  # which fields: routes/orders.py
    "orders.create_order": Role.ESCRITA,
    "orders.delete_order": Role.ESCRITA,
    "operations.stats": Role.ADMIN,
}

LONGEST_PLACE = 2_000
"""Characters of an address that the sign-in page leads back to."""
_PAGES = frozenset(("pages.index", "docs.page"))
"""Where a browser without a session is led to the sign-in page."""
_STREAMS = frozenset(("websocket.stream_websocket", "streams.stream_sse"))
_READS = frozenset(("GET", "HEAD", "OPTIONS"))
_FORWARDING = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_FORWARDED",
    "HTTP_X_REAL_IP",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_SERVER",
)


class Guard:
    """Knows from its environment alone who makes a request, and whether they may."""

    def __init__(self, access: Access, origins: Origins, rates: Rates, trusted_hops: int) -> None:
        self._access, self._origins, self._rates, self._trusted_hops = access, origins, rates, trusted_hops

    def admit(self, environ: Mapping[str, Any], endpoint: str) -> Principal | None:
        """Who calls; None where that is not known and need not be: on a public page, and in a preflight.

        ``endpoint`` is "" where no route answers. Raises Problem: 401, 403, 421 (the Host is none of ours) or 429.
        """
        access, method = self._access, environ["REQUEST_METHOD"]
        host = environ.get("HTTP_HOST", "")
        if not host and environ["SERVER_PROTOCOL"] != "HTTP/1.0":
            raise _no_name()  # RFC 9112, 3.2
        if host and not self._origins.host_allowed(host):
            raise _wrong_name()
        if not self._trusted_hops and access.by_default and any(name in environ for name in _FORWARDING):
            raise _behind_a_proxy()
        if _is_foreign(environ, self._origins, host, endpoint):
            raise forbidden("Esta página não pode usar este servidor (PEDIDOS_CORS_ORIGINS).")
        if access.open:
            return NOBODY
        if method == "OPTIONS":
            return None  # a preflight carries no credentials, and its answer no data
        caller = _principal(access, environ)
        if caller is not None and caller.by_session and method not in _READS:
            _refuse_forgery(environ, host)
        if endpoint in PUBLIC:
            return caller
        if caller is None:
            raise unauthorized(
                "O token não existe, foi revogado ou expirou."
                if "HTTP_AUTHORIZATION" in environ
                else "Envie um token em 'Authorization: Bearer', ou entre em /entrar."
            )
        self._check_role(caller, method, endpoint)
        return caller

    def _check_role(self, caller: Principal, method: str, endpoint: str) -> None:
        """Raises Problem 403 for what the role may not, 429 for too much of it."""
        needed = NEEDS.get(endpoint, Role.ADMIN if endpoint else Role.LEITURA)  # no endpoint: 404 or 405
        if caller.role < needed:
            raise forbidden(f"O papel {caller.role.label} não permite isto: é preciso {needed.label}.")
        if method not in _READS:
            self._rates.write(caller)
        elif endpoint in _STREAMS and method == "GET":
            self._rates.stream(caller)


def register_guard(app: Flask, guard: Guard) -> None:
    @app.before_request
    def check() -> Any:
        endpoint = request.endpoint or ""
        try:
            g.principal = guard.admit(request.environ, endpoint)
        except Problem as problem:
            if problem.status == 401 and endpoint in _PAGES and _is_navigation(request.environ):
                return redirect(_sign_in_address(request.environ))
            raise
        return None


def principal() -> Principal:
    """Who makes this request. Only where the guard has let somebody in."""
    found: Principal = g.principal
    return found


def session_cookie(environ: Mapping[str, Any]) -> str:
    """Its name: over https a browser binds one to this very host."""
    return SECURE_COOKIE if environ["wsgi.url_scheme"] == "https" else COOKIE


def _principal(access: Access, environ: Mapping[str, Any]) -> Principal | None:
    """What was shown counts in this order, and only the first: header, subprotocol, cookie."""
    authorization = environ.get("HTTP_AUTHORIZATION")
    if authorization is not None:
        scheme, _, token = authorization.partition(" ")
        return access.by_token(token.strip()) if scheme.lower() == "bearer" else None
    if "HTTP_SEC_WEBSOCKET_PROTOCOL" in environ:
        token = _token_in_subprotocols(environ["HTTP_SEC_WEBSOCKET_PROTOCOL"])
        if token:
            return access.by_token(token)
    if "HTTP_COOKIE" in environ:
        secret = parse_cookie(environ["HTTP_COOKIE"]).get(session_cookie(environ))
        if secret:
            return access.by_session(secret)
    return None


def _token_in_subprotocols(header: str) -> str:
    """A browser sets no header on a WebSocket: ``pedidos.v1, bearer.<base64url of the token>``."""
    for protocol in header.split(","):
        name, _, encoded = protocol.strip().partition(".")
        if name == "bearer":
            try:
                return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
            except (binascii.Error, ValueError):
                return ""
    return ""


def _is_navigation(environ: Mapping[str, Any]) -> bool:
    mode = environ.get("HTTP_SEC_FETCH_MODE")
    return mode == "navigate" if mode else "text/html" in environ.get("HTTP_ACCEPT", "")


def _sign_in_address(environ: Mapping[str, Any]) -> str:
    """The sign-in page, told where to go on; what follows ``#`` a browser keeps by itself."""
    place, query = environ["PATH_INFO"], environ.get("QUERY_STRING", "")
    if query:
        place += f"?{query}"
    if place == "/" or len(place) > LONGEST_PLACE:
        return "/entrar"
    return f"/entrar?voltar={quote(place.encode('latin-1'), safe='/')}"


def _is_foreign(environ: Mapping[str, Any], origins: Origins, host: str, endpoint: str) -> bool:
    """True where a page that is none of ours makes this request.

    Without an Origin it may still load something as an image or a script, which newer browsers tell. A link that
    somebody follows is fine, and the page's modules hold nothing.
    """
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        return not origins.allowed(origin, host)
    return (
        environ.get("HTTP_SEC_FETCH_SITE") == "cross-site"
        and environ.get("HTTP_SEC_FETCH_MODE") != "navigate"
        and endpoint != "pages.static"
    )


def _refuse_forgery(environ: Mapping[str, Any], host: str) -> None:
    """A cookie comes along by itself, so whoever changes something by it must prove to be this server's page. Every
    browser sends Origin with such a request; its SameSite cookie is the second lock, not the only one."""
    origin = environ.get("HTTP_ORIGIN")
    told = environ.get("HTTP_SEC_FETCH_SITE") == "same-origin"
    if not (told if origin is None else same_origin(origin, host)):
        raise forbidden("A mudança não veio da página deste servidor (CSRF).")


def _no_name() -> Problem:
    return Problem(400, "Requisição inválida", "Falta o cabeçalho Host, que HTTP/1.1 exige.")


def _wrong_name() -> Problem:
    return Problem(
        421,
        "Nome desconhecido",
        "Este servidor não atende por esse nome. Use o endereço IP ou um nome local, ou configure o nome em "
        "PEDIDOS_HOSTS.",
    )


def _behind_a_proxy() -> Problem:
    return forbidden(
        "Este servidor está aberto só a este computador, mas a requisição veio por um proxy: por ele, a rede inteira"
        " entraria. Diga quantos proxies há à frente (PEDIDOS_TRUSTED_HOPS=1) e crie um token (pedidos token create),"
        " ou abra o servidor de propósito com PEDIDOS_AUTH=off."
    )
