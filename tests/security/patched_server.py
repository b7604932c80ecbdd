"""`pedidos serve` with other constants than its own: what takes a minute there takes seconds in a test."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from live_server import LiveServer


class PatchedServer(LiveServer):
    """`patches` is Python that runs before the server's `main()`."""

    patches = ""

    @classmethod
    def begin(cls, patches: str, directory: Path, **options: Any) -> LiveServer:
        return type("Patched", (cls,), {"patches": patches}).start(directory=directory, **options)

    def _command(self, port: int) -> list[str]:
        program = f"{self.patches}\nfrom pedidos_server.cli import main\nmain()"
        return [sys.executable, "-c", program, *super()._command(port)[3:]]
