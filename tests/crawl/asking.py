"""The fetcher as the crawler's tests use it: quick, on loopback, one call."""

from __future__ import annotations

import asyncio
from typing import Any

from pipeline.crawl.fetch import Ask, Fetcher, Hosts, Reply, user_agent
from pipeline.settings import Crawl

AGENT = user_agent("1.2", "bandoc@sovhttdl.example")
QUICK = {
    "delay_seconds": 0.0,
    "latency_factor": 0.0,
    "timeout_seconds": 5.0,
    "retries": 0,
    "allow_loopback": True,
}


def fetch(
    *urls: str | Ask, agent: str = AGENT, hosts: Hosts | None = None, log: list[Reply] | None = None, **limits: Any
) -> list[Reply]:
    """The replies to some requests that are all made at the same time by one fetcher."""
    crawl = Crawl(**{**QUICK, **limits})

    async def on_reply(reply: Reply) -> None:
        if log is not None:
            log.append(reply)

    async def run() -> list[Reply]:
        asks = [url if isinstance(url, Ask) else Ask("bao", "article", url) for url in urls]
        async with Fetcher(crawl, agent, hosts or Hosts(), on_reply=on_reply) as fetcher:
            return await asyncio.gather(*(fetcher.get(ask) for ask in asks))

    return asyncio.run(run())
