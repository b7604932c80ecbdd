"""``pedidos stress``: simulated clients against a running server, for whoever looks after it.

One order of the test's own is created, changed a few times a second and deleted at the end; no other is touched.
Its ``numero`` is no integer, so the shop's own numbering goes on as if it had not been. Every client counts by
cursor: events come in order, each once, none missing, whoever wrote them.
"""

from __future__ import annotations

import http.client
import json
import math
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gevent
import websocket
from gevent.event import Event as Flag

from ..errors import StartupError
from ..fd_limit import usable_descriptors
from .stress_server import ANSWER_SECONDS, TRANSPORTS, Server

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
    refused: str = ""
    cut: str = ""
    last_change: int = 0
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
    troubles = []
    if result.cut:
        troubles.append(f"{result.cut} {'perderam' if result.cut != 1 else 'perdeu'} a conexão")
    if result.lost:
        troubles.append(f"{result.lost} {_messages(result.lost)} não {'chegaram' if result.lost != 1 else 'chegou'}")
    if result.repeated:
        came = "chegaram" if result.repeated != 1 else "chegou"
        troubles.append(f"{result.repeated} {_messages(result.repeated)} {came} mais de uma vez")
    if troubles:
        return f"RUIM. {who}: " + ", ".join(troubles) + "."
    if not result.good(most_ms):
        return (
            f"LENTO. {who}: todos receberam tudo, mas o 1 % mais lento levou {_ms(result.percentile(0.99))} ou mais; "
            f"o limite é {_ms(most_ms)}."
        )
    all_of_them = "recebeu" if result.clients == 1 else "todos receberam"
    return f"BOM. {who}: {all_of_them} em menos de {_ms(math.floor(result.worst) + 1)}."


def _messages(count: int) -> str:
    return "mensagens" if count != 1 else "mensagem"


def _ms(value: float) -> str:
    return f"{value:.0f} ms" if value < 10_000 else f"{value / 1000:.0f} s"


class Progress:
    """A bar on a terminal; silent where nobody watches."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._shown = sys.stderr.isatty()

    def show(self, elapsed: float, text: str) -> None:
        if self._shown:
            done = min(30, int(30 * elapsed / self._seconds))
            bar = "█" * done + "░" * (30 - done)
            print(
                f"\r{bar} {min(elapsed, self._seconds):3.0f}/{self._seconds:.0f} s  {text}   ",
                end="",
                file=sys.stderr,
            )
            sys.stderr.flush()

    def end(self) -> None:
        if self._shown:
            print(file=sys.stderr)


def stress(url: str, *, clients: int, seconds: float, transport: str, token: str, most_ms: float, sure: bool) -> int:
    """Runs the test and prints its result; the exit code, 0 where it is good.

    Raises StartupError where it cannot run: no server there, or one that refuses.
    """
    if clients < 1 or not seconds > 0 or not most_ms > 0:
        raise StartupError("--clients, --seconds e --max-ms devem ser maiores que zero.")
    if clients > usable_descriptors() - SPARE_DESCRIPTORS:
        raise StartupError(f"Este computador não abre {clients} conexões: aumente o limite (ulimit -n) ou use menos.")
    server = Server.at(url, token)
    try:
        connection = server.connection()
        _, headers = server.call(connection, "GET", f"{ORDERS}?limite=1")
        orders = int(headers.get("X-Total-Count", "0"))
        if orders and not sure:
            _ask(server, orders)
        result = _run(server, connection, clients, seconds, transport)
    except (OSError, http.client.HTTPException) as error:
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


def _ask(server: Server, orders: int) -> None:
    """Real orders are there: the one who runs this must know what it does. Raises StartupError for a no."""
    print(
        f"{server.base} tem {orders} pedido{'s' if orders != 1 else ''}. O teste cria um pedido seu, «{SIGN}», que "
        "aparece em todas as telas, muda só esse e o exclui no fim. Nenhum outro pedido é tocado."
    )
    if not sys.stdin.isatty():
        raise StartupError("Há pedidos neste servidor: repita com --yes para fazer o teste assim mesmo.")
    if input("Continuar? [s/N] ").strip().lower() not in ("s", "sim"):
        raise StartupError("Teste cancelado; nada foi mudado.")


def _run(
    server: Server, connection: http.client.HTTPConnection, count: int, seconds: float, transport: str
) -> Result:
    sent: list[float] = []
    clients = [Client() for _ in range(count)]
    body = {"numero": f"TESTE-{secrets.token_hex(3)}", "cliente": SIGN, "observacao": "pode ignorar; some sozinho"}
    order, _ = server.call(connection, "POST", ORDERS, body)
    greenlets: list[gevent.Greenlet] = []
    try:
        opened = [Flag() for _ in clients]
        for client, flag in zip(clients, opened, strict=True):
            greenlets.append(gevent.spawn(_listen, server, transport, client, flag, order["id"], sent))
        for flag in opened:
            flag.wait(ANSWER_SECONDS)
        _check_opened(clients, opened)
        _change(server, connection, order["id"], seconds, clients, sent)
        deadline = time.monotonic() + LAST_EVENTS_SECONDS
        while time.monotonic() < deadline and any(_waits(client, len(sent)) for client in clients):
            gevent.sleep(0.01)
    finally:
        gevent.killall(greenlets)
        _remove(server, order["id"])
    missing = sum(len(sent) - 1 - client.last_change for client in clients if not client.cut)
    return Result(
        clients=count,
        changes=len(sent) - 1,
        latencies=[ms for client in clients for ms in client.latencies],
        lost=sum(client.lost for client in clients) + missing,
        repeated=sum(client.repeated for client in clients),
        cut=sum(bool(client.cut) for client in clients),
    )


def _check_opened(clients: list[Client], opened: list[Flag]) -> None:
    refused = [client.refused or client.cut for client in clients if client.refused or client.cut]
    if refused:
        raise StartupError(f"{len(refused)} de {len(clients)} clientes não conseguiram conectar. {refused[0]}")
    if not all(flag.is_set() for flag in opened):
        raise StartupError(
            f"{sum(not flag.is_set() for flag in opened)} de {len(clients)} clientes não conseguiram conectar em "
            f"{ANSWER_SECONDS:.0f} s."
        )


def _listen(
    server: Server, transport: str, client: Client, connected: Flag, order_id: int, sent: Sequence[float]
) -> None:
    """One client's life: it is ready once its ``connection`` message has come."""
    try:
        for data in TRANSPORTS[transport](server):
            now = time.perf_counter()
            client.take(json.loads(data), order_id, sent, now)
            connected.set()
    except StartupError as error:
        client.refused = str(error)
    except (OSError, ValueError, http.client.HTTPException, websocket.WebSocketException) as error:
        client.cut = str(error) or type(error).__name__
    finally:
        connected.set()


def _change(
    server: Server,
    connection: http.client.HTTPConnection,
    order_id: int,
    seconds: float,
    clients: list[Client],
    sent: list[float],
) -> None:
    """Changes the test's order a few times a second. ``sent[0]`` is nothing: changes count from 1."""
    sent.append(0.0)
    progress = Progress(seconds)
    started = time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        sent.append(time.perf_counter())
        server.call(connection, "PATCH", f"{ORDERS}/{order_id}", {"observacao": f"{SIGN} {len(sent) - 1}"})
        worst = max((client.latencies[-1] for client in clients if client.latencies), default=0.0)
        cut = sum(bool(client.cut) for client in clients)
        progress.show(elapsed, f"{len(sent) - 1} mudanças, a última em {worst:.0f} ms, {cut} conexões perdidas")
        gevent.sleep(max(0.0, started + (len(sent) - 1) / CHANGES_PER_SECOND - time.perf_counter()))
    progress.show(seconds, f"{len(sent) - 1} mudanças" + " " * 40)
    progress.end()


def _waits(client: Client, changes: int) -> bool:
    return not client.cut and client.last_change < changes - 1


def _remove(server: Server, order_id: int) -> None:
    """On a connection of its own: the other one may be in the middle of something when the test is interrupted."""
    try:
        server.call(server.connection(), "DELETE", f"{ORDERS}/{order_id}")
    except (OSError, http.client.HTTPException, StartupError) as error:
        print(f"O pedido de teste «{SIGN}» (id {order_id}) não pôde ser excluído: {error}", file=sys.stderr)
