"""The log: a line for each request and each connection, and nothing of what an order says."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.checks import unique
from tests.support.live_server import ORDERS, LiveServer, ServerDied, wait_until
from tests.support.stream_clients import Stream


def lines_with(server: LiveServer, since: int, *words: str) -> list[str]:
    return [line for line in server.output(since).splitlines() if all(word in line for word in words)]


def test_one_line_for_each_request(server: LiveServer) -> None:
    since = server.output_size()
    order = server.create()
    server.patch(f"{ORDERS}{order['id']}", json={"status": "perdido"})
    server.get("/nada")
    wait_until(lambda: lines_with(server, since, "/nada"), 5)
    assert len(lines_with(server, since, "POST", ORDERS.rstrip("/"), "201")) == 1
    assert len(lines_with(server, since, "PATCH", str(order["id"]), "422")) == 1
    assert len(lines_with(server, since, "GET", "/nada", "404")) == 1


def test_one_line_for_each_connection(server: LiveServer, connect: Callable[..., Stream], transport: str) -> None:
    since = server.output_size()
    stream = connect(server, transport)
    stream.expect("connection")
    stream.close()
    wait_until(lambda: lines_with(server, since, transport), 5, "a line")
    assert len(lines_with(server, since, transport)) == 1


def test_no_contents_of_orders(server: LiveServer, connect: Callable[..., Stream]) -> None:
    """Neither on success nor on failure, nor of a search or an author."""
    secret = unique("Segredo").replace(" ", "")
    since = server.output_size()
    stream = connect(server)
    order = server.create(cliente=secret, observacao=secret, items=[{"descricao": secret}])
    headers = {"X-Pedidos-Autor": secret, "Idempotency-Key": secret}
    server.patch(f"{ORDERS}{order['id']}", json={"observacao": f"{secret} 2"}, headers=headers)
    server.post(ORDERS, json={"cliente": secret, "status": secret, secret: secret})
    server.post(ORDERS, data=f'{{"cliente": "{secret}'.encode(), headers={"Content-Type": "application/json"})
    server.post(ORDERS, json={"cliente": "Ana", "numero": order["numero"], "observacao": secret})
    server.get(ORDERS, params={"q": secret})
    server.delete(f"{ORDERS}{order['id']}", headers={"If-Match": '"9"'})
    stream.until(lambda message: message.get("versao") == 2)
    stream.close()
    server.get("/nada/fim")
    wait_until(lambda: lines_with(server, since, "/nada/fim"), 5)
    assert secret not in server.output(since)


def test_a_line_lets_no_other_greenlet_run() -> None:
    """The fan-out logs that a stream has gone in the middle of its round. Here another thread is writing a line."""
    script = """
        from gevent import monkey; monkey.patch_all()
        import io, logging, gevent
        from gevent.monkey import get_original
        from pedidos_server import logs

        writing = get_original("_thread", "allocate_lock")()
        writing.acquire()

        class Slow(io.StringIO):
            def write(self, text):
                if "slow" in text:
                    writing.release()
                    get_original("time", "sleep")(0.3)
                return super().write(text)

        out = Slow()
        logs.configure("INFO", out)
        log = logging.getLogger("pedidos.test")
        others = []
        gevent.spawn(others.append, "ran")
        get_original("_thread", "start_new_thread")(log.info, ("slow",))
        writing.acquire()
        log.info("mine")
        assert not others, "a greenlet ran"
        assert out.getvalue().index("slow") < out.getvalue().index("mine")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_the_log_in_a_file_is_put_aside_in_time(tmp_path: Path) -> None:
    script = """
        import logging, sys
        from pedidos_server import logs

        logs.MAX_FILE = 20_000
        logs.configure("INFO", file=sys.argv[1])
        for number in range(5_000):
            logging.getLogger("pedidos.test").info("ação", extra={"number": number})
    """
    file = tmp_path / "pedidos.log"
    command = [sys.executable, "-c", textwrap.dedent(script), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    kept = sorted(tmp_path.iterdir())
    assert [path.name for path in kept] == ["pedidos.log", *(f"pedidos.log.{number}" for number in range(1, 6))]
    assert all(path.stat().st_size <= 20_000 for path in kept)
    assert file.read_text("utf-8").endswith("INFO pedidos.test ação number=4999\n")


def test_a_server_logs_into_a_file_or_says_why_not(start_server: Callable[..., LiveServer], tmp_path: Path) -> None:
    file = tmp_path / "pedidos.log"
    server = start_server(PEDIDOS_LOG_FILE=file)
    server.create()
    assert "method=POST path=/api/v1/pedidos status=201" in file.read_text("utf-8")
    assert "path=/api/v1/pedidos" not in server.output()
    for name, options, said in (
        ("a", {"PEDIDOS_LOG_FILE": str(file), "PEDIDOS_AUTH": "on"}, "pedidos token create"),
        ("b", {"PEDIDOS_LOG_FILE": f"{tmp_path}/nada/pedidos.log"}, f"Não consigo gravar o registro em {tmp_path}"),
    ):
        (tmp_path / name).mkdir()
        with pytest.raises(ServerDied, match=said) as died:
            LiveServer.start(server.kind, directory=tmp_path / name, env=options)
        assert "Traceback" not in str(died.value)
    if server.kind == "embedded":  # else it is in gunicorn's own log
        assert "CRITICAL pedidos ended reason=" in file.read_text("utf-8")
