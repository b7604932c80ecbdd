"""Assertions and small helpers that many contract tests share."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import sys
import uuid
from typing import Any, NoReturn

import pytest
import requests

from tests.support.stream_clients import Message, Stream

SECTORS = ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")


def unique(prefix: str) -> str:
    """A text that no other test has used."""
    return f"{prefix} {uuid.uuid4().hex[:12]}"


def unavailable(reason: str) -> NoReturn:
    """Ends a test that this machine cannot run: a laptop skips it, CI fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def need(what: str, there: object) -> None:
    if not there:
        unavailable(f"{what} is missing")


def require(program: str) -> str:
    """The path of a program, also of one for administrators alone."""
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return path or unavailable(f"{program} is not installed")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def need_load_clients() -> None:
    """What the clients of ``bench`` are compiled with, and for."""
    need("cc", shutil.which("cc"))
    need("Linux", sys.platform == "linux")


def assert_problem(response: requests.Response, status: int) -> dict[str, Any]:
    """An error as RFC 9457 has it, with its words in Portuguese; the problem."""
    assert response.status_code == status, f"{response.status_code}, not {status}: {response.text[:500]}"
    assert media_type(response) == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"].startswith("urn:pedidos:problema:"), problem
    assert problem.get("status", status) == status
    for member in ("title", "detail"):
        assert isinstance(problem[member], str) and problem[member].strip(), problem
    assert problem["title"].lower() != http.client.responses[status].lower(), "the title is in English"
    return problem


def assert_faults(response: requests.Response, *fields: str) -> dict[str, Any]:
    """A 422 that names exactly these fields, each with a message; the problem."""
    problem = assert_problem(response, 422)
    for error in problem["errors"]:
        assert isinstance(error["mensagem"], str) and error["mensagem"], error
    assert sorted({error["campo"] for error in problem["errors"]}) == sorted(fields), problem
    return problem


def media_type(response: requests.Response) -> str:
    return response.headers["Content-Type"].partition(";")[0].strip().lower()


def position(cursor: str) -> int:
    """The number in a cursor, `1234-9f3a61c2`."""
    return int(cursor.partition("-")[0])


def event_of(stream: Stream, order_id: int) -> Message:
    """The next event of this order; events of others are passed over."""
    return stream.until(lambda m: m["type"] == "pedido_update" and m["pedido_id"] == order_id)
