"""A moving picture of several windows side by side, as a GIF: for documents, which show nothing that runs."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Locator, Page

GAP = 16
"""Pixels between and around the windows."""
GROUND = "#5b6770"
ARROW = ((0, 0), (0, 20), (5, 16), (9, 24), (12, 23), (8, 15), (15, 15))
"""The mouse pointer, which no screenshot has: corners in pixels from its tip."""


class Film:
    """Frames of these pages, each with its duration."""

    def __init__(self, *pages: Page) -> None:
        self.pages = pages
        self.frames: list[Image.Image] = []
        self.durations: list[int] = []

    def take(self, milliseconds: int, pointer: tuple[Page, Locator] | None = None) -> None:
        """One frame, of how the pages are now, to stand so long; with the pointer on something in one of them."""
        windows = [Image.open(io.BytesIO(page.screenshot())).convert("RGB") for page in self.pages]
        width = sum(window.width for window in windows) + GAP * (len(windows) + 1)
        frame = Image.new("RGB", (width, max(window.height for window in windows) + 2 * GAP), GROUND)
        left = GAP
        for page, window in zip(self.pages, windows, strict=True):
            frame.paste(window, (left, GAP))
            if pointer is not None and pointer[0] is page:
                _point(frame, left, GAP, pointer[1])
            left += window.width + GAP
        self.frames.append(frame)
        self.durations.append(milliseconds)

    def save(self, path: Path) -> None:
        """One palette for all frames, so that what stands still does not flicker, and only what changed is stored."""
        palette = _together(self.frames).quantize(255, dither=Image.Dither.NONE)
        first, *others = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames]
        first.save(path, save_all=True, append_images=others, duration=self.durations, loop=0, optimize=True)


def _point(frame: Image.Image, left: int, top: int, target: Locator) -> None:
    box = target.bounding_box()
    assert box is not None, "what is pointed at is not on the page"
    x, y = left + box["x"] + box["width"] * 0.6, top + box["y"] + box["height"] * 0.6
    corners = [(x + dx, y + dy) for dx, dy in ARROW]
    ImageDraw.Draw(frame).polygon(corners, fill="white", outline="black", width=1)


def _together(frames: list[Image.Image]) -> Image.Image:
    tall = Image.new("RGB", (frames[0].width, frames[0].height * len(frames)))
    for index, frame in enumerate(frames):
        tall.paste(frame, (0, frame.height * index))
    return tall
