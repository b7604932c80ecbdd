"""The calls of this server: each is declared once, at the function that answers it, and answered past Flask.

A route says the method and the path, what is needed to come in, and what the API's description says of it. From these
declarations the router finds the function, the guard knows whom to let in, and Flask has the rules by which it makes
that description and answers what no function here does: an unknown path (404), another method (405), OPTIONS.
Flask's own way to a view and back takes longer than all else that a call needs, so no call goes by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from pydantic import BaseModel
from werkzeug.routing import BaseConverter

from .guard import Guard, Needs
from .problems import error_reply
from .replies import Reply
from .requests import Call, is_upgrade

UPGRADE = "UPGRADE"
"""In the place of a method: a GET that asks for a WebSocket."""

Handler = Callable[[Call], "Reply | WSGIApplication | None"]
"""What answers a call. None: the socket has another owner now, who answers."""
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    """As Flask writes it; at most one part of it is variable, which the call then has as ``named``."""
    needs: Needs
    summary: str = ""
    """Without one it is not in the API's description."""
    responses: Mapping[str | int, Any] = field(default_factory=dict)
    """What the description says of each status; see ``descriptions.answers``."""
    models: Mapping[str, type[BaseModel]] = field(default_factory=dict)
    """What the description says of its ``path``, ``query`` and ``body``."""
    asks: tuple[str, ...] = ()
    """Headers of the request that count."""
    gives: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Headers of the answer, by status."""
    order_id: str = ""
    """Where the description finds the id of the order that the answer is about, for what can be done with it next."""
    name: str = ""
    handle: Handler | None = None


def route(method: str, path: str, needs: Needs, summary: str = "", **described: Any) -> Callable[[F], F]:
    """Declares that a method of a class answers a call. The keywords are those of Route."""

    def declare(function: F) -> F:
        declared = Route(method, path, needs, summary, **described, name=function.__name__)
        function.route = declared  # type: ignore[attr-defined]
        return function

    return declare


def routes_of(owner: object) -> list[Route]:
    """Those that the methods of ``owner`` answer, in the order of their declaration."""
    return [
        replace(function.route, handle=getattr(owner, name))
        for name, function in vars(type(owner)).items()
        if hasattr(function, "route")
    ]


class Router:
    """Answers the calls of ``routes``, and has ``application``, Flask's, answer the rest."""

    def __init__(self, application: WSGIApplication, guard: Guard, routes: Iterable[Route], max_body: int) -> None:
        self._application, self._guard, self._max_body = application, guard, max_body
        self._by_path: dict[str, dict[str, Route]] = {}
        self._by_pattern: dict[re.Pattern[str], dict[str, Route]] = {}
        for each in routes:
            if "<" in each.path:
                self._by_pattern.setdefault(_pattern(each.path), {})[each.method] = each
            else:
                self._by_path.setdefault(each.path, {})[each.method] = each

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        methods, named = self._find(environ["PATH_INFO"])
        found = methods.get(_method(environ))
        if found is None:
            return self._application(environ, start_response)
        try:
            visitor = self._guard.admit(environ, found.needs)
            call = Call(environ, visitor, named, self._guard.still_admits, self._max_body)
            answer = found.handle(call)  # type: ignore[misc]
        except Exception as error:  # noqa: BLE001 (answered, and logged where it is ours)
            answer = error_reply(error, environ)
        return answer(environ, start_response) if answer is not None else []

    def _find(self, path: str) -> tuple[Mapping[str, Route], str]:
        """The routes of a path by their methods, and what its variable part is."""
        methods = self._by_path.get(path)
        if methods is not None:
            return methods, ""
        for pattern, methods in self._by_pattern.items():
            found = pattern.fullmatch(path)
            if found is not None:
                return methods, found[1]
        return {}, ""


def _method(environ: Mapping[str, Any]) -> str:
    method: str = environ["REQUEST_METHOD"]
    if is_upgrade(environ):
        return UPGRADE if method == "GET" else ""
    return "GET" if method == "HEAD" else method


class OrderIdConverter(BaseConverter):
    """``<order_id:…>``: digits, as few as SQLite's integers take. Any other id is that of no order."""

    regex = "[0-9]{1,18}"


def _pattern(path: str) -> re.Pattern[str]:
    """Of a path as Flask writes it."""
    before, variable, after = re.split("<(.+)>", path)
    value = {"order_id": OrderIdConverter.regex, "path": ".+"}.get(variable.partition(":")[0], "[^/]+")
    return re.compile(f"{re.escape(before)}({value}){re.escape(after)}")
