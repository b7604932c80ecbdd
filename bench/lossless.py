"""Kills the server again and again under load, and proves that nothing was lost and nothing came twice.

The long form of tests/durability/test_nothing_lost.py: eight writers create, change and delete orders while
forty clients follow, drop, return and change transport; the server is killed with SIGKILL and restarted.
At the end every acknowledged write must be in the log once, and every client must have seen exactly the log.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.support.live_server import KINDS, LiveServer
from tests.support.lossless_run import run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="Ends with 1 and says what was lost, if anything was."
    )
    parser.add_argument("--seconds", type=float, default=600, help="how long to work (default 600)")
    parser.add_argument("--kills", type=int, default=5, help="at least so many kills (default 5)")
    parser.add_argument("--server", choices=KINDS, default="embedded", help="which server (default embedded)")
    parser.add_argument("--writers", type=int, default=8, help="clients that write (default 8)")
    parser.add_argument("--followers", type=int, default=40, help="clients that follow (default 40)")
    parser.add_argument("--writes", type=int, default=500, help="at most so many writes between kills (default 500)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="what chance is drawn from")
    options = parser.parse_args()

    print(f"seed {options.seed}", flush=True)
    ends = time.monotonic() + options.seconds
    with LiveServer.start(options.server) as server:
        try:
            figures = run(
                server,
                go_on=lambda kills: kills < options.kills or time.monotonic() < ends,
                writes_between=(min(50, options.writes), options.writes),
                writers=options.writers,
                followers=options.followers,
                seed=options.seed,
                say=lambda line: print(f"{time.strftime('%H:%M:%S')} {line}", flush=True),
            )
        except AssertionError as lost:
            sys.exit(f"LOST: {lost}\n\n{server.output()[-5_000:]}")
    print(f"Nothing lost, nothing twice: {figures}.")


if __name__ == "__main__":
    main()
