"""Idempotency-Key on POST, PATCH and DELETE: the same request again does nothing twice."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from tests.support.checks import assert_problem, position, unique
from tests.support.live_server import ORDERS, LiveServer


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def assert_same_answer(first: requests.Response, again: requests.Response) -> None:
    assert again.status_code == first.status_code
    assert again.content == first.content
    for name in ("ETag", "Location", "Content-Type"):
        assert again.headers.get(name) == first.headers.get(name), name


def test_post_again(server: LiveServer) -> None:
    headers, body = key(), {"cliente": unique("Cliente")}
    first = server.post(ORDERS, json=body, headers=headers)
    cursor = server.cursor()
    assert first.status_code == 201
    for _ in range(2):
        assert_same_answer(first, server.post(ORDERS, json=body, headers=headers))
    assert server.cursor() == cursor
    assert len(server.get(ORDERS, params={"q": body["cliente"]}).json()) == 1


def test_without_a_key_or_under_another_it_is_done_again(server: LiveServer) -> None:
    body = {"cliente": unique("Cliente")}
    for headers in ({}, {}, key(), key()):
        assert server.post(ORDERS, json=body, headers=headers).status_code == 201
    assert len(server.get(ORDERS, params={"q": body["cliente"]}).json()) == 4


def test_patch_again_answers_as_the_first_time(server: LiveServer) -> None:
    """Even when somebody has changed the order since: it does not undo their change."""
    order, headers = server.create(), key()
    url = f"{ORDERS}{order['id']}"
    first = server.patch(url, json={"observacao": "um"}, headers=headers)
    later = server.change(order["id"], observacao="dois")
    assert_same_answer(first, server.patch(url, json={"observacao": "um"}, headers=headers))
    assert server.get(url).json() == later


def test_a_patch_without_change_is_remembered_too(server: LiveServer) -> None:
    order, headers = server.create(), key()
    url = f"{ORDERS}{order['id']}"
    first = server.patch(url, json={"costura": False}, headers=headers)
    later = server.change(order["id"], costura=True)
    assert_same_answer(first, server.patch(url, json={"costura": False}, headers=headers))
    assert server.get(url).json() == later


def test_patch_again_with_the_if_match_it_has_outdated(server: LiveServer) -> None:
    order = server.create()
    headers = {**key(), "If-Match": '"1"'}
    url = f"{ORDERS}{order['id']}"
    first = server.patch(url, json={"costura": True}, headers=headers)
    assert first.status_code == 200
    assert_same_answer(first, server.patch(url, json={"costura": True}, headers=headers))


def test_delete_again(server: LiveServer) -> None:
    order, headers = server.create(), key()
    url = f"{ORDERS}{order['id']}"
    first = server.delete(url, headers=headers)
    assert first.status_code == 200
    assert_same_answer(first, server.delete(url, headers=headers))
    assert_problem(server.delete(url), 404)


def test_post_again_after_the_order_was_deleted(server: LiveServer) -> None:
    headers, body = key(), {"cliente": unique("Cliente")}
    first = server.post(ORDERS, json=body, headers=headers)
    server.delete(f"{ORDERS}{first.json()['id']}")
    assert_same_answer(first, server.post(ORDERS, json=body, headers=headers))
    assert server.get(ORDERS, params={"q": body["cliente"]}).json() == []


@pytest.mark.parametrize("what", ["body", "path", "method", "if-match", "without if-match"])
def test_another_request_under_the_same_key_is_refused(server: LiveServer, what: str) -> None:
    order, other = server.create(), server.create()
    headers = {**key(), "If-Match": '"1"'}
    url, body = f"{ORDERS}{order['id']}", {"costura": True}
    assert server.patch(url, json=body, headers=headers).status_code == 200
    cursor = server.cursor()
    second: dict[str, tuple[str, str, Any, dict[str, str]]] = {
        "body": ("PATCH", url, {"costura": False}, headers),
        "path": ("PATCH", f"{ORDERS}{other['id']}", body, headers),
        "method": ("DELETE", url, None, headers),
        "if-match": ("PATCH", url, body, {**headers, "If-Match": '"2"'}),
        "without if-match": ("PATCH", url, body, {"Idempotency-Key": headers["Idempotency-Key"]}),
    }
    method, path, sent, sent_headers = second[what]
    assert_problem(server.request(method, path, json=sent, headers=sent_headers), 422)
    assert server.cursor() == cursor


def test_errors_are_not_remembered(server: LiveServer) -> None:
    headers = key()
    assert_problem(server.post(ORDERS, json={"cliente": ""}, headers=headers), 422)
    taken = server.create()
    assert_problem(server.post(ORDERS, json={"cliente": "Ana", "numero": taken["numero"]}, headers=headers), 409)
    assert server.post(ORDERS, json={"cliente": "Ana"}, headers=headers).status_code == 201

    order, headers = server.create(), {**key(), "If-Match": '"2"'}
    url = f"{ORDERS}{order['id']}"
    assert_problem(server.patch(url, json={"costura": True}, headers=headers), 412)
    server.change(order["id"], observacao="agora é a 2")
    assert server.patch(url, json={"costura": True}, headers=headers).status_code == 200

    headers = key()
    assert_problem(server.delete(f"{ORDERS}999999999", headers=headers), 404)
    assert server.delete(url, headers=headers).status_code == 200


def test_of_several_at_once_one_executes_and_all_get_its_answer(server: LiveServer) -> None:
    headers, body = key(), {"cliente": unique("Cliente")}
    before = server.cursor()
    start = threading.Barrier(8)

    def send(_: int) -> requests.Response:
        start.wait()
        return server.post(ORDERS, json=body, headers=headers)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    for answer in answers:
        assert answer.status_code == 201, answer.text
        assert_same_answer(answers[0], answer)
    assert len(server.get(ORDERS, params={"q": body["cliente"]}).json()) == 1
    assert position(server.cursor()) == position(before) + 1


def test_of_different_ones_at_once_under_one_key_one_executes(server: LiveServer) -> None:
    headers, client = key(), unique("Cliente")
    start = threading.Barrier(6)

    def send(number: int) -> int:
        start.wait()
        body = {"cliente": client, "observacao": str(number)}
        return server.post(ORDERS, json=body, headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(send, range(6))) == [201] + [422] * 5
    assert len(server.get(ORDERS, params={"q": client}).json()) == 1


def test_keys_survive_a_kill_for_a_day(start_server: Callable[..., LiveServer]) -> None:
    server = start_server()
    headers, body = key(), {"cliente": "Ana"}
    first = server.post(ORDERS, json=body, headers=headers)
    server.kill()
    server.restart()
    assert_same_answer(first, server.post(ORDERS, json=body, headers=headers))
    assert len(server.get(ORDERS).json()) == 1

    server.stop()
    a_day_ago = datetime.now(UTC) - timedelta(hours=24, minutes=1)
    with closing(sqlite3.connect(server.database_path)) as database, database:
        database.execute("UPDATE resposta SET criado_em = ?", [a_day_ago.strftime("%Y-%m-%dT%H:%M:%S.000Z")])
    server.restart()
    assert server.post(ORDERS, json=body, headers=headers).json()["id"] != first.json()["id"]


@pytest.mark.parametrize("odd", ["", "x" * 300, "x" * 5000, "ç", '"entre aspas"'])
def test_an_odd_key_is_used_or_refused(server: LiveServer, odd: str) -> None:
    headers = {"Idempotency-Key": (odd + uuid.uuid4().hex if odd.strip() else odd).encode("latin-1")}
    response = server.post(ORDERS, json={"cliente": "Ana"}, headers=headers)
    assert response.status_code in (201, 400, 422), response.text
    if response.status_code == 201 and odd.strip():
        assert_same_answer(response, server.post(ORDERS, json={"cliente": "Ana"}, headers=headers))
