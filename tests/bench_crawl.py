"""The crawler next to a plain httpx+asyncio loop: the same feeds and pages from the same server in the same run, in turn.

The server is a process of its own with an address of 127.0.0.0/8 for each paper, so that one request at a time for each host
holds up nobody. Ours is a whole `Line.crawl`: robots.txt, limits, archive with fsync, store. The loop gets feeds and pages,
parses the feeds and forgets them. `python -m tests.bench_crawl --feeds 2000 --pages 5000`; `make bench` runs it with the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import feedparser
import httpx
from rich.console import Console
from rich.table import Table

from pipeline.demo.press import OUTLETS, stories
from pipeline.learning.labels import read_labelled
from pipeline.records import Source
from tests.conftest import ROOT

FEEDS, PAGES = 2_000, 5_000
_FEEDS_OF_PAPER, _PAGES_OF_PAPER, _ENTRIES = 4, 10, 20
_AT_ONCE = 20  # connections, of both


def addresses(feeds: int) -> list[str]:
    """One for each paper."""
    return [f"127.{1 + number // 200}.{number % 200}.1" for number in range(feeds // _FEEDS_OF_PAPER)]


def feed_urls(address: str, port: int) -> list[str]:
    return [f"http://{address}:{port}/rss/{number}.rss" for number in range(_FEEDS_OF_PAPER)]


# --- the papers


def _texts() -> list[tuple[str, str]]:
    """Titles and texts that we wrote."""
    made = [(story.title, "\n".join(story.body)) for outlet in OUTLETS for story in stories(outlet.id)]
    paths = sorted((ROOT / "models" / "seed").glob("*.jsonl"))
    return made + [(item.title, item.text) for path in paths for item in read_labelled(path)]


def _page(rng: random.Random, texts: list[tuple[str, str]]) -> bytes:
    """A page as papers send them: an article, and around it a multiple of it."""
    title, text = rng.choice(texts)
    parts = [f"<html><head><title>{escape(title)}</title></head><body><article><h1>{escape(title)}</h1>"]
    parts += [f"<p>{escape(part)}</p>" for part in text.split("\n") if part]
    parts.append("</article><aside>")
    size, wanted = 0, rng.randint(55_000, 90_000)
    while size < wanted:
        title, text = rng.choice(texts)
        address = f"/thoi-su/{rng.randrange(10**9)}.html"
        parts.append(
            f"<div class='story-item item-{len(parts)}'><a class='thumb' href='{address}'><img src='{address}.jpg' width='240'>"
            f"</a><h3><a href='{address}'>{escape(title)}</a></h3><p>{escape(text[:300])}</p></div>"
        )
        size += len(parts[-1].encode())
    return "".join((*parts, "</aside></body></html>")).encode()


def _feed(rng: random.Random, texts: list[tuple[str, str]], number: int, now: datetime) -> bytes:
    items = []
    for entry in range(_ENTRIES):
        title, text = rng.choice(texts)
        # Entries of the four feeds take turns, so that the newest ten of a paper come from all of them.
        order = entry * _FEEDS_OF_PAPER + number
        items.append(
            f"<item><title>{escape(title)}</title><link>/thoi-su/tin-trong-ngay-so-{100_000 + order}.html</link>"
            f"<description>{escape(text[:250])}</description>"
            f"<pubDate>{format_datetime(now - timedelta(minutes=order))}</pubDate></item>"
        )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Tin</title>{"".join(items)}</channel></rss>'
    ).encode()


def _answer(body: bytes, media: str) -> bytes:
    packed = gzip.compress(body, 1, mtime=0)
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {media}; charset=utf-8\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}"
    return f"{head}\r\n\r\n".encode() + packed


def serve(feeds: int) -> None:
    """Make all answers, print the port, and answer until killed."""
    rng, texts, now = random.Random(1), _texts(), datetime.now(UTC)  # noqa: S311 - the same papers each time
    answers: dict[tuple[str, str], bytes] = {}
    for address in addresses(feeds):
        answers[address, "/robots.txt"] = _answer(b"User-agent: *\nDisallow: /noi-bo/\n", "text/plain")
        for number in range(_FEEDS_OF_PAPER):
            feed = _feed(rng, texts, number, now)
            answers[address, f"/rss/{number}.rss"] = _answer(feed, "application/rss+xml")
        for number in range(_PAGES_OF_PAPER):
            path = f"/thoi-su/tin-trong-ngay-so-{100_000 + number}.html"
            answers[address, path] = _answer(_page(rng, texts), "text/html")

    class Talk(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport, self.address, self.heard = transport, transport.get_extra_info("sockname")[0], b""

        def data_received(self, data: bytes) -> None:
            self.heard += data
            while b"\r\n\r\n" in self.heard:
                head, _, self.heard = self.heard.partition(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                self.transport.write(answers[self.address, path])

    async def run() -> None:
        with socket.create_server((addresses(feeds)[0], 0)) as probe:
            port = probe.getsockname()[1]
        server = await asyncio.get_running_loop().create_server(Talk, addresses(feeds), port, backlog=200)
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()
        await server.serve_forever()

    asyncio.run(run())


# --- the two crawlers, each in a process of its own


def ours(port: int, feeds: int, folder: Path) -> dict[str, float]:
    """Our whole cycle into a real archive and a real store."""
    from pipeline.line import Line
    from pipeline.settings import read_settings
    from tests.office import Office

    papers = [
        Source(f"bao-{number}", address, f"http://{address}:{port}", "vi", "national", tuple(feed_urls(address, port)))
        for number, address in enumerate(addresses(feeds))
    ]
    Office.reading(
        folder,
        papers,
        delay_seconds=0.0,
        latency_factor=0.0,
        timeout_seconds=30.0,
        hosts_at_once=_AT_ONCE,
        max_articles=_PAGES_OF_PAPER,
    )
    line = Line(read_settings(folder / "diembao.toml"))
    measured = _measured(line.crawl)
    counts = dict(line.database.rows("SELECT kind, count(*) FROM fetches WHERE outcome = 'ok' GROUP BY kind"))
    line.close()
    return measured | {"feeds": counts["feed"], "pages": counts["article"]}


def plain_loop(port: int, feeds: int) -> dict[str, float]:
    """What one writes in twenty lines."""
    counts = {"feeds": 0, "pages": 0}

    async def run() -> None:
        at_once = asyncio.Semaphore(_AT_ONCE)
        async with httpx.AsyncClient(timeout=30) as client:

            async def get(url: str) -> bytes:
                async with at_once:
                    return (await client.get(url)).raise_for_status().content

            async def paper(address: str) -> None:
                entries: list[Any] = []
                for url in feed_urls(address, port):
                    entries += feedparser.parse(await get(url)).entries
                    counts["feeds"] += 1
                entries.sort(key=lambda entry: entry.published_parsed, reverse=True)
                for entry in entries[:_PAGES_OF_PAPER]:
                    await get(f"http://{address}:{port}{entry.link}")
                    counts["pages"] += 1

            await asyncio.gather(*map(paper, addresses(feeds)))

    return _measured(lambda: asyncio.run(run())) | counts


def _measured(work: Any) -> dict[str, float]:
    """Seconds on the clock and of the processor (children that have ended included) that work takes."""

    def used() -> float:
        return sum(
            one.ru_utime + one.ru_stime
            for one in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
        )

    before, began = used(), time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - began, "cpu": used() - before}


# --- measuring


@contextmanager
def serving(feeds: int) -> Iterator[int]:
    """The port of a running server."""
    command = [sys.executable, "-m", "tests.bench_crawl", "--part", "serve", "--feeds", str(feeds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline())
        finally:
            server.kill()


def run_part(part: str, port: int, feeds: int, folder: Path) -> dict[str, float]:
    """Run one of the crawlers; what it measured, and the peak of its memory, alone and with its children (MB)."""
    command = [sys.executable, "-m", "tests.bench_crawl", "--part", part, "--feeds", str(feeds)]
    command += ["--port", str(port), "--folder", str(folder)]
    alone = together = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as crawler:
        while crawler.poll() is None:
            sizes = [_resident(number) for number in _family(crawler.pid)]
            alone, together = max(alone, sizes[0]), max(together, sum(sizes))
            time.sleep(0.05)
        assert crawler.stdout is not None
        told = crawler.stdout.read()
    if crawler.returncode:
        raise RuntimeError(f"{part} ended with {crawler.returncode}")
    return {**json.loads(told), "alone": alone, "together": together}


def _family(process: int) -> list[int]:
    """A process and its descendants."""
    found = [process]
    for one in found:
        try:
            found += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:  # it has ended
            continue
    return found


def _resident(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * resource.getpagesize() / 1e6
    except OSError:
        return 0.0


def measure_crawl(table: Table, feeds: int = FEEDS) -> None:
    """Both crawlers in turn on one server; rows for the table of `make bench`."""
    with serving(feeds) as port, tempfile.TemporaryDirectory() as folder:
        us = run_part("ours", port, feeds, Path(folder))
        peer = run_part("peer", port, feeds, Path(folder))
    expected = {"feeds": feeds, "pages": feeds // _FEEDS_OF_PAPER * _PAGES_OF_PAPER}
    for told in (us, peer):
        if {name: told[name] for name in expected} != expected:
            raise AssertionError(f"not everything came: {told}, not {expected}")
    for unit in ("pages", "feeds"):
        a, b = us[unit] / us["seconds"], peer[unit] / peer["seconds"]
        name = f"crawl, {expected['feeds']} feeds and {expected['pages']} pages ({unit}/s)"
        table.add_row(name, f"{a:.0f}", f"httpx+asyncio {b:.0f}", f"{a / b:.2f}")
    a, b = us["cpu"] / us["pages"] * 1000, peer["cpu"] / peer["pages"] * 1000
    table.add_row(
        "crawl, processor for each page, its feeds included (ms)", f"{a:.1f}", f"httpx+asyncio {b:.1f}", f"{b / a:.2f}"
    )
    for key, name in (("alone", "the process"), ("together", "with its children")):
        row = f"crawl, peak memory, {name} (MB; bound 300)"
        table.add_row(row, f"{us[key]:.0f}", f"httpx+asyncio {peer[key]:.0f}", f"{peer[key] / us[key]:.2f}")


def main() -> None:
    """Measure and print, or be one of the processes that are measured."""
    reader = argparse.ArgumentParser()
    reader.add_argument("--feeds", type=int, default=FEEDS, help="four a paper; ten pages are read of each paper")
    reader.add_argument("--part", choices=("serve", "ours", "peer"))
    reader.add_argument("--port", type=int)
    reader.add_argument("--folder", type=Path)
    asked = reader.parse_args()
    match asked.part:
        case "serve":
            serve(asked.feeds)
        case "ours":
            sys.stdout.write(json.dumps(ours(asked.port, asked.feeds, asked.folder)))
        case "peer":
            sys.stdout.write(json.dumps(plain_loop(asked.port, asked.feeds)))
        case _:
            table = Table(title="crawl, one run of each in turn")
            for column in ("stage", "ours", "peer", "ratio"):
                table.add_column(column)
            measure_crawl(table, asked.feeds)
            Console().print(table)


if __name__ == "__main__":
    main()
