"""What servers do to crawlers, by mistake and on purpose: each costs a bounded time and memory, and is told for what it is."""

from __future__ import annotations

import gzip
import shutil
import socket
import ssl
import subprocess
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Thread
from typing import Any

import brotli
import httpcore
import pytest
import zstandard

from pipeline.crawl.fetch import Ask, Hosts, Reply, legacy_tls_context, retry_after
from pipeline.crawl.unpack import decoded
from tests.crawl.asking import fetch
from tests.crawl.loopback import Answer, Asked, Site, serving

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


def told(reply: Reply) -> str:
    return str(reply.reason)


# --- time


DRIPPING = {
    "header": Answer(raw=HEAD + b"X-Cham: ", body=b"x", drip=0.02),
    "continue for ever": Answer(raw=b"", body=b"HTTP/1.1 100 Continue\r\n\r\n", drip=0.001),
    "body": Answer(raw=HEAD + b"Content-Length: 900000\r\n\r\n", body=b"x", drip=0.02),
    "chunks": Answer(raw=HEAD + b"Transfer-Encoding: chunked\r\n\r\n", body=b"1\r\nx\r\n", drip=0.02),
    "chunk extension": Answer(raw=HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;", body=b"x", drip=0.02),
    "error page": Answer(404, {}, b"x", drip=0.02),
}


def test_whatever_drips_is_cut_off_when_the_time_is_over() -> None:
    with ExitStack() as stack:
        sites = [stack.enter_context(serving()) for _ in DRIPPING]
        for site, answer in zip(sites, DRIPPING.values(), strict=True):
            site.pages["/a"] = answer
        began = time.monotonic()
        replies = fetch(*(site.url("/a") for site in sites), timeout_seconds=1.0, retries=2)
        assert time.monotonic() - began < 10
    assert dict(zip(DRIPPING, (reply.outcome for reply in replies), strict=True)) == dict.fromkeys(DRIPPING, "timeout")
    assert [reply.body for reply in replies] == [b""] * len(DRIPPING)
    assert [site.paths for site in sites] == [["/a"]] * len(DRIPPING)  # the time is for all tries together


def test_the_total_time_counts_tries_in(site: Site) -> None:
    def slowly(_: Asked) -> Answer:
        time.sleep(0.4)
        return Answer(503)

    site.pages["/a"] = slowly
    (reply,) = fetch(site.url("/a"), timeout_seconds=1.0, retries=5)
    assert reply.outcome in ("server", "timeout")
    assert 1 <= len(site.paths) <= 3
    assert reply.seconds < 3


# --- size


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def quick_brotli(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=1))  # the best quality takes its time


TEXT = "Chợ phiên Trường Sơn họp lại sau mưa. ".encode() * 50


@pytest.mark.parametrize("coding", PACKERS)
def test_a_body_in_each_encoding_is_unpacked_for_reading_and_kept_as_it_came(site: Site, coding: str) -> None:
    sent = PACKERS[coding](TEXT)
    site.pages["/a"] = Answer(200, {"Content-Encoding": coding.upper()}, sent)
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, reply.body, reply.raw) == ("ok", TEXT, sent)
    assert coding in site.asked[-1].headers["accept-encoding"]


@pytest.mark.parametrize("coding", PACKERS)
def test_a_bomb_is_given_up_before_it_has_filled_the_memory(coding: str) -> None:
    bomb = {**PACKERS, "br": quick_brotli}[coding](bytes(30_000_000))
    tracemalloc.start()
    try:
        assert decoded(bomb, coding, 1_000_000) is None
        assert tracemalloc.get_traced_memory()[1] < 12_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_inside_a_packet_is_given_up_too(site: Site) -> None:
    site.pages["/a"] = Answer(
        200,
        {"Content-Encoding": "gzip, br, zstd"},
        zstandard.compress(brotli.compress(gzip.compress(bytes(20_000_000)))),
    )
    (reply,) = fetch(site.url("/a"), max_megabytes=1.0)
    assert (reply.outcome, reply.body) == ("too_large", b"")


@pytest.mark.parametrize("coding", PACKERS)
def test_a_body_cut_at_any_byte_is_an_error_not_half_a_page(coding: str) -> None:
    packed = PACKERS[coding](TEXT)
    assert decoded(packed, coding, len(TEXT)) == TEXT
    assert decoded(packed, coding, len(TEXT) - 1) is None
    for end in range(1, len(packed)):
        with pytest.raises(ValueError, match="content-encoding"):
            decoded(packed[:end], coding, len(TEXT))


@pytest.mark.parametrize("lines", [("gzip, br",), ("gzip", "br"), ("GZIP ,identity,  Br",)], ids=str)
def test_encodings_over_one_another_are_undone_in_their_order(site: Site, lines: tuple[str, ...]) -> None:
    packed = brotli.compress(gzip.compress(TEXT))
    head = b"".join(b"Content-Encoding: %s\r\n" % line.encode() for line in lines)
    site.pages["/a"] = Answer(raw=HEAD + head + b"Content-Length: %d\r\n\r\n" % len(packed) + packed)
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, reply.body, reply.raw) == ("ok", TEXT, packed)


@pytest.mark.parametrize("encoding", ["gzip, gzip, gzip, gzip", "compress", "gzip;q=1", "x" * 5000])
def test_an_encoding_we_do_not_read_is_a_failure_that_says_so(site: Site, encoding: str) -> None:
    site.pages["/a"] = Answer(200, {"Content-Encoding": encoding}, b"x")
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, reply.body) == ("network", b"")
    assert "content-encoding" in told(reply)
    assert len(told(reply)) < 400


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_body_of_hundreds_of_thousands_of_empty_parts_is_refused_quickly(coding: str) -> None:
    empty = PACKERS[coding](b"")
    began = time.monotonic()
    with pytest.raises(ValueError, match="too many parts"):
        decoded(empty * (5_000_000 // len(empty)), coding, 10_000_000)
    assert time.monotonic() - began < 5  # starting anew and copying the rest for each would take minutes


def test_a_zstd_body_of_several_frames_is_read_to_its_end() -> None:
    skipped = b"\x50\x2a\x4d\x18\x03\0\0\0abc"
    assert decoded(zstandard.compress(b"mot ") + skipped + zstandard.compress(b"hai"), "zstd", 100) == b"mot hai"


def test_a_zstd_window_larger_than_the_web_allows_is_not_given_the_memory() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=False)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    packed = packer.compress(TEXT) + packer.flush()
    assert len(packed) < len(TEXT)
    with pytest.raises(ValueError, match="zstd"):
        decoded(packed, "zstd", 10_000_000)


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 100) for n in range(5000)) + b"\r\n",
        HEAD + b"X: " + b"x" * 2_000_000 + b"\r\n\r\n",
    ],
    ids=["many headers", "one long header"],
)
def test_a_flood_of_headers_is_refused(site: Site, raw: bytes) -> None:
    site.pages["/a"] = Answer(raw=raw)
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, reply.headers, reply.raw) == ("network", (), b"")
    assert "network_head" in told(reply) or "network_broken" in told(reply)


def test_an_endless_header_is_left_long_before_the_time_is_over(site: Site) -> None:
    site.pages["/a"] = Answer(raw=HEAD, body=b"X-Tran: " + b"x" * 10_000 + b"\r\n", drip=0.0)
    (reply,) = fetch(site.url("/a"), timeout_seconds=60.0)
    assert reply.outcome == "network"
    assert reply.seconds < 30


# --- lengths and lines


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + b"Content-Length: 50\r\n\r\nshort",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nshort\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nshort!",
        HEAD + b"Content-Length: -5\r\n\r\nshort",
        HEAD + b"Content-Len",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nshort",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + HEAD + b"\r\nshort",
    ],
    ids=[
        "too long",
        "chunks without an end",
        "no number",
        "two lengths",
        "negative",
        "inside the head",
        "another protocol",
        "bare 101",
    ],
)
def test_a_body_that_is_not_as_announced_is_not_half_a_page(site: Site, raw: bytes) -> None:
    site.pages["/a"] = Answer(raw=raw)
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, reply.body) == ("network", b"")


def test_what_comes_after_the_announced_length_is_not_the_answer_to_the_next_request(site: Site) -> None:
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nGIA!"
    site.pages |= {"/a": Answer(200, {"Content-Length": "2"}, b"ok" + smuggled), "/b": Answer(body=b"that")}
    first, second = fetch(site.url("/a"), site.url("/b"), retries=1)
    assert (first.body, second.body) == (b"ok", b"that")
    first, second = fetch(site.url("/a"), site.url("/b"))
    assert (first.body, second.outcome) == (b"ok", "network")


def test_a_body_that_ends_with_the_line_is_whole_when_no_length_was_announced(site: Site) -> None:
    site.pages["/a"] = Answer(raw=HEAD + b"\r\nwhole")
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, reply.body) == ("ok", b"whole")


def test_validators_that_no_header_can_hold_are_not_given_back(site: Site) -> None:
    site.pages["/a"] = Answer(body=b"x")
    (reply,) = fetch(Ask("bao", "feed", site.url("/a"), '"báo"', "Mon\r\nX-Evil: 1"))
    assert reply.outcome == "ok"
    assert not {"if-none-match", "if-modified-since", "x-evil"} & site.asked[-1].headers.keys()


# --- where redirects lead


@pytest.mark.parametrize(
    "target",
    [
        "http://10.1.2.3/",
        "http://172.20.0.1/",
        "http://192.168.0.1:8080/admin",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/latest/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://0/",
        "http://2852039166/",  # 169.254.169.254 as one number
        "http://0xa9fea9fe/",
        "http://100.100.100.200/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:{port}/_GET%20/b",
        "ftp://127.0.0.1:{port}/b",
        "dict://127.0.0.1:{port}/",
        "http://ai:mat-khau@127.0.0.1:{port}/b",
        "//ai:mat-khau@127.0.0.1:{port}/b",
        "http://127.0.0.1:{port}\\@bao.example/b",
    ],
)
def test_no_redirect_leads_where_the_crawler_has_no_business(
    site: Site, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialled: list[str] = []
    inner = httpcore.AnyIOBackend.connect_tcp

    async def connect(backend: Any, host: str, *more: Any) -> httpcore.AsyncNetworkStream:
        dialled.append(host)
        return await inner(backend, host, *more)

    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    site.pages |= {"/a": Answer(302, {"Location": target.format(port=site.port)}), "/b": Answer(body=b"secret")}
    log: list[Reply] = []
    (reply,) = fetch(site.url("/a"), log=log, timeout_seconds=2.0)
    assert reply.outcome in ("address", "redirect", "network", "dns")
    assert set(dialled) == {"127.0.0.1"}
    assert b"secret" not in reply.body + reply.raw
    assert "mat-khau" not in repr([(one.final_url, one.reason, one.request_headers) for one in log])


def test_a_redirect_loop_through_two_hosts_ends(site: Site) -> None:
    with serving() as other:
        site.pages["/a"] = Answer(302, {"Location": other.url("/a")})
        other.pages["/a"] = Answer(302, {"Location": site.url("/a")})
        (reply,) = fetch(site.url("/a"), max_redirects=4)
    assert reply.outcome == "redirect"
    assert len(site.paths) + len(other.paths) == 5


def test_a_redirect_that_grows_for_ever_ends(site: Site) -> None:
    def longer(asked: Asked) -> Answer:
        return Answer(302, {"Location": asked.path + "x" * 900})

    site.pages["/a"] = longer
    site.answer = lambda asked: Answer(404) if asked.path == "/robots.txt" else longer(asked)  # type: ignore[method-assign]
    (reply,) = fetch(site.url("/a"), max_redirects=10)
    assert reply.outcome == "redirect"
    assert len(site.paths) <= 4


# --- names


class Names:
    """A resolver whose answers change from one question to the next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: str) -> None:
        self.asked: list[str] = []
        self.dialled: list[str] = []
        left = list(answers)
        inner = httpcore.AnyIOBackend.connect_tcp
        real = socket.getaddrinfo

        def resolve(host: str, port: int, *more: Any, **kinds: Any) -> list[Any]:
            if not host.endswith((".example", ".vn")):
                return real(host, port, *more, **kinds)
            self.asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0) if len(left) > 1 else left[0], port))]

        async def connect(backend: Any, host: str, *more: Any) -> httpcore.AsyncNetworkStream:
            self.dialled.append(host)
            if not host.startswith("127."):
                raise httpcore.ConnectError("not in a test")
            return await inner(backend, host, *more)

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)


def test_the_address_dialled_is_the_address_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, "8.8.8.8", "127.0.0.1")
    (reply,) = fetch("http://bao.example/", allow_loopback=False)
    assert reply.outcome == "network"
    assert names.asked == ["bao.example"]
    assert names.dialled == ["8.8.8.8"]


def test_a_name_that_turns_inward_between_two_connections_is_checked_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = {"Connection": "close"}
    site.pages |= {"/robots.txt": Answer(404, close), "/a": Answer(200, close, b"A"), "/b": Answer(200, close, b"B")}
    names = Names(monkeypatch, "127.0.0.1", "127.0.0.1", "10.0.0.1")
    urls = [f"http://bao.example:{site.port}/{page}" for page in "ab"]
    replies = fetch(*urls)
    assert [reply.outcome for reply in replies] == ["ok", "address"]
    assert "10.0.0.1" in told(replies[1])
    assert names.dialled == ["127.0.0.1", "127.0.0.1"]


def test_one_private_address_among_public_ones_is_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, "8.8.8.8")
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    (reply,) = fetch("http://bao.example/", allow_loopback=False)
    assert (reply.outcome, names.dialled) == ("address", [])


def test_a_name_nobody_knows_is_told_apart_from_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    log: list[Reply] = []
    (reply,) = fetch("http://bao.example/", log=log, retries=1)
    assert [one.outcome for one in log] == ["dns", "dns"]  # robots.txt, and the page that was not asked for it
    assert "fetch.network_name" in told(reply)


def test_a_closed_port_is_no_question_of_names() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        (reply,) = fetch(f"http://127.0.0.1:{probe.getsockname()[1]}/")
    assert reply.outcome == "network"


# --- come back later


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_s_seconds_and_dates_are_read(site: Site, status: int) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    site.pages |= {
        "/a": Answer(status, {"Retry-After": "7200"}),
        "/b": Answer(status, {"Retry-After": later}),
        "/c": Answer(status),
    }
    replies = fetch(*(site.url(page) for page in ("/a", "/b", "/c")), retries=3)
    waits = [retry_after(reply) for reply in replies]
    assert waits[0] == 7200
    assert waits[1] == pytest.approx(7200, abs=60)
    assert waits[2] is None
    assert [site.paths.count(page) for page in ("/a", "/b", "/c")] == [1, 1, 4]  # two hours are not waited for in place


def test_a_short_pause_is_waited_for_in_place(site: Site) -> None:
    answers = iter([Answer(429, {"Retry-After": "1"}), Answer(body=b"x")])
    site.pages["/a"] = lambda _: next(answers)
    (reply,) = fetch(site.url("/a"), retries=1)
    first, second = (asked for asked in site.asked if asked.path == "/a")
    assert reply.outcome == "ok"
    assert second.arrived - first.answered >= 0.99
    assert reply.seconds < 0.9  # waiting is not the server's time


def test_an_error_page_is_kept_as_it_came(site: Site) -> None:
    sent = gzip.compress(b"da go")
    site.pages["/a"] = Answer(410, {"Content-Encoding": "gzip"}, sent)
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, reply.raw, reply.body) == ("missing", sent, b"")


# --- pace


def test_a_slow_host_is_asked_more_slowly_also_in_the_next_cycle(site: Site) -> None:
    def slowly(_: Asked) -> Answer:
        time.sleep(0.2)
        return Answer()

    hosts = Hosts()
    site.pages |= {f"/{n}": slowly for n in range(4)}
    fetch(site.url("/0"), hosts=hosts)
    assert hosts.latency(f"127.0.0.1:{site.port}") > 0.05
    fetch(site.url("/1"), site.url("/2"), site.url("/3"), hosts=hosts, latency_factor=1.5)
    one, two, three = site.asked[-3:]
    assert two.arrived - one.answered >= 0.14
    assert three.arrived - two.answered >= 0.18  # it goes on being slow


def test_latency_is_smoothed() -> None:
    hosts = Hosts()
    assert hosts.latency("bao.example") == 0
    for seconds in (1.0, 1.0, 11.0):
        hosts.answered("bao.example", seconds)
    assert 1 < hosts.latency("bao.example") < 6
    for _ in range(40):
        hosts.answered("bao.example", 1.0)
    assert hosts.latency("bao.example") == pytest.approx(1.0, abs=0.01)


# --- cookies


def primed(site: Site, path: str, source: str = "bao") -> Ask:
    return Ask(source, "article", site.url(path), prime=site.url("/vao"))


def sent_cookies(site: Site) -> list[tuple[str, str]]:
    return [(asked.path, asked.headers.get("cookie", "")) for asked in site.asked]


def test_a_source_that_needs_it_is_asked_for_cookies_once_and_gives_them_back(site: Site) -> None:
    site.pages |= {
        "/vao": Answer(200, {"Set-Cookie": "ve=bi-mat; Path=/"}, b"x"),
        "/a": Answer(200, {"Set-Cookie": "khac=1; Path=/"}, b"A"),
        "/b": Answer(body=b"B"),
    }
    log: list[Reply] = []
    fetch(primed(site, "/a"), primed(site, "/b"), log=log)
    assert sent_cookies(site) == [("/robots.txt", ""), ("/vao", ""), ("/a", "ve=bi-mat"), ("/b", "ve=bi-mat")]
    assert [(one.ask.kind, one.ask.url) for one in log][1] == ("prime", site.url("/vao"))
    assert "bi-mat" not in repr(log)  # nothing that is kept holds it
    assert ("Cookie", "(left out)") in log[-1].request_headers


def test_no_other_source_sends_cookies_to_the_same_host(site: Site) -> None:
    site.pages |= {
        "/vao": Answer(200, {"Set-Cookie": "ve=1; Path=/"}),
        "/a": Answer(200, {"Set-Cookie": "x=1; Path=/"}),
    }
    fetch(primed(site, "/a"), Ask("bao-khac", "article", site.url("/a")), Ask("bao-khac", "feed", site.url("/a")))
    assert [cookie for path, cookie in sent_cookies(site) if path == "/a"].count("ve=1") == 1
    assert sorted(cookie for _, cookie in sent_cookies(site)) == ["", "", "", "", "ve=1"]


def test_cookies_do_not_follow_a_redirect_to_another_host(site: Site) -> None:
    site.pages |= {
        "/vao": Answer(200, {"Set-Cookie": "ve=1; Path=/"}),
        "/a": Answer(302, {"Location": f"http://localhost:{site.port}/b"}),
        "/b": Answer(body=b"B"),
    }
    (reply,) = fetch(primed(site, "/a"))
    assert (reply.outcome, reply.body) == ("ok", b"B")
    assert [cookie for path, cookie in sent_cookies(site) if path in ("/a", "/b")] == ["ve=1", ""]


@pytest.mark.parametrize(
    ("domain", "given"),
    [("", "ve=1 - -"), ("bao.com.vn", "ve=1 - ve=1"), ("khac.example", "- - -"), (".com.vn", "- - -"), ("vn", "- - -")],
)
def test_a_cookie_goes_to_the_paper_s_own_hosts_only(
    site: Site, domain: str, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, "127.0.0.1")
    named = f"; Domain={domain}" if domain else ""
    site.pages |= {"/vao": Answer(200, {"Set-Cookie": f"ve=1; Path=/{named}"}), "/a": Answer()}
    prime = f"http://bao.com.vn:{site.port}/vao"
    for host in ("bao.com.vn", "tin.com.vn", "video.bao.com.vn"):
        fetch(Ask("bao", "article", f"http://{host}:{site.port}/a", prime=prime))
    assert " ".join(cookie or "-" for path, cookie in sent_cookies(site) if path == "/a") == given


def test_when_the_prime_address_fails_the_source_is_asked_all_the_same(site: Site) -> None:
    site.pages |= {"/vao": Answer(503), "/a": Answer(body=b"A")}
    log: list[Reply] = []
    (reply, _) = fetch(primed(site, "/a"), primed(site, "/a"), log=log)
    assert reply.body == b"A"
    assert [one.outcome for one in log if one.ask.kind == "prime"] == ["server"]


# --- what was sent


def test_the_headers_sent_are_told_for_the_last_hop_as_the_server_saw_them(site: Site) -> None:
    site.pages |= {"/a": Answer(302, {"Location": "/b"}), "/b": Answer(body=b"B")}
    (reply,) = fetch(Ask("bao", "feed", site.url("/a"), '"v1"'))
    assert {name.lower(): value for name, value in reply.request_headers} == site.asked[-1].headers
    assert ("If-None-Match", '"v1"') in reply.request_headers


# --- TLS


def test_the_legacy_exception_is_about_old_protocols_never_about_certificates() -> None:
    context = legacy_tls_context()
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not [one["name"] for one in context.get_ciphers() if "null" in str(one).lower()]
    assert context.cert_store_stats()["x509_ca"] > 50


@contextmanager
def secure(certificate: Path, key: Path, *, old: bool) -> Iterator[int]:
    """A TLS server on loopback that answers every request with "x"; an old one speaks TLS 1.0 only. Gives its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.maximum_version = ssl.TLSVersion.TLSv1
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(line, server_side=True) as safe:
                        safe.recv(65536)
                        safe.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")
                except OSError:
                    line.close()

        thread = Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a self-signed certificate for localhost, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl command to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return folder


@pytest.mark.parametrize(
    ("old", "legacy", "known", "host", "outcome"),
    [
        (False, False, True, "localhost", "ok"),
        (False, True, True, "localhost", "ok"),
        (True, False, True, "localhost", "network"),
        (True, True, True, "localhost", "ok"),
        (True, True, False, "localhost", "network"),  # nobody vouches for the certificate
        (True, True, True, "127.0.0.1", "network"),  # it is for another name
        (False, True, False, "localhost", "network"),
        (False, False, False, "localhost", "network"),
    ],
)
def test_old_tls_is_spoken_only_where_declared_and_certificates_count_everywhere(
    certificates: Path, monkeypatch: pytest.MonkeyPatch, old: bool, legacy: bool, known: bool, host: str, outcome: str
) -> None:
    if known:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "cert.pem"))
    else:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with secure(certificates / "cert.pem", certificates / "key.pem", old=old) as port:
        (reply,) = fetch(Ask("bao", "article", f"https://{host}:{port}/a", legacy_tls=legacy))
    assert reply.outcome == outcome, told(reply)
