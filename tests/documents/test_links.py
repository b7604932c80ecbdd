"""The documents' links lead somewhere, their pictures are those that the one command makes, and none is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("docs", "documentation", "deploy", "examples/react", "bench")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).glob("*.md"))])
PICTURES = ROOT / "docs" / "images"
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def links(document: Path) -> list[str]:
    return LINK.findall(FENCE.sub("", document.read_text(encoding="utf-8")))


def anchors(document: Path) -> set[str]:
    """As GitHub makes them of headings: small letters, words joined by hyphens, no other sign."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", document.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for link in links(document):
        if re.match(r"[a-z]+:", link):
            continue  # another host's: asked for by nobody here
        path, _, anchor = link.partition("#")
        target = (document.parent / path) if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


@pytest.mark.parametrize("folder", ["docs", "documentation"])
def test_the_index_names_every_document(folder: str) -> None:
    index = ROOT / folder / "README.md"
    named = {link.partition("#")[0] for link in links(index)}
    assert {path.name for path in index.parent.glob("*.md")} - {"README.md"} <= named


def test_every_picture_is_shown_and_is_made_by_a_script() -> None:
    shown = {(document.parent / link).resolve() for document in DOCUMENTS for link in links(document)}
    pictures = {path for path in PICTURES.iterdir() if path.is_file()}
    assert not [name(path) for path in pictures - shown]
    scripts = (ROOT / "tests/browser/screenshots.py").read_text(encoding="utf-8")
    assert not [name(path) for path in pictures if path.suffix in (".png", ".gif") and f'"{path.stem}' not in scripts]
    elsewhere = [name(path) for path in ROOT.glob("doc*/**/*.*") if path.suffix in (".png", ".gif", ".svg")]
    assert all(path.startswith("docs/images/") for path in elsewhere)


def test_the_moving_picture_is_small() -> None:
    assert (PICTURES / "duas-telas.gif").stat().st_size < 1_000_000
