"""What the connections of a listening socket inherit from it, and how one is reset."""

from __future__ import annotations

import socket

import pytest

from pedidos_server.sockets import reset_on_close, set_tcp_options


def test_connections_inherit_the_options_of_the_listening_socket() -> None:
    """No call for each connection: a stream is accepted with all that it needs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        set_tcp_options(listener, 60)
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            if hasattr(socket, "TCP_USER_TIMEOUT"):
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no Unix sockets on this system")
def test_a_unix_socket_has_no_such_options() -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        set_tcp_options(listener, 60)


def test_a_peer_is_sent_a_reset() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        accepted = listener.accept()[0]
        accepted.sendall(b"x" * 1000)
        reset_on_close(accepted)
        accepted.close()
        with pytest.raises(ConnectionResetError):
            while client.recv(10):
                pass
