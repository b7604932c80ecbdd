"""``pedidos stress``: simulated clients against a running server, for whoever looks after it.

One order of the test's own is created, changed a few times a second and deleted at the end; no other is touched.
Its ``numero`` is no integer, so the shop's own numbering goes on as if it had not been. Every client counts by
cursor: events come in order, each once, none missing, whoever wrote them.
"""

from __future__ import annotations

import json
import math
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

import gevent
from gevent.event import Event as Flag

from ..errors import StartupError
from ..fd_limit import usable_descriptors
from .remote import ANSWER_SECONDS, LOST, TOKEN, Refused, Remote

ORDERS = "/api/v1/pedidos"
CHANGES_PER_SECOND = 5.0
LAST_EVENTS_SECONDS = 5.0
"""How long the last change may take to reach everybody before it counts as lost."""
SPARE_DESCRIPTORS = 50
"""File descriptors that are not for clients."""
SIGN = "TESTE DE CARGA"


@dataclass(slots=True)
class Client:
    """One simulated screen: what it received, judged by cursor."""

    latencies: list[float] = field(default_factory=list)
    """Milliseconds from each change of the test to its arrival here."""
    lost: int = 0
    repeated: int = 0
    trouble: str = ""
    """Why it could not connect, or was cut."""
    last_change: int = 0
    ready: Flag = field(default_factory=Flag)
    _cursor: int = -1

    def take(self, message: dict[str, Any], order_id: int, sent: Sequence[float], now: float) -> None:
        """``sent[n]`` is when the test's change n was sent; it stands as ``n`` at the end of ``observacao``."""
        cursor = message.get("cursor")
        number = int(cursor.split("-")[0]) if isinstance(cursor, str) else -1
        match message.get("type"):
            case "connection":
                self._cursor = number
            case "refresh_required":
                self.lost += 1  # a client that must reload has missed something
            case "pedido_update":
                if number <= self._cursor:
                    self.repeated += 1
                    return
                self.lost += number - self._cursor - 1
                self._cursor = number
                change = _change_number(message, order_id)
                if change is not None and change < len(sent):
                    self.latencies.append((now - sent[change]) * 1000)
                    self.last_change = change


def _change_number(message: dict[str, Any], order_id: int) -> int | None:
    """Which change of the test this is; None for what others do, and for what others do to the test's order."""
    data = message.get("data")
    if message.get("pedido_id") != order_id or not isinstance(data, dict):
        return None
    word = str(data.get("observacao") or "").rpartition(" ")[2]
    return int(word) if word.isdecimal() else None


# ------------------------------------------------------------------------------------------ the run


@dataclass(frozen=True, slots=True)
class Result:
    """What all clients together received. Times in milliseconds."""

    clients: int
    changes: int
    latencies: list[float]
    lost: int
    repeated: int
    cut: int

    @property
    def worst(self) -> float:
        return max(self.latencies, default=math.inf)

    def percentile(self, share: float) -> float:
        """The latency that ``share`` of the deliveries do not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else math.inf

    def good(self, most_ms: float) -> bool:
        return not self.lost and not self.repeated and not self.cut and self.percentile(0.99) <= most_ms


def verdict(result: Result, most_ms: float) -> str:
    """The result in a sentence for whoever must decide whether it is good."""
    who = f"{result.clients} cliente{'s' if result.clients != 1 else ''}"
    troubles = [
        f"{count} {one if count == 1 else many}"
        for count, one, many in (
            (result.cut, "perdeu a conexão", "perderam a conexão"),
            (result.lost, "mensagem não chegou", "mensagens não chegaram"),
            (result.repeated, "mensagem chegou mais de uma vez", "mensagens chegaram mais de uma vez"),
        )
        if count
    ]
    if troubles:
        return f"RUIM. {who}: " + ", ".join(troubles) + "."
    if not result.good(most_ms):
        return (
            f"LENTO. {who}: todos receberam tudo, mas o 1 % mais lento levou {_ms(result.percentile(0.99))} ou mais; "
            f"o limite é {_ms(most_ms)}."
        )
    all_of_them = "recebeu" if result.clients == 1 else "todos receberam"
    return f"BOM. {who}: {all_of_them} em menos de {_ms(math.floor(result.worst) + 1)}."


def _ms(value: float) -> str:
    return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.0f} s"


def stress(url: str, *, clients: int, seconds: float, transport: str, token: str, most_ms: float, sure: bool) -> int:
    """Runs the test and prints its result; the exit code, 0 where it is good.

    Raises StartupError where it cannot run: no server there, or one that refuses.
    """
    if clients < 1 or not seconds > 0 or not most_ms > 0:
        raise StartupError("--clients, --seconds e --max-ms devem ser maiores que zero.")
    if clients > usable_descriptors() - SPARE_DESCRIPTORS:
        raise StartupError(f"Este computador não abre {clients} conexões: aumente o limite (ulimit -n) ou use menos.")
    server = Remote.at(url, token)
    try:
        connection = server.connection()
        _, headers = server.call(connection, "GET", f"{ORDERS}?limite=1")
        orders = int(headers.get("X-Total-Count", "0"))
        if orders and not sure:
            _ask(server, orders)
        result = Run(server, connection, clients, transport).measure(seconds)
    except Refused as refused:
        raise StartupError(refusal(server.base, refused)) from None
    except ValueError:
        raise StartupError(f"{server.base} responde, mas não é um servidor Pedidos.") from None
    except LOST as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise StartupError(
            f"Não consigo falar com {server.base}: {reason}. O servidor está ligado, e este computador na mesma rede?"
        ) from None
    print(
        f"{result.changes} mudanças, {len(result.latencies)} entregas: metade em {result.percentile(0.5):.1f} ms, "
        f"99 % em {result.percentile(0.99):.1f} ms, a mais lenta em {result.worst:.1f} ms; "
        f"perdidas {result.lost}, repetidas {result.repeated}."
    )
    print(verdict(result, most_ms))
    return 0 if result.good(most_ms) else 1


def _ask(server: Remote, orders: int) -> None:
    """Real orders are there: the one who runs this must know what it does. Raises StartupError for a no."""
    print(
        f"{server.base} tem {orders} pedido{'s' if orders != 1 else ''}. O teste cria um pedido seu, «{SIGN}», que "
        "aparece em todas as telas, muda só esse e o exclui no fim. Nenhum outro pedido é tocado."
    )
    if not sys.stdin.isatty():
        raise StartupError("Há pedidos neste servidor: repita com --yes para fazer o teste assim mesmo.")
    if input("Continuar? [s/N] ").strip().lower() not in ("s", "sim"):
        raise StartupError("Teste cancelado; nada foi mudado.")


class Run:
    """One test: its order, its clients, and the changes that it makes."""

    def __init__(self, server: Remote, connection: HTTPConnection, clients: int, transport: str) -> None:
        self._server, self._connection, self._transport = server, connection, transport
        self._clients = [Client() for _ in range(clients)]
        self._sent = [0.0]
        """When each change was sent. They count from 1."""
        body = {
            "numero": f"TESTE-{secrets.token_hex(3)}",
            "cliente": SIGN,
            "observacao": "pode ignorar; some sozinho",
        }
        self._order_id: int = server.call(connection, "POST", ORDERS, body)[0]["id"]

    def measure(self, seconds: float) -> Result:
        greenlets = [gevent.spawn(self._listen, client) for client in self._clients]
        try:
            for client in self._clients:
                client.ready.wait(ANSWER_SECONDS)
            self._check_connected()
            self._change(seconds)
            deadline = time.monotonic() + LAST_EVENTS_SECONDS
            while time.monotonic() < deadline and any(self._missing(client) for client in self._clients):
                gevent.sleep(0.01)
        finally:
            gevent.killall(greenlets)
            self._remove_order()
        return Result(
            clients=len(self._clients),
            changes=len(self._sent) - 1,
            latencies=[ms for client in self._clients for ms in client.latencies],
            lost=sum(client.lost + self._missing(client) for client in self._clients),
            repeated=sum(client.repeated for client in self._clients),
            cut=sum(bool(client.trouble) for client in self._clients),
        )

    def _missing(self, client: Client) -> int:
        """How many of the last changes have not come to one that is still connected."""
        return 0 if client.trouble else len(self._sent) - 1 - client.last_change

    def _listen(self, client: Client) -> None:
        """One client's life: it is ready once its ``connection`` message has come."""
        try:
            for data in self._server.messages(self._transport):
                now = time.perf_counter()
                client.take(json.loads(data), self._order_id, self._sent, now)
                client.ready.set()
        except Refused as refused:
            client.trouble = refusal(self._server.base, refused)
        except (*LOST, ValueError) as error:
            client.trouble = str(error) or type(error).__name__
        finally:
            client.ready.set()

    def _check_connected(self) -> None:
        """Raises StartupError."""
        troubles = [client.trouble for client in self._clients if client.trouble]
        late = sum(not client.ready.is_set() for client in self._clients)
        if troubles or late:
            why = troubles[0] if troubles else f"Não em {ANSWER_SECONDS:.0f} s."
            raise StartupError(
                f"{len(troubles) or late} de {len(self._clients)} clientes não conseguiram conectar. {why}"
            )

    def _change(self, seconds: float) -> None:
        """Changes the test's order a few times a second."""
        sent, started = self._sent, time.perf_counter()
        path = f"{ORDERS}/{self._order_id}"
        while (elapsed := time.perf_counter() - started) < seconds:
            sent.append(time.perf_counter())
            self._server.call(self._connection, "PATCH", path, {"observacao": f"{SIGN} {len(sent) - 1}"})
            worst = max((client.latencies[-1] for client in self._clients if client.latencies), default=0.0)
            _show(f"{elapsed:.0f} de {seconds:.0f} s: {len(sent) - 1} mudanças, a última em {worst:.0f} ms")
            gevent.sleep(max(0.0, started + (len(sent) - 1) / CHANGES_PER_SECOND - time.perf_counter()))
        _show("")

    def _remove_order(self) -> None:
        """On a connection of its own: the other may be in the middle of something when the test is interrupted."""
        try:
            self._server.call(self._server.connection(), "DELETE", f"{ORDERS}/{self._order_id}")
        except (*LOST, Refused) as error:
            print(f"O pedido de teste «{SIGN}» (id {self._order_id}) não pôde ser excluído: {error}", file=sys.stderr)


def _show(text: str) -> None:
    """On a terminal, in the place of what was shown before."""
    if sys.stderr.isatty():
        print(f"\r{text:<70}", end="" if text else "\r", file=sys.stderr, flush=True)


def refusal(base: str, refused: Refused) -> str:
    """Why the server did not do it, and what helps."""
    match refused.status:
        case 401:
            why = f"pede identificação (HTTP 401): use --token, ou a variável {TOKEN}."
        case 403:
            why = "não permite o teste (HTTP 403): é preciso um token com o papel escrita."
        case 404:
            return f"{base} responde, mas não é um servidor Pedidos (HTTP 404)."
        case status:
            why = f"recusou (HTTP {status})."
    return f"{base} {why} {refused.said}".rstrip()
