"""The page and its modules."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

_HERE = Path(__file__).resolve().parent.parent
STATIC = _HERE / "static" if (_HERE / "static").is_dir() else _HERE.parent / "static"
"""Beside this package when it is installed, beside it in the source tree otherwise."""


def pages_blueprint() -> Blueprint:
    pages = Blueprint("pages", __name__)

    @pages.get("/")
    def index() -> Response:
        return send_from_directory(STATIC, "index.html", max_age=0)

    @pages.get("/static/<path:name>")
    def static(name: str) -> Response:
        return send_from_directory(STATIC, name, max_age=0)

    return pages
