"""The page of whoever is signed in, on a server with tokens. A plugin that the tests name themselves.

All files see the fixtures of a plugin that one of them names: none here may bear the name of one in `page_fixtures`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.doors import Doors
from tests.support.page_helpers import OpenAs, OpenPage, SignIn


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    doors = Doors.make("embedded", tmp_path_factory.mktemp("roles"))
    yield doors
    doors.server.close()


@pytest.fixture(scope="module")
def sign_in(doors: Doors) -> SignIn:
    """`sign_in(page, "leitura")`; one session a token, for signing in has its limit."""
    cookie = functools.cache(doors.cookie)

    def sign_in(page: Page, name: str) -> None:
        key, _, value = cookie(name)["Cookie"].partition("=")
        page.context.add_cookies([{"name": key, "value": value, "url": doors.server.url}])

    return sign_in


@pytest.fixture
def open_as(open_page: OpenPage, sign_in: SignIn) -> OpenAs:
    """`open_as("leitura", "#/quadro")`: the page of somebody who has signed in with the token of that name."""

    def open_as(name: str, path: str = "", **options: Any) -> Page:
        page = open_page(path, before=lambda page: sign_in(page, name), **options)
        expect(page.locator("#quem")).to_have_text(name)
        return page

    return open_as
