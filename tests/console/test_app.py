from __future__ import annotations

import base64
import hashlib
import http.client
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from docx import Document
from fastapi.routing import APIRoute
from selectolax.lexbor import LexborHTMLParser

from pipeline.catalogue import text
from pipeline.console.app import make_console
from pipeline.line import Line
from tests.browsing import first, visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PAGES = ["/", "/nguon", "/khong-co-trang-nay"]
EVERYTHING = [*PAGES, "/diem-bao.docx", "/diem-bao.json"]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def tree(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.body)


def ask(port: int, path: str, method: str = "GET", host: str | None = "127.0.0.1") -> Answer:
    """One request over the wire with this Host header (None: without)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, path, skip_host=True)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    response = connection.getresponse()
    answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    connection.close()
    return answer


@pytest.mark.parametrize("path", EVERYTHING)
def test_every_answer_carries_the_headers_that_guard_it(port: int, path: str) -> None:
    headers = ask(port, path).headers
    policy = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy  # falls back to nothing at all
    assert policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "server" not in headers


@pytest.mark.parametrize("path", PAGES)
def test_the_policy_lets_through_exactly_the_style_of_the_page(port: int, path: str) -> None:
    answer = ask(port, path)
    (style,) = re.findall(rb"<style>(.*?)</style>", answer.body, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert not answer.tree.css("script,[style],link,img,iframe,form")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "192.168.1.5", "", None]
)
def test_a_foreign_host_name_is_refused(port: int, host: str | None) -> None:
    """A page elsewhere must not read the console through a name it points at this machine."""
    answer = ask(port, "/", host=host)
    assert answer.status == 400
    assert b"<h1" not in answer.body


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8600", "localhost", "localhost:8600", "LOCALHOST", "[::1]:8600"]
)
def test_the_machines_own_names_are_answered(port: int, host: str) -> None:
    assert ask(port, "/diem-bao.json", host=host).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/nguon", "/diem-bao.json", "/diem-bao.docx"])
def test_nothing_but_reading_is_possible(port: int, path: str, method: str) -> None:
    assert ask(port, path, method).status == 405


def test_every_route_is_a_get(line: Line) -> None:
    routes = make_console(line).routes
    assert {route.path: route.methods for route in routes if isinstance(route, APIRoute)} == {
        path: {"GET"} for path in ("/", "/nguon", "/diem-bao.docx", "/diem-bao.json")
    }
    assert all(isinstance(route, APIRoute) for route in routes)


@pytest.mark.parametrize(
    "path", ["/khong-co", "/nguon/khac", "/docs", "/openapi.json", "/%2e%2e/diembao.toml", "/<script>alert(1)</script>"]
)
def test_a_page_that_is_not_there_is_said_in_vietnamese_with_a_way_back(port: int, path: str) -> None:
    answer = ask(port, path)
    assert answer.status == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert first(answer.tree, "html").attributes["lang"] == "vi"
    (back,) = answer.tree.css("main a")
    assert (back.text(), back.attributes["href"]) == (text("console.not_found", "vi"), "/")
    assert not answer.tree.css("script")


def test_today_shows_the_days_flagged_items_the_rest_as_a_sample_and_the_sources(port: int) -> None:
    tree = ask(port, "/").tree
    assert [node.text() for node in tree.css("article h3 a")] == ["Tin <i>a</i> & hết", "Tin <i>b</i> & hết"]
    assert [node.text() for node in tree.css(".sample a")] == ["Tin <i>c</i> & hết"]
    assert [node.text() for node in tree.css(".counts b")] == ["2", "3", "1/2"]
    assert "Báo B <b>đậm</b>" in first(tree, ".unseen").text()
    assert [node.attributes["href"] for node in tree.css("nav a")] == ["/", "/nguon", "/diem-bao.docx"]
    assert [node.text() for node in tree.css("nav a[aria-current=page]")] == [text("console.today", "vi")]


def test_the_sources_page_has_a_row_for_each_source(port: int) -> None:
    tree = ask(port, "/nguon").tree
    # The one that was not asked comes first.
    assert [first(node, "td").text() for node in tree.css("tbody tr")] == ["Báo B <b>đậm</b>", "Báo A"]
    assert [node.css("td")[-1].text() for node in tree.css("tbody tr")] == [text("coverage.never_asked", "vi"), ""]
    assert [node.text() for node in tree.css("nav a[aria-current=page]")] == [text("console.sources", "vi")]


def test_page_json_and_docx_tell_the_same_day(port: int) -> None:
    told = json.loads(ask(port, "/diem-bao.json").body)
    titles = [one["title"] for section in told["sections"] for one in section["rows"]]
    assert (told["seen"], told["flagged"], len(titles)) == (3, 2, 2)
    answer = ask(port, "/diem-bao.docx")
    assert answer.headers["content-disposition"] == 'attachment; filename="diem-bao.docx"'
    assert answer.headers["content-type"].endswith("wordprocessingml.document")
    lines = "\n".join(paragraph.text for paragraph in Document(io.BytesIO(answer.body)).paragraphs)
    assert all(title in lines for title in titles)


def test_before_the_first_cycle_the_page_says_what_is_going_on(empty_port: int) -> None:
    answer = ask(empty_port, "/")
    assert answer.status == 200
    assert answer.tree.body is not None
    assert text("console.preparing", "vi") in answer.tree.body.text()
    assert ask(empty_port, "/diem-bao.docx").status == 200


def test_a_page_has_one_main_part_for_those_who_hear_it(empty_port: int) -> None:
    assert len(ask(empty_port, "/").tree.css("main")) == 1


# --- in a browser -------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_a_browser_finds_nothing_that_breaks_the_policy_and_asks_nobody_else(
    browser: Browser, port: int, path: str
) -> None:
    url = f"http://127.0.0.1:{port}{path}"
    seen = visit(browser, url)
    expected = (
        [] if path != PAGES[-1] else ["Failed to load resource: the server responded with a status of 404 (Not Found)"]
    )
    assert seen.complaints == expected
    assert [request for request in seen.requests if not request.startswith("data:")] == [url]
    assert seen.page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Be Vietnam Pro"')
    seen.page.close()


@pytest.mark.slow
def test_the_policy_stops_a_script_that_got_into_a_page_after_all(browser: Browser, port: int) -> None:
    seen = visit(browser, f"http://127.0.0.1:{port}/")
    seen.page.evaluate("""() => new Promise(done => {
        const script = document.createElement('script')
        script.textContent = 'document.title = "got in"'
        document.body.append(script)
        const picture = document.createElement('img')
        picture.src = 'http://127.0.0.1:9/spy.png'
        picture.onerror = done
        document.body.append(picture)
    })""")
    assert seen.page.title() != "got in"
    for directive in ("script-src", "img-src"):
        assert any(f"policy: {directive}" in complaint for complaint in seen.complaints), directive
    seen.page.close()


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_telephone(browser: Browser, port: int, path: str) -> None:
    seen = visit(browser, f"http://127.0.0.1:{port}{path}", width=320)
    assert seen.overflow == 0
    seen.page.close()


@pytest.mark.slow
def test_the_pages_can_be_walked_with_the_keyboard(browser: Browser, port: int) -> None:
    seen = visit(browser, f"http://127.0.0.1:{port}/")
    page = seen.page
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == [
        text("console.today", "vi"), text("console.sources", "vi"), text("console.docx", "vi"), "Tin <i>a</i> & hết",
    ]  # fmt: skip
    page.keyboard.press("Tab")  # the item's reasons
    assert not page.eval_on_selector("details", "one => one.open")
    page.keyboard.press("Enter")
    assert page.eval_on_selector("details", "one => one.open")
    page.close()
