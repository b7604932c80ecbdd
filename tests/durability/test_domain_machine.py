"""The domain against a model: whatever is done in whatever order, the server answers as the model says.

The model holds the orders of one example; others' are on the same server and disturb nothing.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.support.checks import assert_problem
from tests.support.live_server import ORDERS, LiveServer
from tests.support.stream_clients import Stream, open_stream

SECTORS = ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")
EXAMPLES, STEPS = 25, 25

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "cliente": TEXTS.map(lambda text: f"A{text}".strip()),  # with a letter that shows: without, it is blank
    "cidade_cliente": TEXTS,
    "status": st.sampled_from(("pendente", "em_producao", "pronto", "entregue", "cancelado")),
    "prioridade": st.sampled_from(("NORMAL", "ALTA")),
    "observacao": st.none() | TEXTS,
    "valor_total": st.integers(0, 10**9).map(lambda cents: f"{cents // 100}.{cents % 100:02}"),
    "data_entrega": st.none() | st.dates(date(2000, 1, 1), date(2100, 12, 31)).map(lambda day: day.isoformat()),
    "forma_envio_id": st.none() | st.integers(-(2**63), 2**63 - 1),
    **{sector: st.booleans() for sector in SECTORS},
}
CHANGES = st.fixed_dictionaries({}, optional=VALUES)
ORDERS_TO_CREATE = st.fixed_dictionaries(
    {"cliente": VALUES["cliente"]}, optional={name: value for name, value in VALUES.items() if name != "cliente"}
)


@dataclass
class Order:
    """What the model knows of one order."""

    content: dict[str, Any]
    history: list[tuple[str, list[str]]] = field(default_factory=list)
    """(action, names of the changed fields) of each change."""
    gone: bool = False

    @property
    def id(self) -> int:
        order_id: int = self.content["id"]
        return order_id

    @property
    def path(self) -> str:
        return f"{ORDERS}{self.id}"

    @property
    def version(self) -> int:
        return len(self.history)


@dataclass(frozen=True)
class Done:
    """A write with a key that succeeded, and its answer."""

    method: str
    path: str
    options: dict[str, Any]
    status: int
    answer: bytes
    etag: str | None


class DomainMachine(RuleBasedStateMachine):
    """``server`` and ``stream`` are given by a subclass. The stream is read to the end of each example's events."""

    server: LiveServer
    stream: Stream

    orders = Bundle("orders")
    gone = Bundle("gone")
    done = Bundle("done")

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[int, Order] = {}
        self.expected: list[tuple[int, str, int, Any]] = []
        """(id, action, version, data) of each event."""
        self.highest = 0

    @initialize()
    def begin(self) -> None:
        self.highest = self.server.get(f"{ORDERS}proximo-numero").json()["proximo_numero"] - 1
        self.total = len(self.server.get(ORDERS).json())

    # -- create

    @rule(target=orders, fields=ORDERS_TO_CREATE)
    def create(self, fields: dict[str, Any]) -> Order:
        response = self.server.post(ORDERS, json=fields)
        self.highest += 1
        return self._created(response, {**fields, "numero": str(self.highest)})

    @rule(target=orders, fields=ORDERS_TO_CREATE, ahead=st.integers(1, 5))
    def create_with_a_number_of_its_own(self, fields: dict[str, Any], ahead: int) -> Order:
        self.highest += ahead
        fields = {**fields, "numero": str(self.highest)}
        return self._created(self.server.post(ORDERS, json=fields), fields)

    @rule(order=orders, fields=ORDERS_TO_CREATE)
    def create_with_a_number_in_use(self, order: Order, fields: dict[str, Any]) -> None:
        if not order.gone:
            assert_problem(self.server.post(ORDERS, json={**fields, "numero": order.content["numero"]}), 409)

    @rule(target=done, fields=ORDERS_TO_CREATE)
    def create_with_a_key(self, fields: dict[str, Any]) -> Any:
        done = self._with_key("POST", ORDERS, json=fields)
        self.highest += 1
        self._remember_created(json.loads(done.answer), {**fields, "numero": str(self.highest)})
        return done

    # -- change

    @rule(order=orders, changes=CHANGES)
    def change(self, order: Order, changes: dict[str, Any]) -> None:
        self._changed(order, changes, self.server.patch(order.path, json=changes))

    @rule(order=orders, changes=CHANGES, form=st.sampled_from(('"{}"', 'W/"{}"', '"0", "{}"', "*")))
    def change_this_version(self, order: Order, changes: dict[str, Any], form: str) -> None:
        response = self.server.patch(order.path, json=changes, headers={"If-Match": form.format(order.version)})
        self._changed(order, changes, response)

    @rule(order=orders, changes=CHANGES, off=st.sampled_from((-1, 1, 1000)))
    def change_another_version(self, order: Order, changes: dict[str, Any], off: int) -> None:
        response = self.server.patch(order.path, json=changes, headers={"If-Match": f'"{order.version + off}"'})
        self._conflict(order, response)

    @rule(order=orders, other=orders, changes=CHANGES)
    def change_to_a_number_in_use(self, order: Order, other: Order, changes: dict[str, Any]) -> None:
        if order.gone or other.gone or order is other:
            return
        body = {**changes, "numero": other.content["numero"]}
        assert_problem(self.server.patch(order.path, json=body), 409)

    @rule(order=orders)
    def send_the_whole_order_back(self, order: Order) -> None:
        self._changed(order, {}, self.server.patch(order.path, json=order.content))

    @rule(order=orders, bad=st.sampled_from(({"cliente": ""}, {"status": "feito"}, {"costura": "sim"}, {"cor": 1})))
    def change_to_what_does_not_fit(self, order: Order, bad: dict[str, Any]) -> None:
        assert_problem(self.server.patch(order.path, json={"observacao": "não", **bad}), 422)

    @rule(target=done, order=orders, changes=CHANGES)
    def change_with_a_key(self, order: Order, changes: dict[str, Any]) -> Any:
        if order.gone:
            return multiple()
        done = self._with_key("PATCH", order.path, json=changes)
        self._changed_to(order, changes, json.loads(done.answer))
        return done

    # -- delete

    @rule(target=gone, order=consumes(orders))
    def delete(self, order: Order) -> Any:
        if order.gone:
            assert_problem(self.server.delete(order.path), 404)
            return multiple()
        response = self.server.delete(order.path, headers={"If-Match": f'"{order.version}"'})
        assert response.status_code == 200 and response.json()["message"]
        self._deleted(order)
        return order

    @rule(order=orders, off=st.sampled_from((-1, 1)))
    def delete_another_version(self, order: Order, off: int) -> None:
        self._conflict(order, self.server.delete(order.path, headers={"If-Match": f'"{order.version + off}"'}))

    @rule(target=done, order=consumes(orders))
    def delete_with_a_key(self, order: Order) -> Any:
        if order.gone:
            return multiple()
        done = self._with_key("DELETE", order.path)
        self._deleted(order)
        return done

    @rule(order=gone, changes=CHANGES)
    def use_what_is_gone(self, order: Order, changes: dict[str, Any]) -> None:
        for method in ("GET", "DELETE"):
            assert_problem(self.server.request(method, order.path), 404)
        assert_problem(self.server.patch(order.path, json=changes), 404)

    # -- again, under the same key

    @rule(done=done)
    def repeat(self, done: Done) -> None:
        """The first answer, whatever has become of the order since; and nothing is done twice."""
        response = self.server.request(done.method, done.path, **done.options)
        assert (response.status_code, response.content, response.headers.get("ETag")) == (
            done.status,
            done.answer,
            done.etag,
        )

    @rule(done=done)
    def another_request_under_the_same_key(self, done: Done) -> None:
        headers = {**done.options["headers"], "If-Match": "*"}
        options = {**done.options, "headers": headers}
        assert_problem(self.server.request(done.method, done.path, **options), 422)

    # -- always

    @invariant()
    def the_orders_are_the_models(self) -> None:
        if not hasattr(self, "total"):
            return
        response = self.server.get(ORDERS, params={"limite": "100"})
        alive = [order for order in self.model.values() if not order.gone]
        assert response.headers["X-Total-Count"] == str(self.total + len(alive))
        expected = [order.content for order in sorted(alive, key=lambda order: -order.id)]
        assert response.json()[: len(expected)] == expected

    def teardown(self) -> None:
        """The events and the history tell what was done, no more and no less."""
        events = self.stream.updates(len(self.expected))
        assert [(e["pedido_id"], e["action"], e["versao"], e["data"]) for e in events] == self.expected
        told: dict[int, list[tuple[str, list[str]]]] = {}
        for event in events:
            told.setdefault(event["pedido_id"], []).append((event["action"], event["changed"]))
        for order in self.model.values():
            assert [action for action, _ in told[order.id]] == [action for action, _ in order.history]
            for (action, changed), (_, expected) in zip(told[order.id], order.history, strict=True):
                assert action != "update" or sorted(changed) == sorted(expected)
            history = self.server.get(f"{order.path}/historico").json()
            assert [entry["acao"] for entry in history] == [action for action, _ in order.history]
            for entry, (action, expected) in zip(history, order.history, strict=True):
                assert action != "update" or sorted(entry["mudancas"]) == sorted(expected)
        assert self.server.cursor() == (self.stream.cursor or "")

    # -- what the server must have answered

    def _with_key(self, method: str, path: str, **options: Any) -> Done:
        options["headers"] = {"Idempotency-Key": uuid.uuid4().hex}
        response = self.server.request(method, path, **options)
        assert response.status_code in (200, 201), response.text
        etag = response.headers.get("ETag")
        return Done(method, path, options, response.status_code, response.content, etag)

    def _created(self, response: requests.Response, fields: dict[str, Any]) -> Order:
        assert response.status_code == 201, response.text
        assert response.headers["ETag"] == '"1"'
        return self._remember_created(response.json(), fields)

    def _remember_created(self, content: dict[str, Any], fields: dict[str, Any]) -> Order:
        assert content | fields == content
        assert content["versao"] == 1
        assert content["id"] > max(self.model, default=0), "never used before"
        order = Order(content, [("create", [])])
        self.model[order.id] = order
        self.expected.append((order.id, "create", 1, deepcopy(content)))
        return order

    def _changed(self, order: Order, changes: dict[str, Any], response: requests.Response) -> None:
        if order.gone:
            assert_problem(response, 404)
            return
        assert response.status_code == 200, response.text
        self._changed_to(order, changes, response.json())
        assert response.headers["ETag"] == f'"{order.version}"'

    def _changed_to(self, order: Order, changes: dict[str, Any], content: dict[str, Any]) -> None:
        changed = [name for name, value in changes.items() if order.content[name] != value]
        before = order.content
        if not changed:
            assert content == before
            return
        assert content["ultima_atualizacao"] >= before["ultima_atualizacao"]
        order.history.append(("update", changed))
        order.content = (
            before
            | changes
            | {
                "versao": order.version,
                "ultima_atualizacao": content["ultima_atualizacao"],
            }
        )
        assert content == order.content
        self.expected.append((order.id, "update", order.version, deepcopy(content)))

    def _deleted(self, order: Order) -> None:
        order.history.append(("delete", []))
        order.gone = True
        self.expected.append((order.id, "delete", order.version, None))

    def _conflict(self, order: Order, response: requests.Response) -> None:
        if order.gone:
            assert_problem(response, 404)
            return
        problem = assert_problem(response, 412)
        assert problem["pedido"] == order.content
        assert response.headers["ETag"] == f'"{order.version}"'


@pytest.fixture
def machine() -> Iterator[type[DomainMachine]]:
    """The machine on a server of its own, whose every event its stream reads."""
    with LiveServer.start() as server:
        stream = open_stream(server, "websocket")
        stream.expect("connection")
        yield type("Machine", (DomainMachine,), {"server": server, "stream": stream})
        stream.close()


@pytest.mark.slow
def test_the_domain_is_the_models(machine: type[DomainMachine]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
