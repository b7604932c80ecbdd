"""Known weaknesses of the packages that are installed here, as pip-audit finds them; ends with 1 where there are any.

The advisories are at a service on the network. Where it cannot be reached nothing is known, which is said and is no
failure: a change must not have to wait for somebody else's server.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

NOT_AUDITED = "pip-audit: NOT AUDITED: the advisory service does not answer."


def main() -> int:
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable"],
        capture_output=True,
        text=True,
        check=False,
    )
    verdict, code = judge(done.stdout)
    print(verdict)
    if not done.stdout:
        print(*done.stderr.strip().splitlines()[-1:])
    return code


def judge(report: str) -> tuple[str, int]:
    """What to say of pip-audit's JSON, and the exit code. It writes none where the service failed it."""
    try:
        packages: Sequence[dict[str, Any]] = json.loads(report)["dependencies"]
    except ValueError:
        return NOT_AUDITED, 0
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        return NOT_AUDITED, 0
    weak = [
        f"{package['name']} {package['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none'}"
        for package in audited
        for flaw in package["vulns"]
    ]
    unknown = len(packages) - len(audited)
    said = f"pip-audit: {len(audited)} packages audited, {unknown} unknown to the service, {len(weak)} weaknesses"
    return "\n".join([said, *weak]), 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
