"""Calls that schemathesis makes up from the OpenAPI description, right and wrong ones, alone and one after another.

None is answered with a 5xx, or with anything that the description does not tell. Some 1,600 by default.
`PEDIDOS_CALLS_SECONDS=240 pytest -n 0 tests/security/test_described_calls.py --timeout 3600` makes ten thousand, to
both servers.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.doors import Doors

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
SECONDS = os.environ.get("PEDIDOS_CALLS_SECONDS", "")
"""For which calls are made up again and again. By default a few for each operation; some 1,500 at the edges of each
schema come besides."""


@pytest.mark.parametrize("kind", ["embedded", "gunicorn"] if SECONDS else ["embedded"])
def test_no_answer_is_a_surprise(new_doors: Callable[..., Doors], tmp_path: Path) -> None:
    doors = new_doors(PEDIDOS_MAX_WRITES=0)
    since = doors.server.output_size()
    done = subprocess.run(
        [
            *[sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")],
            *["run", f"{doors.server.url}/openapi/openapi.json", "--no-color", "--checks", "all"],
            *["--header", f"Authorization: Bearer {doors.tokens['admin']}"],
            *(["--max-time", SECONDS] if SECONDS else ["--max-examples", "8", "--seed", "1"]),
            "--continue-on-failure",
        ],
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout[-20_000:], done.stderr[-5_000:])
    assert done.returncode == 0
    generated = re.search(r"([\d,]+) generated", done.stdout)
    assert generated and int(generated[1].replace(",", "")) > 1_000
    output = doors.server.output(since)
    assert "Traceback" not in output and "request failed" not in output
