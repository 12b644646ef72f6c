"""Pages of the fictional press as its server sends them, without a socket."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import httpx

from pipeline.demo.press import OUTLETS, stories
from pipeline.demo.server import Press

STARTED = datetime(2026, 10, 12, 3, 0, tzinfo=UTC)
FIRST_PORT = 8000


def demo_address(story_id: str) -> str:
    """The address of a story; the paper that prints it is told by the port."""
    for port, outlet in enumerate(OUTLETS, FIRST_PORT):
        for story in stories(outlet.id):
            if story.id == story_id:
                return f"http://127.0.0.1:{port}/{story.section}/{story.slug}.html"
    raise LookupError(story_id)


def demo_page(story_id: str) -> bytes:
    """The page of a story when the press was started at `STARTED`."""
    press = Press(STARTED, dict(enumerate(OUTLETS, FIRST_PORT)))

    async def fetched() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(press.app())) as client:
            return await client.get(demo_address(story_id))

    response = asyncio.run(fetched())
    assert response.status_code == 200, story_id
    return response.content
