"""What `.ci/run` makes of pip-audit's report."""

from __future__ import annotations

import json
import runpy
from typing import Any

import pytest

from tests.support.live_server import REPOSITORY

GOOD = {"name": "flask", "version": "3.1.3", "vulns": []}
WEAK = {"name": "flask", "version": "0.1", "vulns": [{"id": "CVE-1", "fix_versions": ["0.2"]}]}
UNKNOWN = {"name": "pedidos-server", "skip_reason": "not on PyPI"}


@pytest.mark.parametrize(
    ("report", "said", "code"),
    [
        (json.dumps({"dependencies": [GOOD, UNKNOWN]}), "1 packages audited, 1 unknown to the service, 0 weak", 0),
        (json.dumps({"dependencies": [GOOD, WEAK]}), "flask 0.1: CVE-1, mended in 0.2", 1),
        (json.dumps({"dependencies": [UNKNOWN]}), "NOT AUDITED", 0),
        ("", "NOT AUDITED", 0),
    ],
    ids=["clean", "weak", "service knows nothing", "service away"],
)
def test_the_verdict(report: str, said: str, code: int) -> None:
    judge: Any = runpy.run_path(str(REPOSITORY / ".ci/audit.py"))["judge"]
    verdict, ended = judge(report)
    assert said in verdict and ended == code
