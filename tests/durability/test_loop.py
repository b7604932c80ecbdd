"""Which event loop the server runs on: a second run under GEVENT_LOOP=libuv must not be the first again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.live_server import LiveServer


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_server_runs_on_the_loop_that_is_asked_for(server: LiveServer) -> None:
    """libuv is gevent's loop on Windows; everywhere else it is to be had with the package cffi."""
    libraries = Path(f"/proc/{server.pid}/maps").read_text()
    assert ("gevent/libuv/" in libraries) == os.environ.get("GEVENT_LOOP", "").startswith("libuv")
    assert server.create()["id"]
