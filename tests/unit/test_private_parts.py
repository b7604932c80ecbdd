"""What the server uses of libraries without their promise: an upgrade that changes such a part is told in words here,
and not by a server that behaves oddly.

Where one of these fails: see what the new version does instead, in the place that the message names, and then move
the upper bound in setup.cfg.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

import flask_cors.core
import flask_openapi3
import flask_sock
import gevent
import peewee
import pydantic
import pytest
from gevent.baseserver import BaseServer
from gevent.hub import Waiter
from gevent.monkey import get_original
from gevent.pywsgi import WSGIHandler, WSGIServer
from gevent.server import StreamServer
from gevent.threadpool import ThreadPool
from wsproto.frame_protocol import FrameDecoder, MessageDecoder, Opcode, ParseFailed

from pedidos_server.server.body import Body
from pedidos_server.server.handler import Handler
from pedidos_server.server.http_server import HttpServer
from pedidos_server.server.reader import Reader

HTTP = "server/handler.py or http_server.py"


def named(value: object) -> str:
    """In a test's id, the same in each of pytest's workers: without the address that a function's text has."""
    return str(getattr(value, "__name__", value))


def parameters(function: Callable[..., Any]) -> list[str]:
    return [str(each).split("=")[0].split(":")[0] for each in inspect.signature(function).parameters.values()]


def names_in(function: Callable[..., Any]) -> set[str]:
    """What the code of a function, and of those inside it, looks up by name."""

    def of(code: CodeType) -> set[str]:
        inner = (of(constant) for constant in code.co_consts if isinstance(constant, CodeType))
        return {*code.co_names, *code.co_freevars, *code.co_cellvars}.union(*inner)

    return of(inspect.unwrap(function).__code__)


# ---- methods of theirs that ours stand for: theirs have the same parameters, and are called from where they were

OVERRIDDEN = [
    (WSGIHandler, "__init__", "self sock address server rfile", None),
    (WSGIHandler, "handle", "self", WSGIServer.handle),
    (WSGIHandler, "read_requestline", "self", WSGIHandler.handle_one_request),
    (WSGIHandler, "read_request", "self raw_requestline", WSGIHandler.handle_one_request),
    (WSGIHandler, "_handle_client_error", "self ex", WSGIHandler.handle_one_request),
    (WSGIHandler, "get_environ", "self", WSGIHandler.handle_one_request),
    (WSGIHandler, "handle_one_response", "self", WSGIHandler.handle_one_request),
    (WSGIHandler, "handle_error", "self t v tb", WSGIHandler.handle_one_response),
    (WSGIHandler, "log_request", "self", WSGIHandler.handle_one_response),
    (WSGIHandler, "_write_with_headers", "self data", WSGIHandler.write),
    (WSGIHandler, "finalize_headers", "self", WSGIHandler._write_with_headers),
    (WSGIHandler, "_sendall", "self data", WSGIHandler._write_with_headers),
    (StreamServer, "do_read", "self", BaseServer._do_read),
    (BaseServer, "close", "self", BaseServer.stop),
    (BaseServer, "stop", "self timeout", BaseServer.serve_forever),
]


@pytest.mark.parametrize(("theirs", "method", "wanted", "called_from"), OVERRIDDEN, ids=named)
def test_what_is_overridden_is_still_called(
    theirs: type, method: str, wanted: str, called_from: Callable[..., Any] | None
) -> None:
    assert hasattr(theirs, method), f"gevent's {theirs.__name__}.{method} is gone; {HTTP} overrides it"
    found = parameters(getattr(theirs, method))
    assert found == wanted.split(), f"gevent's {theirs.__name__}.{method} takes {found}; {HTTP} overrides it"
    if called_from is not None:
        assert method in names_in(called_from), (
            f"gevent's {called_from.__qualname__} no longer calls {method}, which {HTTP} overrides"
        )


CLASS_PARTS = {"__module__", "__doc__", "__annotations__", "__init__", "__static_attributes__", "__firstlineno__"}
"""What the interpreter puts into each class; the last two since 3.13."""


def test_all_that_is_overridden_stands_here() -> None:
    listed = {(theirs, method) for theirs, method, *_ in OVERRIDDEN}
    attributes = {"socket", "rfile", "wsgi_input", "max_accept"}
    for ours, bases in ((Handler, (WSGIHandler,)), (HttpServer, (BaseServer, StreamServer, WSGIServer))):
        for name in vars(ours).keys() - CLASS_PARTS - attributes:
            owners = [base for base in bases if name in vars(base)]
            assert not owners or any((base, name) in listed for base in owners), (
                f"{HTTP} overrides {owners[0].__name__}.{name}: enter it into OVERRIDDEN"
            )


# ---- what theirs ask of objects that are ours

ASKED = [
    (WSGIHandler.handle_one_response, "_discard", Body, "server/body.py ends a request's body there"),
    (WSGIHandler.handle_one_request, "closed", Reader, "server/reader.py is pywsgi's rfile"),
]


@pytest.mark.parametrize(("theirs", "name", "ours", "where"), ASKED, ids=named)
def test_what_is_ours_is_asked_for_what_it_has(theirs: Callable[..., Any], name: str, ours: type, where: str) -> None:
    assert name in names_in(theirs), f"gevent's {theirs.__qualname__} no longer asks for {name}: {where}"
    assert hasattr(ours, name), f"{ours.__name__} has no {name}, which gevent's {theirs.__qualname__} asks for"


# ---- attributes of theirs that ours read or set

ATTRIBUTES = [
    (WSGIHandler, "close_connection", HTTP),
    (WSGIHandler, "response_headers", HTTP),
    (WSGIHandler, "environ", HTTP),
    (WSGIHandler, "command", HTTP),
    (WSGIHandler, "path", HTTP),
    (WSGIHandler, "request_version", HTTP),
    (WSGIHandler, "requestline", HTTP),
    (BaseServer, "max_accept", HTTP),
    (BaseServer, "stop_accepting", HTTP),
    (BaseServer, "_start_accepting_if_started", HTTP),
    (BaseServer, "do_handle", HTTP),
    (BaseServer, "full", HTTP),
    (BaseServer, "closed", HTTP),
    (BaseServer, "server_port", "server/embedded.py announces it"),
    (Waiter, "switch", "storage/sqlite/dedicated_thread.py"),
    (Waiter, "get", "storage/sqlite/dedicated_thread.py"),
    (ThreadPool, "spawn", "storage/sqlite/dedicated_thread.py"),
    (ThreadPool, "kill", "storage/sqlite/dedicated_thread.py"),
    (flask_sock, "Server", "web/streams.py puts its own handshake there"),
    (flask_openapi3.OpenAPI, "generate_spec_json", "web/openapi.py completes what it makes"),
    (peewee.Query, "bind", "storage/sqlite/statements.py renders SQL so"),
    (peewee.Query, "sql", "storage/sqlite/statements.py renders SQL so"),
    (FrameDecoder, "receive_bytes", "stream/protocol.py"),
    (FrameDecoder, "process_buffer", "stream/protocol.py"),
    (MessageDecoder, "process_frame", "stream/protocol.py"),
]


@pytest.mark.parametrize(("theirs", "name", "where"), ATTRIBUTES, ids=named)
def test_what_is_used_is_there(theirs: Any, name: str, where: str) -> None:
    assert hasattr(theirs, name), f"{theirs.__name__}.{name} is gone: {where}"


# ---- and how it behaves


def test_a_server_of_gevents_has_a_pool_to_be_joined() -> None:
    server = WSGIServer(("127.0.0.1", 0), lambda *_: [], spawn=gevent.pool.Pool(1))
    assert server.pool is not None and callable(server.pool.join), f"gevent's server.pool: {HTTP} joins it"


def test_the_loop_has_watchers_and_a_time_of_its_turn() -> None:
    where = "stream/loop.py and storage/sqlite/dedicated_thread.py"
    loop = gevent.get_hub().loop
    assert isinstance(loop.now(), float), f"gevent's loop.now(): {where}"
    wake = loop.async_()
    called: list[None] = []
    wake.start(lambda: called.append(None))
    wake.send()
    gevent.sleep(0.01)
    wake.stop()
    wake.close()
    assert called, f"gevent's loop.async_().send() calls: {where}"
    assert parameters(type(loop).io)[:3] == ["self", "fd", "events"], f"gevent's loop.io: {where}"


def test_a_queue_for_threads_is_behind_the_patched_one() -> None:
    queue = get_original("queue", "SimpleQueue")()
    queue.put(1)
    assert queue.get() == 1, "gevent.monkey.get_original: storage/sqlite/dedicated_thread.py"


def test_flask_sock_makes_a_server_of_the_environment_and_asks_for_its_mode() -> None:
    assert {"Server", "environ"} <= names_in(flask_sock.Sock.route), (
        "flask-sock no longer makes Server(request.environ): web/streams.py stands for it"
    )
    source = inspect.getsource(flask_sock)
    assert "ws.mode ==" in source and "'werkzeug'" in source, (
        "flask-sock no longer asks for ws.mode: web/streams.py (Handshake)"
    )


def test_the_frame_decoder_tells_what_it_holds() -> None:
    where = "stream/protocol.py (ClientFrames) looks there"
    frames = FrameDecoder(client=False)
    assert frames.header is None and len(frames.buffer) == 0, f"wsproto's FrameDecoder.header and .buffer: {where}"
    frames.receive_bytes(b"\x81\x85keys" + b"a")
    assert frames.process_buffer() is not None or frames.header is not None, f"wsproto's FrameDecoder: {where}"
    assert frames.header is not None, where
    assert frames.header.opcode is Opcode.TEXT and frames.header.payload_len == 5, f"wsproto's Header: {where}"
    assert MessageDecoder().opcode is None, f"wsproto's MessageDecoder.opcode: {where}"
    with pytest.raises(ParseFailed) as failed:
        frames = FrameDecoder(client=False)
        frames.receive_bytes(b"\xf1\x80keys")
        frames.process_buffer()
    assert failed.value.code, f"wsproto's ParseFailed.code: {where}"


def test_peewee_renders_without_a_connection() -> None:
    class Row(peewee.Model):
        name = peewee.TextField()

    value = peewee.Value("?", converter=False)
    sql, given = Row.select(Row.name).where(Row.name == value).bind(peewee.SqliteDatabase(None)).sql()
    assert "WHERE" in sql and given == ["?"], "peewee's Query.bind(…).sql(): storage/sqlite/statements.py"


def test_flask_cors_makes_headers_of_options_alone() -> None:
    where = "app.py and web/middleware.py"
    assert parameters(flask_cors.core.get_cors_headers) == ["options", "request_headers", "request_method"], where
    assert parameters(flask_cors.core.get_cors_options) == ["appInstance", "*dicts"], where


def test_flask_openapi3_keeps_its_document_where_it_was() -> None:
    assert "spec_json" in names_in(flask_openapi3.OpenAPI.generate_spec_json), "flask-openapi3: web/openapi.py"


def test_pydantic_names_its_faults_as_before() -> None:
    class Model(pydantic.BaseModel):
        names: list[str] = pydantic.Field(max_length=1)
        text: str = pydantic.Field(max_length=1)

    with pytest.raises(pydantic.ValidationError) as failed:
        Model.model_validate({"names": ["a", "b"], "text": "ab", "more": 1})
    faults = {fault["type"]: fault.get("ctx", {}) for fault in failed.value.errors(include_url=False)}
    where = "web/problems.py has words for these"
    assert faults["too_long"]["field_type"] == "List" and faults["too_long"]["max_length"] == 1, where
    assert faults["string_too_long"]["max_length"] == 1, where


@pytest.mark.skipif(sys.platform == "win32", reason="no gunicorn on Windows")
def test_gunicorns_worker_has_what_ours_uses() -> None:
    from gunicorn.config import Config
    from gunicorn.workers.base import Worker
    from gunicorn.workers.ggevent import GeventWorker

    from pedidos_server.server.gunicorn import _WITHOUT_EFFECT

    where = "server/gunicorn.py"
    for name in ("init_process", "run", "patch", "load_wsgi"):
        assert hasattr(GeventWorker, name), f"gunicorn's GeventWorker.{name}: {where}"
    assert "run" in names_in(Worker.init_process), f"gunicorn's Worker.init_process calls run: {where}"
    made = names_in(Worker.__init__) | names_in(Worker.load_wsgi)
    for name in ("sockets", "alive", "ppid", "tmp", "wsgi"):
        assert name in made, f"gunicorn's Worker.{name}: {where}"
    settings = Config().settings
    for name in (*_WITHOUT_EFFECT, "worker_class", "workers"):
        assert name in settings, f"gunicorn has no setting {name}: {where}"
        assert hasattr(settings[name], "cli") and callable(settings[name].get), f"gunicorn's Setting: {where}"
    assert hasattr(Config, "worker_class_str"), f"gunicorn's Config.worker_class_str: {where}"
