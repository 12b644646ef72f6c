"""The line on real feeds and pages, served from loopback. Skipped where the real press is not at hand."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import pytest

from tests.office import Office

pytestmark = pytest.mark.slow

# Every address of a paper; those of XML namespaces are names, not addresses.
_ELSEWHERE = rb"https?://(?!www\.w3\.org|purl\.org|search\.yahoo\.com)[\w.\-]+/"


@pytest.fixture
def server(press: Path) -> Iterator[str]:
    """Real feeds under /feeds/, their links turned to this server, where real article pages answer in turn."""
    articles = itertools.cycle([path.read_bytes() for path in sorted((press / "html").glob("*article*.html"))])
    pages: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = press / "feeds" / self.path.removeprefix("/feeds/")
            if self.path.startswith("/feeds/") and path.is_file():
                here = f"http://{self.headers['Host']}/"
                body = re.sub(_ELSEWHERE, here.encode(), path.read_bytes())
            elif self.path == "/robots.txt":
                self.send_error(404)
                return
            else:
                body = pages.setdefault(self.path, next(articles))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()
        thread.join()


def links(feed: Path) -> int:
    """Items of a feed that lead somewhere."""
    items = re.findall(r"<item>.*?</item>", feed.read_text(encoding="utf-8"), re.S)
    return sum(bool(re.search(r"<link>\s*(?:<!\[CDATA\[)?\s*http", item)) for item in items)


def test_the_thirteen_real_feeds_and_the_real_pages_go_through_the_line(
    press: Path, server: str, tmp_path: Path
) -> None:
    feeds = sorted(path for path in (press / "feeds").rglob("*.rss"))
    assert len(feeds) == 13
    office = Office.set_up(tmp_path, 9)
    tables = [f'''[[source]]
id = "{path.stem.lower().replace("_", "-")}"
name = "{path.stem}"
home = "{server}/"
language = "vi"
scope = "national"
feeds = ["{server}/feeds/{path.relative_to(press / "feeds")}"]
expected = {{ min = 0, max = 100 }}
''' for path in feeds]  # fmt: skip
    (tmp_path / "sources.toml").write_text("\n".join(tables), encoding="utf-8")
    office.ok("run")
    coverage = office.coverage()
    assert len(coverage) == 13
    assert {source: row["reasons"] for source, row in coverage.items() if row["reasons"]} == {}
    assert all(row["entry_ok"] == 1 and row["asked"] > 1 for row in coverage.values())
    items = {row: links(path) for row, path in zip(coverage, feeds, strict=True)}
    assert {source: row["links_new"] for source, row in coverage.items()} == items
    assert sum(items.values()) == 94  # of 95 items one has neither title nor link
    with duckdb.connect(str(office.data / "snapshot.duckdb"), read_only=True) as snapshot:
        undated = snapshot.execute("SELECT count(*) FROM links WHERE published IS NULL").fetchall()[0][0]
        read = snapshot.execute(
            "SELECT count(*), min(length(text)), count(*) FILTER (lang = 'vi') FROM versions"
        ).fetchall()[0]
    assert undated == 0
    assert read[0] >= 4 and read[1] > 1000 and read[2] == read[0]
