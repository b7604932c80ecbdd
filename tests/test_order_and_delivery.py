"""One event for each committed change, to every client, in order."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.checks import event_of, position, unique
from tests.support.live_server import ORDERS, LiveServer
from tests.support.stream_clients import RawWebSocket, Stream

SERVER_SET = {"versao", "ultima_atualizacao"}
Connect = Callable[..., Stream]


@pytest.fixture
def stream(server: LiveServer, connect: Connect, transport: str) -> Stream:
    stream = connect(server, transport)
    stream.expect("connection")
    return stream


def test_the_event_of_a_create(server: LiveServer, stream: Stream) -> None:
    order = server.create(financeiro=True)
    event = stream.expect("pedido_update")
    assert event["action"] == "create"
    assert event["pedido_id"] == order["id"]
    assert event["data"] == order == server.get(f"{ORDERS}{order['id']}").json()
    assert event["versao"] == 1
    assert event["timestamp"].endswith(("Z", "+00:00"))
    assert set(event["changed"]) >= {"cliente", "financeiro"}
    assert event["cursor"] == server.cursor()


def test_the_event_of_an_update(server: LiveServer, stream: Stream) -> None:
    order = server.create()
    after = server.change(order["id"], costura=True, observacao="urgente", cliente=order["cliente"])
    stream.expect("pedido_update")
    event = stream.expect("pedido_update")
    assert event["action"] == "update"
    assert event["pedido_id"] == order["id"]
    assert event["data"] == after
    assert event["versao"] == 2
    assert set(event["changed"]) - SERVER_SET == {"costura", "observacao"}


def test_the_event_of_a_delete(server: LiveServer, stream: Stream) -> None:
    order = server.create()
    server.delete(f"{ORDERS}{order['id']}")
    stream.expect("pedido_update")
    event = stream.expect("pedido_update")
    assert event["action"] == "delete"
    assert event["pedido_id"] == order["id"]
    assert event["data"] is None
    assert event["versao"] == 2
    assert isinstance(event["changed"], list)


def test_every_message_has_every_field(server: LiveServer, stream: Stream) -> None:
    order = server.create()
    server.change(order["id"], costura=True)
    server.delete(f"{ORDERS}{order['id']}")
    for event in stream.updates(3):
        assert set(event) >= {
            *["type", "action", "pedido_id", "data", "timestamp", "cursor", "versao", "changed", "autor"],
            "origem",
        }


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_origin_and_author_come_with_the_event(server: LiveServer, stream: Stream, method: str) -> None:
    order = server.create()
    stream.expect("pedido_update")
    origin = uuid.uuid4().hex
    path = ORDERS if method == "POST" else f"{ORDERS}{order['id']}"
    body = {"POST": {"cliente": "Bia"}, "PATCH": {"costura": True}}.get(method)
    headers = {"X-Pedidos-Cliente": origin, "X-Pedidos-Autor": "Jo%C3%A3o"}
    assert server.request(method, path, json=body, headers=headers).ok
    event = stream.expect("pedido_update")
    assert (event["origem"], event["autor"]) == (origin, "João")


def test_without_them_both_are_empty(server: LiveServer, stream: Stream) -> None:
    server.create()
    event = stream.expect("pedido_update")
    assert not event["origem"]
    assert not event["autor"]


def test_events_come_in_cursor_order_one_apart(server: LiveServer, stream: Stream) -> None:
    start = position(server.cursor())
    order = server.create()
    for number in range(50):
        server.change(order["id"], observacao=str(number))
    events = stream.updates(51)
    assert [position(event["cursor"]) for event in events] == list(range(start + 1, start + 52))
    assert [event["versao"] for event in events] == list(range(1, 52))


def test_every_client_gets_every_event_once(server: LiveServer, connect: Connect) -> None:
    streams = [connect(server, transport) for transport in ("websocket", "sse") * 10]
    for stream in streams:
        stream.expect("connection")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: server.create(observacao=str(n)), range(40)))
    sequences = [[event["cursor"] for event in stream.updates(40)] for stream in streams]
    assert len(set(sequences[0])) == 40
    assert sequences.count(sequences[0]) == len(streams)


def test_the_writer_gets_its_own_event(server: LiveServer, stream: Stream) -> None:
    assert event_of(stream, server.create()["id"])["action"] == "create"


NOTHING_HAPPENS: dict[str, tuple[str, dict[str, Any]]] = {
    "no change": ("PATCH", {"json": {"costura": False}}),
    "an empty patch": ("PATCH", {"json": {}}),
    "read-only fields": ("PATCH", {"json": {"versao": 7, "id": 1}}),
    "400": ("PATCH", {"data": b"{", "headers": {"Content-Type": "application/json"}}),
    "412": ("PATCH", {"json": {"costura": True}, "headers": {"If-Match": '"9"'}}),
    "415": ("PATCH", {"data": b'{"costura": true}'}),
    "422": ("PATCH", {"json": {"costura": True, "status": "perdido"}}),
    "409": ("PATCH", {"json": {"costura": True, "numero": "taken"}}),
    "412 on delete": ("DELETE", {"headers": {"If-Match": '"9"'}}),
    "405": ("PUT", {"json": {"costura": True}}),
}


@pytest.mark.parametrize(("method", "options"), NOTHING_HAPPENS.values(), ids=NOTHING_HAPPENS)
def test_what_changes_nothing_broadcasts_nothing(
    server: LiveServer, stream: Stream, method: str, options: dict[str, Any]
) -> None:
    order = server.create()
    stream.expect("pedido_update")
    if options.get("json", {}).get("numero"):
        taken = server.create()
        stream.expect("pedido_update")
        options = {"json": {**options["json"], "numero": taken["numero"]}}
    server.request(method, f"{ORDERS}{order['id']}", **options)
    assert server.get(f"{ORDERS}{order['id']}").json() == order
    marker = server.create()
    assert stream.expect("pedido_update")["pedido_id"] == marker["id"]


def test_a_create_that_failed_broadcasts_nothing(server: LiveServer, stream: Stream) -> None:
    order = server.create()
    stream.expect("pedido_update")
    for body in ({"cliente": ""}, {"cliente": "Bia", "numero": order["numero"]}):
        assert not server.post(ORDERS, json=body).ok
    marker = server.create()
    event = stream.expect("pedido_update")
    assert event["pedido_id"] == marker["id"]


def test_an_idempotent_retry_broadcasts_nothing(server: LiveServer, stream: Stream) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    for _ in range(3):
        first = server.post(ORDERS, json={"cliente": "Ana"}, headers=headers).json()
    marker = server.create()
    events = stream.updates(2)
    assert [event["pedido_id"] for event in events] == [first["id"], marker["id"]]


def test_a_replica_built_from_events_equals_the_list(server: LiveServer, stream: Stream) -> None:
    client = unique("Cliente")

    def work(number: int) -> None:
        order = server.create(cliente=client, observacao=str(number))
        server.change(order["id"], costura=True)
        server.change(order["id"], items=[{"descricao": f"Faixa {number}"}])
        if number % 3 == 0:
            server.delete(f"{ORDERS}{order['id']}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    replica: dict[int, Any] = {}
    for event in stream.updates(24 * 3 + 8):
        replica[event["pedido_id"]] = event["data"]
    orders = {order["id"]: order for order in server.get(ORDERS, params={"q": client}).json()}
    assert {key: value for key, value in replica.items() if value} == orders


def test_a_client_that_does_not_read_delays_no_answer(server: LiveServer, connect: Connect) -> None:
    """The writer never waits for a subscriber, nor does another subscriber."""
    stalled = RawWebSocket(server, receive_buffer=4096)
    stalled.handshake()
    other = connect(server)
    other.expect("connection")
    item = {"descricao": "Faixa", "imagem": "x" * 300_000}
    for _ in range(8):
        order = server.request("POST", ORDERS, json={"cliente": "Ana", "items": [item]}, timeout=3).json()
        assert other.expect("pedido_update", 3)["pedido_id"] == order["id"]
    stalled.close()
