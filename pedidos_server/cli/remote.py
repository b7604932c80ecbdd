"""A server elsewhere, as ``pedidos watch`` and ``pedidos stress`` are told of it."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..errors import StartupError

TOKEN = "PEDIDOS_TOKEN"  # nosec B105 # noqa: S105 (its name, not a token)
"""The variable that holds the token, on a server with sign-in: arguments are seen by every user of the machine."""


def base_url(typed: str) -> str:
    """The server's URL, without a slash at its end, of what was typed for it: ``http://`` may be left out.

    Raises StartupError where it can never be one.
    """
    try:
        parts = urlsplit(typed if "//" in typed else f"http://{typed}")
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        usable = False
    if not usable:
        raise StartupError(f"{typed!r} não é o endereço de um servidor: use http://MAQUINA:PORTA.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
