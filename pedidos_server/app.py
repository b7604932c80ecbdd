"""``create_app(settings)``: all the wiring, and the order in which things start and stop."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from zoneinfo import ZoneInfo

import gevent
from flask import Flask
from flask_cors.core import get_cors_options
from flask_openapi3 import Info, Tag
from werkzeug.middleware.proxy_fix import ProxyFix

from . import __version__
from .config import Settings
from .domain.roles import Principal
from .errors import Problem, StartupError
from .fd_limit import usable_descriptors
from .origins import Origins
from .storage.base import Database, Retention, Transaction
from .storage.open import open_database
from .storage.writer import Writer
from .stream.hub import Hub
from .stream.io_uring import open_ring
from .timekeeping import Clock
from .web.access import Access, check_start
from .web.descriptions import Problema
from .web.downloads import Downloads
from .web.guard import Guard, register_guard
from .web.middleware import CommonHeaders, Middleware
from .web.openapi import DescribedApp
from .web.operations import Operations
from .web.orders import PREFIX, Orders
from .web.pages import OF_LIBRARIES, STATIC, pages_blueprint
from .web.problems import register_errors
from .web.rate_limits import RateLimits
from .web.routes import OrderIdConverter, Router, routes_of
from .web.session import Session, extend_sessions
from .web.static_files import StaticFiles
from .web.streams import Streams, register_websocket

log = logging.getLogger("pedidos.server")

CLEANING_SECONDS = 5.0
ACCESS_SECONDS = 1.0
"""A token made or revoked beside a running server is noticed within that."""
LOOK_SECONDS = 3_600.0
"""How often open streams are looked through for sessions that they use."""
AT_START = 4096
"""Events that are read for those who come back after a restart; who has missed more reads the log."""
API = "/api/v1"
ROOM_FOR_HTTP = 500
"""File descriptors that streams may not use up."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running application. ``close()`` ends it in order: the last write is committed, answered and sent to
    every stream before any stream is closed, and the file is given back last."""

    app: Flask
    hub: Hub
    writer: Writer
    database: Database
    access: Access
    background_tasks: tuple[gevent.Greenlet, ...]
    """Work beside the requests."""

    def close(self) -> None:
        gevent.killall(list(self.background_tasks))
        finished = self.writer.close()
        self.hub.close()
        if finished:  # else the process ends with the write under way, as if it had been killed
            self.database.close()


def create_app(settings: Settings, reachable_at: str | None = "o servidor") -> Server:
    """Opens the database and wires everything. Needs gevent's monkey patching, done before any import.

    ``reachable_at`` names the address by which other machines reach it; None where none can.

    Raises StartupError with a message for whoever starts the server.
    """
    database = open_database(
        settings.database,
        synchronous=settings.synchronous,
        busy_timeout=settings.busy_timeout,
        cache_mb=settings.cache_mb,
    )
    try:
        head = database.head()
        newest = database.newest_events(min(settings.tail_events, AT_START), settings.tail_bytes)
        access = Access(settings.auth)
        access.refresh(database)
        check_start(access, mode=settings.auth, database=settings.database, where=reachable_at)
    except Problem as problem:
        database.close()
        raise StartupError(f"{database.name}: {problem.detail}") from None
    except StartupError:
        database.close()
        raise
    hub = Hub(
        head=head.cursor,
        newest=newest,
        read_page=database.events_after,
        server_version=__version__,
        tail_events=settings.tail_events,
        tail_bytes=settings.tail_bytes,
        heartbeat=settings.heartbeat,
        ring=open_ring(),
    )
    writer = Writer(database.transactions, hub.publish, Clock(head.when))
    downloads = Downloads()
    app = _flask_app(settings, database, hub, writer, access, downloads)
    retention = Retention(settings.retention_events, settings.retention_days, settings.retention_bytes)
    cleaner = gevent.spawn(_clean, writer, retention)
    refresher = gevent.spawn(_refresh_access, database, access, hub, writer, downloads)
    server = Server(app, hub, writer, database, access, (cleaner, refresher))
    if database.is_new:
        log.warning("new, empty database", extra={"path": database.name})
    app.extensions["pedidos"] = server
    return server


def freeze_gc() -> None:
    """For a process that goes on to serve: what is there now stays, so no full collection need walk it again, for
    tens of milliseconds in which no stream is served."""
    gc.collect()
    gc.freeze()


def _flask_app(
    settings: Settings, database: Database, hub: Hub, writer: Writer, access: Access, downloads: Downloads
) -> Flask:
    app: Any = DescribedApp(
        "pedidos_server",
        info=Info(title="Pedidos", version=__version__, description="Servidor de pedidos em tempo real"),
        validation_error_model=Problema,
        static_folder=None,
    )
    # No path redirects: the middleware drops the last slash.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False
    app.url_map.converters["order_id"] = OrderIdConverter
    app.json.ensure_ascii = False
    register_errors(app)
    rate_limits = RateLimits(settings.max_writes)
    origins = Origins(settings.cors_origins, settings.hosts, settings.public_url)
    guard = Guard(access, origins, rate_limits, settings.trusted_hops)
    register_guard(app, guard, OF_LIBRARIES)
    zone = ZoneInfo(settings.timezone) if settings.timezone else None
    session = Session(STATIC, access, database, writer, hub, rate_limits, settings.public_url)
    common_headers = CommonHeaders(
        _cors_options(app), lambda origin: origins.is_listed(origin, open_server=access.open), session.renew
    )
    room = max(1, usable_descriptors() - ROOM_FOR_HTTP)
    most = min(settings.max_subscribers, room)
    streams = Streams(database, hub, common_headers, most, settings.max_message, settings.max_streams)
    app.add(
        "orders",
        routes_of(Orders(database, writer, downloads, zone)),
        Tag(name="pedidos", description="Os pedidos"),
        PREFIX,
    )
    app.add(
        "operations",
        routes_of(Operations(database, hub, writer)),
        Tag(name="operação", description="Para quem cuida do servidor"),
    )
    app.add("session", routes_of(session), Tag(name="sessão", description="Entrar e sair"))
    app.add("streams", routes_of(streams))
    register_websocket(app)
    files = StaticFiles(STATIC)
    app.add("static", routes_of(files))
    app.register_blueprint(pages_blueprint(files, settings.public_url))
    # From the outside in: ProxyFix, the middleware, the router, Flask.
    router = Router(app.wsgi_app, guard, app.routes, settings.max_body)
    app.wsgi_app = Middleware(router, common_headers, API, _first_segments(app, API))
    if settings.trusted_hops:
        # Not X-Forwarded-Host: the proxies keep Host, and few would remove what a stranger put there.
        app.wsgi_app = ProxyFix(
            app.wsgi_app, x_for=settings.trusted_hops, x_proto=settings.trusted_hops, x_host=0, x_port=0, x_prefix=0
        )
    return cast("Flask", app)


def _first_segments(app: Flask, api: str) -> frozenset[str]:
    """``pedidos`` for ``/api/v1/pedidos/…``, and so on."""
    below = (
        rule.rule.removeprefix(f"{api}/") for rule in app.url_map.iter_rules() if rule.rule.startswith(f"{api}/")
    )
    return frozenset(rule.partition("/")[0] for rule in below)


def _cors_options(app: Flask) -> Any:
    return get_cors_options(
        app,
        {
            "origins": "*",  # each by its name: the middleware asks for these headers only where the origin may read
            "send_wildcard": False,
            "methods": ["GET", "POST", "PATCH", "DELETE"],
            "allow_headers": [
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-Match",
                "If-None-Match",
                "Last-Event-ID",
                "X-Pedidos-Autor",
                "X-Pedidos-Cliente",
            ],
            "expose_headers": ["ETag", "Link", "Location", "Retry-After", "X-Total-Count", "X-Pedidos-Cursor"],
            "max_age": 600,
            "always_send": False,
        },
    )


def _refresh_access(database: Database, access: Access, hub: Hub, writer: Writer, downloads: Downloads) -> None:
    """Notices tokens and sessions that came or went, and ends the streams and downloads of those that went. A session
    with an open stream is in use, and lasts longer. As any read, it also notices that the file was replaced while
    nobody reads or writes."""

    def is_valid(principal: Principal) -> bool:
        found.add(principal)
        return access.is_valid(principal)

    next_look = 0.0
    said = ""
    while True:
        gevent.sleep(ACCESS_SECONDS)
        try:
            if access.refresh(database) or time.monotonic() > next_look:
                next_look = time.monotonic() + LOOK_SECONDS
                found: set[Principal] = set()
                hub.end_streams(is_valid)
                extend_sessions(writer, [each for each in found if access.is_extendable(each)])
            downloads.hang_up(access.is_valid)
            said = ""
        except Problem as problem:  # until the database answers, those who were valid are
            if said != problem.detail:
                log.warning("tokens not read", extra={"reason": problem.detail})
            said = problem.detail
        except Exception:
            log.exception("tokens not read")


def _clean(writer: Writer, retention: Retention) -> None:
    """Prunes the log and old idempotent answers, in small transactions that yield to every waiting write."""

    def until_nothing_is_left(step: Callable[[], int]) -> None:
        while step():
            gevent.sleep(0.01)

    def prune(transaction: Transaction) -> int:
        return transaction.prune(retention, writer.clock.own())

    def forget(transaction: Transaction) -> int:
        return transaction.forget_answers(writer.clock.own())

    while True:
        gevent.sleep(CLEANING_SECONDS)
        try:
            until_nothing_is_left(lambda: writer.run(prune, background=True))
            until_nothing_is_left(lambda: writer.run(forget, background=True))
        except Problem as problem:
            log.warning("cleaning postponed", extra={"reason": problem.detail})
        except Exception:
            log.exception("cleaning failed")
