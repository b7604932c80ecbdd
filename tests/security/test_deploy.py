"""`deploy/nginx.conf` with the real nginx in front: what a shop does goes through, over TLS alone."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import websocket

from tests.support.checks import free_port, require
from tests.support.doors import Doors, subprotocol
from tests.support.live_server import ORDERS, REPOSITORY, wait_until

pytestmark = pytest.mark.slow

NAME = "localhost"
AROUND = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/pedidos.conf;
}}
"""


@dataclass
class Front:
    doors: Doors
    plain: str
    secure: str
    certificate: Path
    http: requests.Session


@pytest.fixture
def front(new_doors: Callable[..., Doors], tmp_path: Path) -> Iterator[Front]:
    nginx, openssl = require("nginx"), require("openssl")
    doors = new_doors(PEDIDOS_TRUSTED_HOPS=1)
    directory = tmp_path / "nginx"
    directory.mkdir()
    key, certificate = directory / "pedidos.key", directory / "pedidos.crt"
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run(
        [
            *[
                openssl,
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ],
            *[*subject, "-keyout", str(key), "-out", str(certificate)],
        ],
        check=True,
        capture_output=True,
    )
    plain, secure = free_port(), free_port()
    text = (REPOSITORY / "deploy/nginx.conf").read_text("utf-8")
    for written, here, times in (
        ("127.0.0.1:8000", f"127.0.0.1:{doors.server.port}", 1),
        ("listen 80;", f"listen 127.0.0.1:{plain};", 1),
        ("listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;", 1),
        ("https://pedidos.lan", f"https://{NAME}:{secure}", 1),
        ("server_name pedidos.lan;", f"server_name {NAME};", 2),
        ("/etc/nginx/pedidos.crt;", f"{certificate};", 1),
        ("/etc/nginx/pedidos.key;", f"{key};", 1),
    ):
        assert len(re.findall(rf"^[^#\n]*{re.escape(written)}", text, re.MULTILINE)) == times, written
        text = text.replace(written, here)
    (directory / "pedidos.conf").write_text(text, "utf-8")
    (directory / "nginx.conf").write_text(AROUND.format(directory=directory))
    log = directory / "error.log"
    process = subprocess.Popen(
        [nginx, "-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", str(log)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    http = requests.Session()
    http.trust_env = False
    http.verify = str(certificate)

    def up() -> bool:
        assert process.poll() is None, log.read_text()
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", secure)) == 0

    try:
        wait_until(up, 10, "nginx listens")
        yield Front(doors, f"http://{NAME}:{plain}", f"https://{NAME}:{secure}", certificate, http)
    finally:
        http.close()
        process.terminate()
        process.wait(10)


def test_a_day_in_the_shop(front: Front) -> None:
    """In plain text nothing; then sign in, follow both streams, create, tick; and nobody can say who they are."""
    assert front.http.get(front.plain + "/x", allow_redirects=False, timeout=10).headers["Location"] == (
        front.secure + "/x"
    )

    since = front.doors.server.output_size()
    entered = front.http.post(
        front.secure + "/entrar",
        json={"token": front.doors.tokens["escrita"]},
        headers={"Origin": front.secure, "X-Forwarded-For": "6.6.6.6"},
        timeout=10,
    )
    assert entered.status_code == 200 and entered.headers["Set-Cookie"].startswith("__Host-pedidos_sessao_")
    cookie = entered.headers["Set-Cookie"].partition(";")[0]
    assert "6.6.6.6" not in front.doors.server.output(since)

    address = front.secure.replace("https", "wss") + "/ws/pedidos"
    trust = {"ca_certs": str(front.certificate), "cert_reqs": ssl.CERT_REQUIRED}
    by_cookie = websocket.create_connection(address, sslopt=trust, cookie=cookie, origin=front.secure, timeout=10)
    offered = [word.strip() for word in subprotocol(front.doors.tokens["leitura"]).popitem()[1].split(",")]
    by_token = websocket.create_connection(address, sslopt=trust, subprotocols=offered, timeout=10)
    with (
        closing(by_cookie),
        closing(by_token),
        front.http.get(front.secure + "/sse/pedidos", stream=True, timeout=10) as events,
    ):
        lines = (line for line in events.iter_lines(chunk_size=1) if line.startswith(b"data:"))
        assert json.loads(next(lines)[5:])["type"] == "connection"
        for stream in (by_cookie, by_token):
            assert json.loads(stream.recv())["type"] == "connection"

        ours = {"Origin": front.secure}
        order = front.http.post(front.secure + ORDERS, json={"cliente": "Ana"}, headers=ours, timeout=10).json()
        path = f"{front.secure}{ORDERS}{order['id']}"
        ticked = front.http.patch(path, json={"costura": True}, headers=ours, timeout=10)
        assert ticked.status_code == 200 and ticked.json()["costura"] is True

        for versao in (1, 2):
            seen = [json.loads(stream.recv()) for stream in (by_cookie, by_token)] + [json.loads(next(lines)[5:])]
            assert {(event["pedido_id"], event["versao"], event["autor"]) for event in seen} == {
                (order["id"], versao, "escrita")
            }

    foreign = front.http.patch(path, json={"costura": False}, headers={"Origin": "https://mau.example"}, timeout=10)
    assert foreign.status_code == 403
