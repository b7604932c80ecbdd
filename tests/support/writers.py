"""Clients that write: they create, change and delete orders, and repeat what was not answered."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

ORDERS = "/api/v1/pedidos/"
SECTORS = ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")
PATIENCE = 60.0
"""Seconds after which a write without an answer is a failure of the test."""


@dataclass
class Operation:
    """One write, and its answer. ``name`` goes along as X-Pedidos-Cliente, so its events can be told."""

    name: str
    method: str
    path: str
    body: bytes = b""
    if_match: str | None = None
    status: int = 0
    answer: bytes = b""
    attempts: int = 0

    @property
    def acknowledged(self) -> bool:
        return self.status in (200, 201)


@dataclass
class Shop:
    """The orders that the writers know of, and all that they did. Shared by their threads."""

    port: int
    versions: dict[int, int] = field(default_factory=dict)
    done: list[Operation] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    closed: bool = False

    def acknowledged(self) -> int:
        return sum(operation.acknowledged for operation in self.done)


class Writer:
    """One colleague: writes as fast as the answers come, until the shop closes."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self._shop = shop
        self._dice = random.Random(seed)
        self._connection: http.client.HTTPConnection | None = None
        self.thread = threading.Thread(target=self._run, name=f"writer {seed}", daemon=True)

    def _run(self) -> None:
        try:
            while not self._shop.closed:
                operation = self._choose()
                self._perform(operation)
                self._remember(operation)
        except BaseException as error:  # noqa: BLE001 (shown by the test)
            self._shop.faults.append(error)
        finally:
            self._hang_up()

    def _choose(self) -> Operation:
        """Creates, changes (some on a version that may be old), and deletes."""
        name = uuid.uuid4().hex
        known = list(self._shop.versions.copy().items())  # other writers change it meanwhile
        choice = self._dice.random()
        if not known or choice < 0.25:
            image = "data:image/png;base64," + "A" * self._dice.choice((0, 0, 0, 3_000, 60_000))
            items = [{"descricao": "Faixa", "imagem": image}]
            body = {"cliente": f"Cliente {name}", "items": items}
            return Operation(name, "POST", ORDERS, json.dumps(body).encode())
        order_id, version = self._dice.choice(known)
        if choice < 0.35:
            return Operation(name, "DELETE", f"{ORDERS}{order_id}")
        change = {"observacao": name, self._dice.choice(SECTORS): bool(self._dice.randrange(2))}
        if_match = f'"{version}"' if choice < 0.6 else None
        return Operation(name, "PATCH", f"{ORDERS}{order_id}", json.dumps(change).encode(), if_match)

    def _perform(self, operation: Operation) -> None:
        """Repeats the request under one key until its answer comes: then it has been done once."""
        headers = {"Idempotency-Key": operation.name, "X-Pedidos-Cliente": operation.name}
        if operation.body:
            headers["Content-Type"] = "application/json"
        if operation.if_match:
            headers["If-Match"] = operation.if_match
        deadline = time.monotonic() + PATIENCE
        while True:
            operation.attempts += 1
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection("127.0.0.1", self._shop.port, timeout=30)
                self._connection.request(operation.method, operation.path, operation.body, headers)
                response = self._connection.getresponse()
                operation.answer = response.read()
                operation.status = response.status
                if operation.status != 503:
                    return
            except (OSError, http.client.HTTPException):
                self._hang_up()
            assert time.monotonic() < deadline, f"no answer within {PATIENCE} s: {operation}"
            time.sleep(self._dice.uniform(0, 0.1))

    def _remember(self, operation: Operation) -> None:
        versions = self._shop.versions
        if operation.method == "DELETE" or operation.status == 404:
            versions.pop(int(operation.path.rpartition("/")[2]), None)
        elif operation.acknowledged or operation.status == 412:
            answer: dict[str, Any] = json.loads(operation.answer)
            order = answer.get("pedido", answer)
            versions[order["id"]] = order["versao"]
        if operation.status not in (200, 201, 404, 412):
            raise AssertionError(f"an answer that nobody expected: {operation}")
        self._shop.done.append(operation)

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
