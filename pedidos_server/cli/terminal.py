"""What a terminal can take: not every one speaks UTF-8 (cp1252 on Windows, a C locale), and orders hold any text."""

from __future__ import annotations

import io
import os
import sys


def replace_unknown_characters() -> None:
    """From now on a character that the terminal does not have is written as ``?``, instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):  # None where there is no console
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def speaks_utf8() -> bool:
    """True where standard output takes every character as it is."""
    return (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "") == "utf8"


def decode_argument(argument: str) -> str:
    """A name as it was typed. Under a C locale Python has a surrogate for each byte that is not ASCII; terminals
    send UTF-8 all the same."""
    try:
        return os.fsencode(argument).decode()
    except UnicodeError:
        return argument
