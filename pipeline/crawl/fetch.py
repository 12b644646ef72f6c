"""All HTTP that leaves the house: polite, bounded, and only to public addresses.

One `Fetcher` lives as long as one cycle. It asks robots.txt first, keeps one request at a time and a delay per host, follows
redirects itself, streams bodies under a total time and size limit (also after decompression), and retries what may pass.
Every outcome is a value, never an exception.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
import zlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

# httpx has had no release since December 2024; httpx2 continues it under the same API. The swap is these two lines.
import httpcore
import httpx
from protego import Protego

from pipeline.catalogue import reason
from pipeline.crawl.urls import absolute
from pipeline.records import FetchKind, Outcome
from pipeline.settings import Crawl

_NAT64, _COMPATIBLE = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({429, 500, 502, 503, 504})  # worth another try
_GZIP = 31  # zlib's window bits for gzip
ROBOT = "DiemBao"  # our name in robots.txt
_LONGEST_WAIT = 60.0  # seconds; a longer Retry-After is left to the next cycle
_LONGEST_DELAY = 30.0  # seconds; Crawl-delay beyond it is cut


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be made."""

    source_id: str
    kind: FetchKind
    url: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it."""

    ask: Ask
    outcome: Outcome
    requested_at: datetime
    seconds: float = 0.0
    status: int | None = None
    final_url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes = b""  # as transferred
    body: bytes = b""  # decoded
    reason: str = ""

    def header(self, name: str) -> str:
        """A response header; empty where it is missing."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0  # loop time from which the next request may go
    robots: Protego | bool | None = None  # rules; True: everything allowed; False: nothing; None: not asked yet
    refused_as: Outcome = "robots"
    refusal: str = reason("fetch.robots")  # why nothing is asked


class _NotPublic(Exception):
    """The name leads to an address that is not on the public Internet."""


class PublicBackend(httpcore.AsyncNetworkBackend):
    """Opens connections only to public addresses, judged on the address actually dialled (no DNS rebinding)."""

    def __init__(self, *, allow_loopback: bool) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._allow_loopback = allow_loopback

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve, check, dial the checked address."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if not is_allowed(address, allow_loopback=self._allow_loopback):
                raise _NotPublic(f"{host} → {address}")
        problem: Exception = httpcore.ConnectError(host)
        for address in addresses[:4]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    async def sleep(self, seconds: float) -> None:
        """As the inner backend."""
        await self._inner.sleep(seconds)


def is_allowed(address: str, *, allow_loopback: bool) -> bool:
    """Whether an IP address may be dialled. IPv4 inside IPv6 is judged as IPv4."""
    ip = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64 or (ip in _COMPATIBLE and not ip.is_loopback):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if ip.is_site_local:
            return False
        ip = inner or ip
    return (ip.is_global and not ip.is_multicast) or (allow_loopback and ip.is_loopback)


def user_agent(version: str, contact: str) -> str:
    """Who we are and how to reach us."""
    return f"{ROBOT}/{version} (press review of a provincial office{f'; +mailto:{contact}' if contact else ''})"


class Fetcher:
    """Asks politely. Use as an async context manager."""

    def __init__(self, limits: Crawl, agent: str, *, on_reply: Callable[[Reply], Awaitable[None]]) -> None:
        """`on_reply` is called with every reply worth recording, robots.txt included, before `get` returns it."""
        self._limits = limits
        self._agent = agent
        self._on_reply = on_reply
        self._hosts: dict[str, _Host] = {}
        self._places = asyncio.Semaphore(limits.hosts_at_once)
        transport = httpx.AsyncHTTPTransport(http1=True, http2=False)
        # httpx offers no public way to check the dialled address; httpcore, which it wraps, does.
        transport._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=limits.hosts_at_once * 2,
            max_keepalive_connections=limits.hosts_at_once,
            keepalive_expiry=20,
            network_backend=PublicBackend(allow_loopback=limits.allow_loopback),
        )
        self._client = httpx.AsyncClient(
            transport=transport,
            timeout=httpx.Timeout(limits.timeout_seconds),
            trust_env=False,
            follow_redirects=False,
            headers={
                "User-Agent": agent,
                "Accept-Encoding": "gzip, deflate",
                "Accept-Language": "vi,en;q=0.8",
                "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/rss+xml;q=0.9,*/*;q=0.5",
            },
        )

    async def __aenter__(self) -> Fetcher:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    async def get(self, ask: Ask) -> Reply:
        """The reply to a request, after robots.txt, delays, redirects and retries. Each hop is asked as politely."""
        url = absolute("", ask.url)
        reply = Reply(ask, "address", _now(), reason=reason("fetch.bad_address"))
        began, spent = asyncio.get_running_loop().time(), 0.0  # spent: seconds of requests, without polite waiting
        for _ in range(self._limits.max_redirects + 1 if url else 0):
            host = self._hosts.setdefault(_host_of(url), _Host())
            async with host.lock:
                if not await self._allowed(host, url, ask):
                    reply = replace(reply, outcome=host.refused_as, final_url=url, reason=host.refusal, raw=b"")
                    break
                answer = await self._with_retries(host, ask, url, spent)
            spent += answer.seconds
            reply = replace(answer, requested_at=reply.requested_at) if reply.status else answer
            if reply.outcome != "redirect":
                break
            url = absolute(url, reply.header("location"))
            if not url:
                reply = replace(reply, reason=reason("fetch.redirect_nowhere"))
                break
        reply = replace(reply, seconds=asyncio.get_running_loop().time() - began)
        await self._on_reply(reply)
        return reply

    async def _allowed(self, host: _Host, url: str, ask: Ask) -> bool:
        if host.robots is None:
            parts = urlsplit(url)
            robots = Ask(ask.source_id, "robots", f"{parts.scheme}://{parts.netloc}/robots.txt")
            target = robots.url
            for _ in range(self._limits.max_redirects + 1):
                reply = await self._with_retries(host, robots, target)
                target = absolute(target, reply.header("location")) if reply.outcome == "redirect" else ""
                if not target:
                    break
            host.robots = _rules(reply)
            if reply.outcome == "address":
                host.refused_as, host.refusal = "address", reply.reason
            elif host.robots is False:
                host.refusal = reason("fetch.robots_unknown")
            await self._on_reply(reply)
        return host.robots if isinstance(host.robots, bool) else bool(host.robots.can_fetch(url, ROBOT))

    async def _with_retries(self, host: _Host, ask: Ask, url: str, spent: float = 0.0) -> Reply:
        reply = await self._once(host, ask, url, spent)
        for attempt in range(self._limits.retries):
            if reply.outcome not in ("network", "timeout") and reply.status not in _PASSING:
                break
            wait = _retry_after(reply) if reply.status in _PASSING else None
            if wait is None:
                wait = self._limits.delay_seconds * 2**attempt * random.uniform(1.0, 1.5)  # noqa: S311 - jitter
            if wait > _LONGEST_WAIT:
                break
            host.free_at = max(host.free_at, asyncio.get_running_loop().time() + wait)
            reply = await self._once(host, ask, url, spent)
        return reply

    async def _once(self, host: _Host, ask: Ask, url: str, spent: float) -> Reply:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(host.free_at - loop.time(), 0))
        begun = loop.time()
        reply = Reply(ask, "network", _now(), final_url=url)
        too_long = reason("fetch.timeout", seconds=self._limits.timeout_seconds)
        try:
            async with self._places, asyncio.timeout(self._limits.timeout_seconds - spent):
                headers = {"If-None-Match": ask.etag, "If-Modified-Since": ask.last_modified}
                sent = {name: value for name, value in headers.items() if value}
                async with self._client.stream("GET", url, headers=sent) as response:
                    reply = replace(reply, status=response.status_code, headers=_kept(response))
                    reply = await self._read(reply, response)
        except (TimeoutError, httpx.TimeoutException):
            reply = replace(reply, outcome="timeout", reason=too_long)
        except _NotPublic as error:
            reply = replace(reply, outcome="address", reason=reason("fetch.not_public", address=str(error)))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            reply = replace(reply, outcome="network", reason=_network_reason(error))
        delay = self._limits.delay_seconds
        if isinstance(host.robots, Protego):
            delay = max(delay, min(host.robots.crawl_delay(ROBOT) or 0.0, _LONGEST_DELAY))
        host.free_at = loop.time() + delay
        return replace(reply, seconds=loop.time() - begun)

    async def _read(self, reply: Reply, response: httpx.Response) -> Reply:
        status = response.status_code
        if status == 304:
            return replace(reply, outcome="unchanged")
        if status in _REDIRECTS:
            return replace(reply, outcome="redirect", reason=reason("fetch.redirects", n=self._limits.max_redirects))
        limit = int(self._limits.max_megabytes * 1_000_000)
        raw = bytearray()
        async for chunk in response.aiter_raw():
            raw += chunk
            if len(raw) > limit:
                return replace(
                    reply, outcome="too_large", reason=reason("fetch.too_large", megabytes=self._limits.max_megabytes)
                )
        reply = replace(reply, raw=bytes(raw))
        if status != 200:
            kind: Outcome = "missing" if status in (404, 410) else "server" if status >= 500 else "refused"
            return replace(reply, outcome=kind, reason=reason("fetch.status", status=status))
        body = decoded(bytes(raw), response.headers.get("content-encoding", ""), limit)
        if body is None:
            return replace(
                reply, outcome="too_large", reason=reason("fetch.too_large", megabytes=self._limits.max_megabytes)
            )
        return replace(reply, outcome="ok", body=body)


def decoded(raw: bytes, encoding: str, limit: int) -> bytes | None:
    """Undo gzip or deflate, never unpacking more than `limit` bytes; None above it. ValueError for what cannot be undone."""
    if not raw:
        return b""
    match encoding.strip().lower():
        case "" | "identity":
            return raw if len(raw) <= limit else None
        case "gzip" | "x-gzip":
            windows: tuple[int, ...] = (_GZIP,)
        case "deflate":
            windows = (15, -15)  # zlib as the RFC says, raw as some servers send
        case other:
            raise ValueError(f"content-encoding {other}")
    for bits in windows:
        try:
            return _inflated(raw, bits, limit)
        except zlib.error as error:
            if bits == windows[-1]:
                raise ValueError(f"content-encoding {encoding}: {error}") from error
    raise AssertionError("unreachable")


def _inflated(raw: bytes, bits: int, limit: int) -> bytes | None:
    body = bytearray()
    while True:
        inflater = zlib.decompressobj(bits)
        body += inflater.decompress(raw, limit + 1 - len(body))
        if len(body) > limit:
            return None
        if not inflater.eof:
            raise ValueError("content-encoding: broken off")
        raw = inflater.unused_data
        if bits != _GZIP or not raw.startswith(b"\x1f\x8b"):  # a gzip body may have several members, or padding
            return bytes(body)


def _rules(reply: Reply) -> Protego | bool:
    """RFC 9309: no robots.txt (4xx) allows everything, an unreachable one (5xx, network) nothing."""
    if reply.outcome == "ok":
        return Protego.parse(reply.body[:512_000].decode("utf-8-sig", "replace"))
    return reply.outcome in ("missing", "refused") and reply.status != 429


def _retry_after(reply: Reply) -> float | None:
    value = reply.header("retry-after").strip()
    try:
        if value.isascii() and value.isdigit():
            return float(value)
        return max((parsedate_to_datetime(value) - _now()).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


def _host_of(url: str) -> str:
    """One spelling for each host and port."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{(parts.hostname or '').rstrip('.')}:{port}"


def _kept(response: httpx.Response) -> tuple[tuple[str, str], ...]:
    """Headers for the archive: the body is stored without its transfer coding, and cookies are not ours to keep."""
    return tuple(
        (name, value)
        for name, value in response.headers.multi_items()
        if name not in ("transfer-encoding", "set-cookie", "connection", "keep-alive")
    )


def _network_reason(error: Exception) -> str:
    """What went wrong with the connection, in words for what is known."""
    told = str(error)
    for key, signs in (
        ("fetch.network_name", ("Name or service not known", "name resolution", "nodename nor servname", "No address")),
        ("fetch.network_refused", ("refused", "unreachable", "All connection attempts failed")),
        ("fetch.network_tls", ("certificate", "SSL", "TLS")),
        ("fetch.network_broken", ("reset", "disconnected", "peer closed", "broken off", "incomplete")),
    ):
        if any(sign.lower() in told.lower() for sign in signs):
            return reason(key)
    return reason("fetch.network", problem=(told or type(error).__name__)[:200])


def _now() -> datetime:
    return datetime.now(UTC)
