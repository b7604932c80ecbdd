"""What every request must pass before anything answers it.

Host ──► signs of a proxy ──► Origin ──► who calls ──► CSRF ──► may they ──► how often ──► the answer
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from flask import Flask, redirect, request

from ..domain.roles import NOBODY, Principal, Role
from ..errors import Problem
from ..origins import Origins, host_name, is_loopback, is_origin
from .access import Access, forbidden, unauthorized
from .middleware import is_question_about_reading
from .rate_limits import RateLimits


class Needs(NamedTuple):
    """What a call requires of whoever makes it. Each call declares its own."""

    role: Role | None = Role.ADMIN
    """The least role that may; None is for those too who have not signed in."""
    is_empty: bool = False
    """Its answer holds no order and says nothing about the server."""
    is_page: bool = False
    """A browser without a session is led to the sign-in page."""
    is_stream: bool = False
    """It counts towards the new streams that its caller may begin in a minute."""


PUBLIC, READ = Needs(None), Needs(Role.LEITURA)
UNDECLARED = Needs(Role.ADMIN)
"""What a view requires that declares nothing: a new one is for administrators until somebody decides."""
NOTHING_THERE = READ
"""What an unknown path or method requires."""

VISITOR = "pedidos.visitor"
"""Key of the WSGI environment of who makes the request."""
LONGEST_PLACE = 2_000
"""Characters of an address that the sign-in page leads back to."""
F = TypeVar("F", bound=Callable[..., Any])
_READS = frozenset(("GET", "HEAD", "OPTIONS"))
_PROXY_FIELD = re.compile(
    "^HTTP_(?:(?:FORWARDED|VIA|X_REAL_IP|X_CLIENT_IP|X_CLUSTER_CLIENT_IP|TRUE_CLIENT_IP|CDN_LOOP)$"
    "|X_FORWARDED|CF_|X_ENVOY_|X_AMZN_|FLY_|TAILSCALE_)",
    re.MULTILINE,
)
"""Of a WSGI environment's names, one a line."""
_BEARER = re.compile(r"(?:^|,)[ \t]*bearer\.([A-Za-z0-9_-]+=*)[ \t]*(?=,|$)")


class Guard:
    """Decides from the WSGI environment alone who makes a request, and whether it is let in."""

    def __init__(self, access: Access, origins: Origins, rate_limits: RateLimits, trusted_hops: int) -> None:
        self._access, self._origins, self._rate_limits, self._trusted_hops = (
            access,
            origins,
            rate_limits,
            trusted_hops,
        )

    def admit(self, environ: dict[str, Any], needs: Needs) -> Principal | None:
        """Who calls; None where that is not known and need not be: on a public page, and in a preflight.

        Whoever answers finds them in the environment too, as ``VISITOR``. Raises Problem: 401, 403, 421 (the Host is
        none of ours) or 429.
        """
        visitor = environ[VISITOR] = self._admit(environ, needs)
        return visitor

    def _admit(self, environ: Mapping[str, Any], needs: Needs) -> Principal | None:
        access, method = self._access, environ["REQUEST_METHOD"]
        host = environ.get("HTTP_HOST", "")
        if not host and environ["SERVER_PROTOCOL"] != "HTTP/1.0":
            raise _no_name()  # RFC 9112, 3.2
        try:
            self._check_name(environ, host, needs)
            if _is_foreign(environ, self._origins, host, needs, open_server=access.open):
                raise _foreign_page()
        except Problem as problem:
            _let_its_page_read(problem, environ)
            raise
        if access.open:
            return NOBODY
        if method == "OPTIONS":
            return None  # a preflight carries no credentials, and its answer no data
        caller = _principal(access, environ)
        if caller is not None and caller.by_session and method not in _READS:
            self._refuse_forgery(environ, host)
        if needs.role is None:
            return caller
        if caller is None:
            raise unauthorized(
                "O token não existe, foi revogado ou expirou."
                if "HTTP_AUTHORIZATION" in environ
                else "Envie um token em 'Authorization: Bearer', ou entre em /entrar."
            )
        self._check_role(caller, method, needs)
        return caller

    def still_admits(self, principal: Principal) -> None:
        """For whoever was let in by the head of a request whose body came much later.

        Raises Problem 401 where the token or the session is gone since.
        """
        if not self._access.is_valid(principal):
            raise unauthorized("O token ou a sessão terminou enquanto a requisição chegava.")

    def _check_name(self, environ: Mapping[str, Any], host: str, needs: Needs) -> None:
        """Raises Problem 421 for a Host that is not this server's, 403 for what came through a proxy to a server that
        is open to this machine only.

        Without tokens, whoever makes a browser take their page for this server's may write: only names that are
        certainly ours count then. HTTP/1.0 needs no Host; a browser always sends one.
        """
        access, origins = self._access, self._origins
        if not access.open:
            known = origins.is_any_name(host)
        elif access.by_default:
            known = is_loopback(host_name(host))
        else:
            known = origins.is_known_name(host)
        if host and not known:
            raise _wrong_name(only_loopback=access.by_default)
        proxied = access.by_default and not self._trusted_hops and _comes_through_a_proxy(environ, host)
        if proxied and not needs.is_empty:
            raise _behind_a_proxy()

    def _refuse_forgery(self, environ: Mapping[str, Any], host: str) -> None:
        """A cookie comes along by itself, so whoever changes something by it must prove to be this server's page.
        Every browser sends Origin with such a request; its SameSite cookie is the second lock, not the only one.

        Raises Problem 403.
        """
        origin = environ.get("HTTP_ORIGIN")
        told = environ.get("HTTP_SEC_FETCH_SITE") == "same-origin"
        if not (told if origin is None else self._origins.is_own_page(origin, host)):
            raise forbidden(f"A mudança não veio da página deste servidor (CSRF). {_SAY_THE_ADDRESS}")

    def _check_role(self, caller: Principal, method: str, needs: Needs) -> None:
        """Raises Problem 403 for what the role may not, 429 for too much of it."""
        if needs.role is not None and caller.role < needs.role:
            raise forbidden(f"O papel {caller.role.label} não permite isto: é preciso {needs.role.label}.")
        if method not in _READS:
            self._rate_limits.write(caller)
        elif needs.is_stream and method == "GET":
            self._rate_limits.stream(caller)


def needed(needs: Needs) -> Callable[[F], F]:
    """Declares what one of Flask's own views requires."""

    def declare(view: F) -> F:
        view.needs = needs  # type: ignore[attr-defined]
        return view

    return declare


def register_guard(app: Flask, guard: Guard, of_libraries: Mapping[str, Needs]) -> None:
    """Before all that Flask answers. ``of_libraries`` are the endpoints that others have declared."""

    def needs_of(endpoint: str | None) -> Needs:
        if endpoint is None:
            return NOTHING_THERE
        return getattr(app.view_functions[endpoint], "needs", of_libraries.get(endpoint, UNDECLARED))

    @app.before_request
    def check() -> Any:
        needs = needs_of(request.endpoint)
        try:
            guard.admit(request.environ, needs)
        except Problem as problem:
            if problem.status == 401 and needs.is_page and _is_navigation(request.environ):
                return redirect(_sign_in_address(request.environ))
            raise
        return None


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
        return access.by_cookies(environ["HTTP_COOKIE"], secure=environ["wsgi.url_scheme"] == "https")
    return None


def _token_in_subprotocols(header: str) -> str:
    """A browser sets no header on a WebSocket: ``pedidos.v1, bearer.<base64url of the token>``."""
    found = _BEARER.search(header)
    if found is None:
        return ""
    encoded = found[1].rstrip("=")
    try:
        return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, ValueError):
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


def _is_foreign(environ: Mapping[str, Any], origins: Origins, host: str, needs: Needs, *, open_server: bool) -> bool:
    """True where a page that is none of ours makes this request.

    Without an Origin it may still load something as an image or a script, which newer browsers tell. A link that
    somebody follows is fine. So are the page's modules, which hold nothing: browsers send an Origin for those of our
    own page too, and behind a proxy that changes the Host the sign-in page could not even say what is wrong.
    """
    if needs.is_empty:
        return False
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        return not (
            origins.is_own_page(origin, host)
            or origins.is_listed(origin, open_server=open_server)
            or is_question_about_reading(environ)
        )
    return environ.get("HTTP_SEC_FETCH_SITE") == "cross-site" and environ.get("HTTP_SEC_FETCH_MODE") != "navigate"


def _no_name() -> Problem:
    return Problem(400, "Requisição inválida", "Falta o cabeçalho Host, que HTTP/1.1 exige.")


def _comes_through_a_proxy(environ: Mapping[str, Any], host: str) -> bool:
    """True where something says so. A proxy that passes a request on as its own, without a word, nobody can tell."""
    if _PROXY_FIELD.search("\n".join(environ)):
        return True
    if host and environ["SERVER_PROTOCOL"] == "HTTP/1.0":  # browsers stopped in 1997, nginx speaks it unless told
        return True
    if _is_navigation(environ):
        return False  # a link on somebody's page
    # A page that another address gave asks here as if this were its own: the Host was changed on the way.
    referer = environ.get("HTTP_REFERER", "")
    return (
        bool(referer)
        and "HTTP_ORIGIN" not in environ
        and not is_loopback(host_name(referer.partition("://")[2].partition("/")[0]))
    )


def _let_its_page_read(refusal: Problem, environ: Mapping[str, Any]) -> None:
    """Lets a foreign page read the refusal itself, which holds no data: it can say more than that nobody answered."""
    origin = environ.get("HTTP_ORIGIN", "")
    if is_origin(origin) and environ["REQUEST_METHOD"] != "OPTIONS":
        refusal.headers["Access-Control-Allow-Origin"] = origin


_SAY_THE_ADDRESS = (
    "Se é a página dele, um proxy à frente trocou o Host: diga ao servidor o endereço que aparece no navegador, em "
    "PEDIDOS_PUBLIC_URL (por exemplo https://pedidos.loja.example)."
)


def _foreign_page() -> Problem:
    # Not the Origin itself: whoever runs the server might type it in.
    return forbidden(
        f"Esta página não pode usar este servidor. {_SAY_THE_ADDRESS} Se é a de outro programa seu, ponha a origem"
        " dela em PEDIDOS_CORS_ORIGINS."
    )


def _wrong_name(*, only_loopback: bool) -> Problem:
    if only_loopback:
        detail = (
            "Este servidor está aberto só a este computador, e só atende por localhost ou 127.0.0.1. Para atender por"
            " outro nome, crie um token (pedidos token create); atrás de um proxy, diga também o endereço que aparece"
            " no navegador (PEDIDOS_PUBLIC_URL)."
        )
    else:
        detail = (
            "Este servidor não atende por esse nome. Use o endereço IP ou o nome do computador, ou configure o nome"
            " em PEDIDOS_HOSTS (atrás de um proxy, o endereço que aparece no navegador, em PEDIDOS_PUBLIC_URL)."
        )
    return Problem(421, "Nome desconhecido", detail)


def _behind_a_proxy() -> Problem:
    return forbidden(
        "Este servidor está aberto só a este computador, mas a requisição veio por um proxy: por ele, a rede inteira"
        " entraria. Diga quantos proxies há à frente (PEDIDOS_TRUSTED_HOPS=1) e crie um token (pedidos token create),"
        " ou abra o servidor de propósito com PEDIDOS_AUTH=off."
    )
