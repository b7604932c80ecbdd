"""File descriptors: every stream needs one, so the soft limit is raised as far as the system allows."""

from __future__ import annotations

import sys

MOST = 1_000_000


def usable_descriptors() -> int:
    """Raises the soft limit to the hard one and returns it; on Windows sockets are not counted so."""
    if sys.platform == "win32":
        return MOST
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST if hard == resource.RLIM_INFINITY else hard
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return min(soft, MOST) if soft != resource.RLIM_INFINITY else MOST
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):  # macOS refuses more than its kernel's own limit
        return soft
    return wanted
