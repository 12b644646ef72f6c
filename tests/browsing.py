"""A real browser for tests: what it asks for, what it complains about, how a page looks on a small screen and on paper."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from selectolax.lexbor import LexborHTMLParser, LexborNode

CHROMIUM = Path("/usr/bin/chromium")


def first(tree: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    """The first element that matches; there must be one."""
    node = tree.css_first(selector)
    assert node is not None, selector
    return node


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium; tests that use it are skipped where it is absent. Closed with the module: while it is open,
    asyncio.run() does not work in this thread.
    """
    if not CHROMIUM.is_file():
        pytest.skip(f"no browser at {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@dataclass
class Visit:
    """An open page with all that happened while it loaded."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)  # console errors and warnings, broken policies, exceptions

    @property
    def overflow(self) -> int:
        """CSS pixels by which the page is wider than the screen."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return width


def visit(browser: Browser, url: str, width: int = 1280, height: int = 800) -> Visit:
    """Open an address in a fresh window."""
    page = browser.new_page(viewport={"width": width, "height": height})
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on(
        "console",
        lambda message: seen.complaints.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.add_init_script(
        "addEventListener('securitypolicyviolation', event => console.error(`policy: ${event.violatedDirective}`))"
    )
    page.goto(url)
    return seen


def paper(path: Path) -> tuple[str, str]:
    """Page size and text of a PDF, by poppler; skips where it is absent."""
    if not (shutil.which("pdftotext") and shutil.which("pdfinfo")):
        pytest.skip("no pdftotext and pdfinfo (poppler-utils)")
    info = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout
    text = subprocess.run(["pdftotext", "-enc", "UTF-8", str(path), "-"], capture_output=True, check=True).stdout
    size = next(line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("Page size"))
    return size, text.decode("utf-8")
