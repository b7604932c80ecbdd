"""`pedidos serve` with other constants than its own: what takes a minute there takes seconds in a test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.support.live_server import LiveServer

_MAIN = "from pedidos_server.cli.main import main; main()"


class PatchedServer(LiveServer):
    """`patches` is Python that runs before the server's `main()`."""

    patches = ""

    @classmethod
    def begin(cls, patches: str, directory: Path, **options: Any) -> LiveServer:
        patched: type[PatchedServer] = type("Patched", (cls,), {"patches": patches})
        return patched.start(directory=directory, **options)

    def _command(self, port: int) -> list[str]:
        program = f"from gevent import monkey; monkey.patch_all()\n{self.patches}\n{_MAIN}"
        return [sys.executable, "-c", program, *super()._command(port)[3:]]
