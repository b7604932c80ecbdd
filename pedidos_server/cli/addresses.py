"""The addresses to type on this and on the LAN's other machines."""

from __future__ import annotations

import contextlib
import ipaddress
import socket

from ..origins import is_loopback


def addresses(host: str, port: int) -> list[tuple[str, str]]:
    """``[(label, URL)]`` for a server that listens on ``host``."""
    if not listens_everywhere(host):
        return [("Neste computador" if is_loopback(host) else "Na rede", _url(host, port))]
    return [
        ("Neste computador", _url("127.0.0.1", port)),
        *(("Nos outros computadores da rede", _url(address, port)) for address in _lan_addresses()),
    ]


def listens_everywhere(host: str) -> bool:
    return host in ("0.0.0.0", "::", "")  # nosec B104 # noqa: S104 (compared, not bound)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _lan_addresses() -> list[str]:
    """This machine's addresses that others can reach: the one routes prefer first."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # chooses a route; a datagram socket sends nothing by it
        found.append(probe.getsockname()[0])
    with contextlib.suppress(OSError):
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    return [address for address in dict.fromkeys(found) if not ipaddress.ip_address(address).is_loopback]
