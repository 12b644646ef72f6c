"""All HTTP that leaves the house: polite, bounded, and only to public addresses.

One `Fetcher` lives as long as one cycle; what is worth remembering of hosts longer is in `Hosts`. It asks robots.txt first,
keeps one request at a time and a delay per host, follows redirects itself, streams bodies under a total time and size limit
(also after decompression), and retries what may pass. Every outcome is a value, never an exception.
"""

from __future__ import annotations

import asyncio
import ipaddress
import random
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

# httpx has had no release since December 2024; httpx2 continues it under the same API. The swap is these two lines.
import httpcore
import httpx

from pipeline.catalogue import reason
from pipeline.crawl.robots import READ_AT_MOST, ROBOT, Rules, judged
from pipeline.crawl.unpack import ENCODINGS, decoded
from pipeline.crawl.urls import absolute
from pipeline.records import FetchKind, Outcome
from pipeline.settings import Crawl

_NAT64, _COMPATIBLE = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({429, 500, 502, 503, 504})  # worth another try
_ROBOTS_REDIRECTS = 5  # as RFC 9309 has it
_LONGEST_WAIT = 60.0  # seconds; a longer Retry-After is left to the scheduler
_LONGEST_DELAY = 30.0  # seconds; Crawl-delay and slow answers beyond it are cut
_SMOOTHING = 0.3  # weight of the newest answer in a host's latency
_MOST_HOSTS = 5000  # remembered; hostile redirects name new ones for ever
_LEFT_OUT = "(left out)"  # stands for cookies in what is kept


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be made."""

    source_id: str
    kind: FetchKind
    url: str
    etag: str = ""
    last_modified: str = ""
    prime: str = ""  # an address asked for cookies before the source's first request; empty: no cookies, ever
    legacy_tls: bool = False  # TLS 1.0 and 1.1, old ciphers and renegotiation are accepted


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it."""

    ask: Ask
    outcome: Outcome
    requested_at: datetime
    seconds: float = 0.0  # of all its requests, redirects and retries included, without polite waiting
    status: int | None = None
    final_url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes = b""  # as transferred
    body: bytes = b""  # decoded
    reason: str = ""
    request_headers: tuple[tuple[str, str], ...] = ()  # as sent for this answer, without cookies

    def header(self, name: str) -> str:
        """A response header; empty where it is missing."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def encoding(self) -> str:
        """Content-Encoding; several header lines are one list."""
        return ", ".join(value for key, value in self.headers if key.lower() == "content-encoding")


def _now() -> datetime:
    return datetime.now(UTC)


class Hosts:
    """What is known of hosts from one cycle to the next: their robots.txt and how fast they answer."""

    def __init__(self, now: Callable[[], datetime] = _now) -> None:
        """`now` gives the wall clock, by which rules grow old."""
        self._now = now
        self._rules: dict[str, Rules] = {}  # by scheme, host and port
        self._latency: dict[str, float] = {}  # by host: smoothed seconds to answer

    def rules(self, origin: str) -> Rules | None:
        """The rules in force; None when robots.txt is to be asked (again)."""
        known = self._rules.get(origin)
        return known if known and known.valid_until > self._now() else None

    def learn(self, origin: str, reply: Reply) -> Rules:
        """Take in the answer to a request for robots.txt."""
        older = self._rules.pop(origin, None)
        rules = judged(reply.outcome, reply.status, reply.body, reply.reason, older, self._now())
        self._rules[origin] = rules
        if len(self._rules) > _MOST_HOSTS:
            del self._rules[next(iter(self._rules))]  # the one learned longest ago
        return rules

    def latency(self, host: str) -> float:
        """Seconds that the host has lately taken to answer; 0 where nothing is known."""
        return self._latency.get(host, 0.0)

    def answered(self, host: str, seconds: float) -> None:
        """Take in how long an answer took."""
        before = self._latency.pop(host, seconds)
        self._latency[host] = before + _SMOOTHING * (seconds - before)
        if len(self._latency) > _MOST_HOSTS:
            del self._latency[next(iter(self._latency))]


@dataclass(slots=True)
class _Host:
    name: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0  # loop time from which the next request may go


# No cookie for a whole com.vn, and one for no named domain goes back to the very host that gave it.
_PAPERS_OWN = DefaultCookiePolicy(strict_domain=True, strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)
_NO_COOKIES = DefaultCookiePolicy(allowed_domains=())  # httpx keeps cookies unless its jar refuses them


@dataclass(slots=True)
class _Jar:
    """The cookies of one source."""

    cookies: httpx.Cookies = field(default_factory=lambda: httpx.Cookies(CookieJar(_PAPERS_OWN)))
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    primed: bool = False


class _NotPublic(Exception):
    """The name leads to an address that is not on the public Internet."""


class _NoName(Exception):
    """The name leads nowhere."""


class _Line(httpcore.AsyncNetworkStream):
    """A connection that knows whether anything was read since the last request went out.

    Where a server sends more than it announced, httpcore would take the rest for the answer to the next request.
    """

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self.answered = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        self.answered = True
        return await self._inner.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        self.answered = False
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        return _Line(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


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
            raise _NoName(host) from error
        addresses = [str(entry[4][0]) for entry in found]
        for address in addresses:
            if not is_allowed(address, allow_loopback=self._allow_loopback):
                raise _NotPublic(f"{host} → {address}")
        problem: Exception = httpcore.ConnectError(host)
        for address in addresses[:4]:
            try:
                return _Line(await self._inner.connect_tcp(address, port, timeout, local_address, socket_options))
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


def _client(limits: Crawl, agent: str, context: ssl.SSLContext) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(verify=context, http1=True, http2=False)
    # httpx offers no public way to check the dialled address; httpcore, which it wraps, does.
    transport._pool = httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=limits.hosts_at_once * 2,
        max_keepalive_connections=limits.hosts_at_once,
        keepalive_expiry=20,
        network_backend=PublicBackend(allow_loopback=limits.allow_loopback),
    )
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(limits.timeout_seconds),
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(_NO_COOKIES),
        headers={
            "User-Agent": agent,
            "Accept-Encoding": ENCODINGS,
            "Accept-Language": "vi,en;q=0.8",
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/rss+xml;q=0.9,*/*;q=0.5",
        },
    )


def legacy_tls_context() -> ssl.SSLContext:
    """For servers that speak only what TLS has given up. Certificates and host names are verified all the same."""
    context = httpx.create_ssl_context()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")  # aNULL would do without a certificate
    context.options |= 0x4  # OP_LEGACY_SERVER_CONNECT, which ssl names from Python 3.12 on
    return context


class Fetcher:
    """Asks politely. Use as an async context manager."""

    def __init__(
        self, limits: Crawl, agent: str, hosts: Hosts, *, on_reply: Callable[[Reply], Awaitable[None]]
    ) -> None:
        """`on_reply` is called with every reply worth recording, robots.txt included, before `get` returns it."""
        self._limits = limits
        self._agent = agent
        self._known = hosts
        self._on_reply = on_reply
        self._hosts: dict[str, _Host] = {}
        self._jars: dict[str, _Jar] = {}  # by source
        self._places = asyncio.Semaphore(limits.hosts_at_once)
        self._client = _client(limits, agent, httpx.create_ssl_context())
        self._legacy_client: httpx.AsyncClient | None = None  # few need it

    async def __aenter__(self) -> Fetcher:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()
        if self._legacy_client:
            await self._legacy_client.aclose()

    async def get(self, ask: Ask) -> Reply:
        """The reply to a request, after robots.txt, delays, redirects and retries. Each hop is asked as politely."""
        if ask.prime:
            await self._prime(ask)
        url = absolute("", ask.url)
        reply = Reply(ask, "address", _now(), reason=reason("fetch.bad_address"))
        spent = 0.0  # seconds of requests, without polite waiting
        for _ in range(self._limits.max_redirects + 1 if url else 0):
            name = _host_of(url)
            host = self._hosts.setdefault(name, _Host(name))
            async with host.lock:
                rules = await self._rules(host, url, ask)
                if not rules.allows(url):
                    reply = replace(reply, outcome=rules.refused_as, final_url=url, reason=rules.refusal, raw=b"")
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
        reply = replace(reply, seconds=spent)
        await self._on_reply(reply)
        return reply

    async def _prime(self, ask: Ask) -> None:
        """Fill a source's jar, once. Without an answer the source is asked without cookies."""
        jar = self._jars.setdefault(ask.source_id, _Jar())
        async with jar.lock:
            if not jar.primed:
                jar.primed = True
                await self.get(Ask(ask.source_id, "prime", ask.prime, legacy_tls=ask.legacy_tls))

    async def _rules(self, host: _Host, url: str, ask: Ask) -> Rules:
        origin = _origin_of(url)
        if rules := self._known.rules(origin):
            return rules
        robots = Ask(ask.source_id, "robots", f"{origin}/robots.txt", legacy_tls=ask.legacy_tls)
        target, spent = robots.url, 0.0
        for _ in range(_ROBOTS_REDIRECTS + 1):
            reply = await self._with_retries(host, robots, target, spent)
            spent += reply.seconds
            target = absolute(target, reply.header("location")) if reply.outcome == "redirect" else ""
            if not target:
                break
        rules = self._known.learn(origin, reply)
        await self._on_reply(replace(reply, seconds=spent))
        return rules

    async def _with_retries(self, host: _Host, ask: Ask, url: str, spent: float) -> Reply:
        before = spent
        reply = await self._once(host, ask, url, spent)
        spent += reply.seconds
        for attempt in range(self._limits.retries):
            busy = reply.outcome in ("server", "refused") and reply.status in _PASSING
            if not busy and reply.outcome not in ("network", "dns"):
                break
            wait = retry_after(reply) if busy else None
            if wait is None:
                wait = self._limits.delay_seconds * 2**attempt * random.uniform(1.0, 1.5)  # noqa: S311 - jitter
            if wait > _LONGEST_WAIT or spent >= self._limits.timeout_seconds:
                break
            host.free_at = max(host.free_at, asyncio.get_running_loop().time() + wait)
            reply = await self._once(host, ask, url, spent)
            spent += reply.seconds
        return replace(reply, seconds=spent - before)

    async def _once(self, host: _Host, ask: Ask, url: str, spent: float) -> Reply:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(host.free_at - loop.time(), 0))
        async with self._places:
            begun = loop.time()
            reply = await self._answer(ask, url, self._limits.timeout_seconds - spent)
            seconds = loop.time() - begun
        if reply.status or reply.outcome == "timeout":
            self._known.answered(host.name, seconds)
        rules = self._known.rules(_origin_of(url))
        wanted = max(rules.delay if rules else 0.0, self._limits.latency_factor * self._known.latency(host.name))
        host.free_at = loop.time() + max(self._limits.delay_seconds, min(wanted, _LONGEST_DELAY))
        return replace(reply, seconds=seconds)

    async def _answer(self, ask: Ask, url: str, seconds: float) -> Reply:
        """What one request brings within so many seconds."""
        reply = Reply(ask, "network", _now(), final_url=url)
        too_long = reason("fetch.timeout", seconds=self._limits.timeout_seconds)
        jar = self._jars.get(ask.source_id) if ask.kind != "robots" else None
        if ask.legacy_tls and not self._legacy_client:
            self._legacy_client = _client(self._limits, self._agent, legacy_tls_context())
        client = self._legacy_client if ask.legacy_tls and self._legacy_client else self._client
        # A server may have given us what no header can hold: it is not given back.
        known = {"If-None-Match": ask.etag, "If-Modified-Since": ask.last_modified}
        validators = {name: value for name, value in known.items() if value.isascii() and value.isprintable() and value}
        try:
            async with asyncio.timeout(seconds):
                request = client.build_request("GET", url, headers=validators)
                if jar:
                    jar.cookies.set_cookie_header(request)
                async with aclosing(await client.send(request, stream=True)) as response:
                    line = response.extensions["network_stream"]
                    if not isinstance(line, _Line) or not line.answered:  # not ours any more: status 101
                        raise ValueError("not an answer to what was asked: broken off")
                    if jar and ask.kind == "prime":
                        jar.cookies.extract_cookies(response)
                    reply = replace(
                        reply, status=response.status_code, headers=_kept(response), request_headers=_sent(request)
                    )
                    reply = await self._read(reply, response)
        except (TimeoutError, httpx.TimeoutException):
            reply = replace(reply, outcome="timeout", reason=too_long)
        except _NotPublic as error:
            reply = replace(reply, outcome="address", reason=reason("fetch.not_public", address=str(error)))
        except _NoName:
            reply = replace(reply, outcome="dns", reason=reason("fetch.network_name"))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            reply = replace(reply, outcome="network", reason=_network_reason(error))
        return reply

    async def _read(self, reply: Reply, response: httpx.Response) -> Reply:
        status = response.status_code
        if status == 304:
            return replace(reply, outcome="unchanged")
        if status in _REDIRECTS:
            return replace(reply, outcome="redirect", reason=reason("fetch.redirects", n=self._limits.max_redirects))
        limit = int(self._limits.max_megabytes * 1_000_000)
        too_large = reason("fetch.too_large", megabytes=self._limits.max_megabytes)
        raw = bytearray()
        async for chunk in response.aiter_raw():
            raw += chunk
            if reply.ask.kind == "robots" and len(raw) > READ_AT_MOST and not reply.encoding:
                del raw[READ_AT_MOST + 1 :]  # the byte too many shows that it was cut
                break
            if len(raw) > limit:
                return replace(reply, outcome="too_large", reason=too_large)
        reply = replace(reply, raw=bytes(raw))
        if status != 200:
            kind: Outcome = "missing" if status in (404, 410) else "server" if status >= 500 else "refused"
            return replace(reply, outcome=kind, reason=reason("fetch.status", status=status))
        body = decoded(reply.raw, reply.encoding, limit)
        if body is None:
            return replace(reply, outcome="too_large", reason=too_large)
        return replace(reply, outcome="ok", body=body)


def retry_after(reply: Reply) -> float | None:
    """Seconds from now that the server asks us to stay away; None where it says nothing that makes sense."""
    value = reply.header("retry-after").strip()
    try:
        if value.isascii() and value.isdigit():
            return float(value)
        return max((parsedate_to_datetime(value) - _now()).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None


def _host_of(url: str) -> str:
    """What counts as one host: a name with all its ordinary ports (http and https are one server), or a name and a port."""
    parts = urlsplit(url)
    name = (parts.hostname or "").rstrip(".")
    ordinary = parts.port in (None, 443 if parts.scheme == "https" else 80)
    return name if ordinary else f"{name}:{parts.port}"


def _origin_of(url: str) -> str:
    """Scheme, host and port in one spelling: what one robots.txt is for."""
    parts = urlsplit(url)
    name = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    shown = "" if port == (443 if parts.scheme == "https" else 80) else f":{port}"
    return f"{parts.scheme}://{f'[{name}]' if ':' in name else name}{shown}"


def _sent(request: httpx.Request) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), _LEFT_OUT if name.lower() == b"cookie" else value.decode("latin-1"))
        for name, value in request.headers.raw
    )


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
        ("fetch.network_refused", ("refused", "unreachable", "All connection attempts failed")),
        ("fetch.network_tls", ("certificate", "SSL", "TLS")),
        ("fetch.network_broken", ("reset", "disconnected", "peer closed", "broken off", "incomplete")),
        ("fetch.network_head", ("Receive buffer too long",)),
    ):
        if any(sign.lower() in told.lower() for sign in signs):
            return reason(key)
    return reason("fetch.network", problem=(told or type(error).__name__)[:200])
