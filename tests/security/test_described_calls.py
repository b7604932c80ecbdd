"""Calls that schemathesis makes up from the OpenAPI description, right and wrong ones, alone and one after another.

None is answered with a 5xx, or with anything that the description does not tell. A few by default;
`PEDIDOS_CALLS=500 pytest -n 0 tests/security/test_described_calls.py --timeout 3600` for more than ten thousand.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from doors import Doors

HERE = Path(__file__).parent
EXAMPLES = os.environ.get("PEDIDOS_CALLS", "8")
"""Made up for each operation; those at the edges of each schema, some 1,500, come besides."""


@pytest.mark.parametrize("kind", ["embedded"] if EXAMPLES == "8" else ["embedded", "gunicorn"])
def test_no_answer_is_a_surprise(new_doors: Callable[..., Doors], tmp_path: Path) -> None:
    doors = new_doors(PEDIDOS_MAX_WRITES=0)
    since = doors.server.output_size()
    done = subprocess.run(
        [
            *[sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")],
            *["run", f"{doors.server.url}/openapi/openapi.json", "--no-color", "--checks", "all"],
            *["--header", f"Authorization: Bearer {doors.tokens['admin']}"],
            *["--max-examples", EXAMPLES, "--continue-on-failure", "--seed", "1"],
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
