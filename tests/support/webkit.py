"""WebKitGTK, the engine of Tauri on Linux: Debian's MiniBrowser, driven by WebDriver on a display of its own."""

from __future__ import annotations

import os
import subprocess
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

from tests.support.checks import require
from tests.support.plain_page import PLAIN_PATH, PLAIN_SCRIPT, Person, Tab


def minibrowser() -> str:
    """It is in a folder of the library's own, whose name depends on the machine."""
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-*/MiniBrowser"))
    if not found and os.environ.get("CI") == "true":
        pytest.fail("WebKitGTK's MiniBrowser is not installed")
    if not found:
        pytest.skip("WebKitGTK's MiniBrowser is not installed")
    return str(found[-1])


class Display:
    """An X server without a screen, whose number it chooses itself."""

    def __enter__(self) -> str:
        reader, writer = os.pipe()
        command = [require("Xvfb"), "-displayfd", str(writer), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
        self._process = subprocess.Popen(
            command, pass_fds=[writer], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(writer)
        with os.fdopen(reader) as numbers:
            number = numbers.readline().strip()
        assert number, "Xvfb does not start"
        return f":{number}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)


class WebKitTab(Tab):
    def __init__(self, driver: webdriver.WebKitGTK, origin: str, options: dict[str, Any], first: bool) -> None:
        self.complaints = []
        self._driver = driver
        if not first:
            driver.switch_to.new_window("tab")
        self._handle = driver.current_window_handle
        driver.get(origin + PLAIN_PATH)
        self._finish(f"(async (options) => {{ {PLAIN_SCRIPT} }})(given)", options)

    def get(self, expression: str) -> Any:
        self._driver.switch_to.window(self._handle)
        return self._driver.execute_script(f"return ({expression});")

    def do(self, call: str) -> Any:
        return self._finish(f"client.{call}")

    def _finish(self, promise: str, given: Any = None) -> Any:
        self._driver.switch_to.window(self._handle)
        script = f"""const [given, done] = arguments;
            Promise.resolve({promise}).then((value) => done({{value}}), (error) => done({{error: String(error)}}));"""
        answer = self._driver.execute_async_script(script, given)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer.get("value")

    def close(self) -> None:
        self._driver.switch_to.window(self._handle)
        self._driver.close()


def start_driver(display: str) -> webdriver.WebKitGTK:
    """A browser with a profile of its own, until `quit()`."""
    options = Options()
    options.binary_location = minibrowser()
    options.add_argument("--automation")
    service = Service(require("WebKitWebDriver"), env={**os.environ, "DISPLAY": display})
    with warnings.catch_warnings():
        # Selenium's own call of what Selenium has deprecated.
        warnings.filterwarnings("ignore", "setting remote_server_addr", DeprecationWarning)
        driver = webdriver.WebKitGTK(options=options, service=service)
    driver.set_script_timeout(60)
    driver.set_window_size(1280, 800)  # a desk: where it is narrower, the page says less
    return driver


class WebKitPerson(Person):
    """A browser with a profile of its own, until `quit()`."""

    def __init__(self, origin: str, display: str) -> None:
        self.origin = origin
        self._driver = start_driver(display)
        self._first = True

    def new_tab(self, options: dict[str, Any]) -> Tab:
        tab = WebKitTab(self._driver, self.origin, options, self._first)
        self._first = False
        return tab

    def quit(self) -> None:
        self._driver.quit()
