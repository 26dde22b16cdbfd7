"""A browser for the tests of the report's page."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from evaluation.report.page import import_map

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window. It ends with the module: while it runs, nothing beside it can run an event loop."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("there is no Chromium; `make browser` installs it where that can be")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        running = playwright.chromium.launch(executable_path=found, args=arguments)
        yield running
        running.close()


@contextmanager
def watched(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page that must not complain, nor ask for anything but its own file.

    Args:
        options: of the page, such as ``viewport``.
    """
    page = browser.new_page(**options)
    complaints: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def on_request(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:", "file:")):
            complaints.append(request.url)

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", on_request)
    yield page
    page.close()
    assert complaints == []


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """An empty page that knows the report's modules."""
    with watched(browser) as page:
        page.set_content(
            f'<script type="importmap">{json.dumps(import_map())}</script>'
            '<script type="application/json" id="overview">{}</script>'
        )
        yield page
