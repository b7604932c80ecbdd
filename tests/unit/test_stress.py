"""``pedidos stress``: what its clients count, its verdict, and a run against a real server."""

import os
import re
import socket
import subprocess
import sys

import pytest
import requests

from pedidos_server.cli.remote import Refused, Remote
from pedidos_server.cli.stress import Client, Result, refusal, verdict
from pedidos_server.errors import StartupError
from tests.support.live_server import ORDERS, LiveServer, wait_until

ORDER = 7


def connection(number):
    return {"type": "connection", "cursor": f"{number}-00000000"}


def change(number, text, order=ORDER):
    cursor = f"{number}-00000000"
    return {"type": "pedido_update", "pedido_id": order, "cursor": cursor, "data": {"observacao": text}}


def received(*messages, sent=(0.0, 1.0, 2.0), now=2.5):
    client = Client()
    for message in messages:
        client.take(message, ORDER, sent, now)
    return client


def test_a_change_of_the_test_is_timed():
    client = received(connection(4), change(5, "TESTE DE CARGA 1"), change(6, "TESTE DE CARGA 2"))
    assert client.latencies == [1500.0, 500.0]
    assert (client.lost, client.repeated, client.last_change) == (0, 0, 2)


def test_others_changes_are_counted_but_not_timed():
    client = received(connection(4), change(5, "pano azul 2", order=8), change(6, "outro texto"))
    assert client.latencies == []
    assert (client.lost, client.repeated) == (0, 0)


def test_a_gap_is_a_loss_and_a_step_back_a_repeat():
    client = received(connection(4), change(7, "x"), change(7, "x"), change(8, "x"))
    assert (client.lost, client.repeated) == (2, 1)


def test_a_reload_is_a_loss():
    assert received(connection(4), {"type": "refresh_required", "cursor": "9-00000000"}).lost == 1


def result(**changes):
    usual = {"clients": 20, "changes": 2, "latencies": [3.2] * 39 + [11.4], "lost": 0, "repeated": 0, "cut": 0}
    return Result(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "sentence", "good"),
    [
        ({}, "BOM. 20 clientes: todos receberam em menos de 12 ms.", True),
        ({"clients": 1}, "BOM. 1 cliente: recebeu em menos de 12 ms.", True),
        ({"lost": 1}, "RUIM. 20 clientes: 1 mensagem não chegou.", False),
        (
            {"cut": 2, "lost": 3, "repeated": 4},
            "RUIM. 20 clientes: 2 perderam a conexão, 3 mensagens não chegaram, "
            "4 mensagens chegaram mais de uma vez.",
            False,
        ),
        (
            {"latencies": [150.0] * 40},
            "LENTO. 20 clientes: todos receberam tudo, mas o 1 % mais lento levou 150 ms ou mais; o limite é 100 ms.",
            False,
        ),
    ],
)
def test_the_verdict(changes, sentence, good):
    assert verdict(result(**changes), 100) == sentence
    assert result(**changes).good(100) is good


def test_nothing_received_is_not_good():
    assert not result(latencies=[]).good(100)


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "http://x:porta", "x:porta", "http://x:99999", "http://[::", "://"]
)
def test_an_address_that_is_none(url):
    with pytest.raises(StartupError, match="não é o endereço"):
        Remote.at(url, "")


def test_an_address_without_a_scheme():
    assert Remote.at("balcao:8000/", "").base == "http://balcao:8000"


def test_a_refusal_says_what_helps():
    assert "--token" in refusal("http://x", Refused(401, b""))
    assert "papel escrita" in refusal("http://x", Refused(403, b""))
    assert "limite" in refusal("http://x", Refused(503, '{"detail": "já tem 5 conexões, o seu limite"}'.encode()))
    assert "não é um servidor Pedidos" in refusal("http://x", Refused(404, b"<html>"))


# ------------------------------------------------------------------------- against a running server


def stress(url, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "pedidos_server", "stress", url, *arguments],
        env={**os.environ, "PYTHONPATH": os.getcwd()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_a_run_leaves_nothing_behind(transport):
    with LiveServer.start() as server:
        run = stress(server.url, "--clients=5", "--seconds=1", f"--transport={transport}", "--max-ms=30000")
        assert run.returncode == 0, run.stdout + run.stderr
        assert "BOM. 5 clientes: todos receberam em menos de" in run.stdout
        assert "perdidas 0, repetidas 0" in run.stdout
        assert server.get(ORDERS).json() == []
        assert server.create()["numero"] == "1"  # the shop's numbering went on as if nothing had been


def test_too_slow_is_told_by_the_exit_code():
    with LiveServer.start() as server:
        run = stress(server.url, "--clients=2", "--seconds=0.5", "--max-ms=0.001")
        assert run.returncode == 1
        assert "LENTO" in run.stdout


def test_a_server_with_orders_is_touched_only_when_told_to():
    with LiveServer.start() as server:
        order = server.create()
        refused = stress(server.url, "--clients=2", "--seconds=0.5")
        assert refused.returncode == 1
        assert "1 pedido." in refused.stdout
        assert "--yes" in refused.stderr
        assert len(server.get(f"{ORDERS}{order['id']}/historico").json()) == 1
        assert stress(server.url, "--clients=2", "--seconds=0.5", "--max-ms=30000", "--yes").returncode == 0
        assert server.get(ORDERS).json() == [order]


def test_a_server_that_is_full(connect):
    with LiveServer.start(env={"PEDIDOS_MAX_SUBSCRIBERS": "1"}) as server:
        connect(server)
        run = stress(server.url, "--clients=3", "--seconds=1")
        assert run.returncode == 1
        assert "3 de 3 clientes não conseguiram conectar" in run.stderr
        assert "limite" in run.stderr
        assert server.get(ORDERS).json() == []


def is_closed(server):
    try:
        return server.get(ORDERS).status_code == 401
    except requests.ConnectionError:  # it closed in the middle of the list, which ends the connection
        return False


@pytest.mark.parametrize("transport", ["websocket", "sse"])
def test_a_server_with_tokens(transport):
    with LiveServer.start() as server:
        create = [sys.executable, "-m", "pedidos_server", "token", "create", "Teste", "--role", "escrita"]
        made = subprocess.run(
            [*create, "--database", server.database], cwd=os.getcwd(), capture_output=True, text=True, check=True
        )
        (token,) = re.findall(r"ped_\S+", made.stdout)
        wait_until(lambda: is_closed(server))
        refused = stress(server.url, "--clients=2", "--seconds=0.5")
        assert refused.returncode == 1
        assert "--token" in refused.stderr
        options = [f"--transport={transport}", f"--token={token}", "--max-ms=30000"]
        run = stress(server.url, "--clients=2", "--seconds=0.5", *options)
        assert run.returncode == 0, run.stdout + run.stderr


def test_no_server_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    run = stress(f"http://127.0.0.1:{port}")
    assert run.returncode == 1
    assert "Não consigo falar com" in run.stderr
    assert "Traceback" not in run.stderr
