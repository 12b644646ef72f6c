"""The fetcher, against real servers on loopback."""

from __future__ import annotations

import asyncio
import gzip
import ipaddress
import itertools
import threading
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.crawl.fetch import Ask, Fetcher, Reply, decoded, is_allowed, user_agent
from pipeline.settings import Crawl
from tests.crawl.loopback import Answer, Asked, Site, serving

AGENT = user_agent("1.2", "bandoc@sovhttdl.example")


def fetch(*urls: str | Ask, agent: str = AGENT, log: list[Reply] | None = None, **limits: Any) -> list[Reply]:
    """The replies to some requests that are all made at the same time by one fetcher."""
    crawl = Crawl(**{"delay_seconds": 0.0, "timeout_seconds": 5.0, "retries": 0, "allow_loopback": True, **limits})

    async def on_reply(reply: Reply) -> None:
        if log is not None:
            log.append(reply)

    async def run() -> list[Reply]:
        asks = [url if isinstance(url, Ask) else Ask("bao", "article", url) for url in urls]
        async with Fetcher(crawl, agent, on_reply=on_reply) as fetcher:
            return await asyncio.gather(*(fetcher.get(ask) for ask in asks))

    return asyncio.run(run())


# --- robots.txt


def test_robots_is_asked_once_before_anything_else_and_obeyed(site: Site) -> None:
    site.pages |= {
        "/robots.txt": Answer(body=b"User-agent: *\nDisallow: /in/\n"),
        "/a": Answer(body=b"A"),
        "/in/b": Answer(body=b"B"),
        "/c": Answer(body=b"C"),
    }
    log: list[Reply] = []
    replies = fetch(site.url("/a"), site.url("/in/b"), site.url("/c"), log=log)
    assert [(reply.outcome, reply.body) for reply in replies] == [("ok", b"A"), ("robots", b""), ("ok", b"C")]
    assert [asked.path for asked in site.asked] == ["/robots.txt", "/a", "/c"]
    assert [reply.ask.kind for reply in log] == ["robots", "article", "article", "article"]


@pytest.mark.parametrize(
    ("status", "may_read"),
    [(404, True), (410, True), (401, True), (403, True), (429, False), (500, False), (503, False)],
)
def test_a_missing_robots_allows_everything_and_an_unreachable_one_nothing(
    site: Site, status: int, may_read: bool
) -> None:
    site.pages |= {"/robots.txt": Answer(status), "/a": Answer(body=b"A")}
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome == "ok") is may_read
    assert site.paths == (["/a"] if may_read else [])


@pytest.mark.parametrize(
    ("rules", "may_read"),
    [
        ("\ufeffUser-agent: *\r\nDisallow: /a\r\n".encode(), False),
        (b"User-agent: *\r\nDisallow: /a\r\n", False),
        (b"User-agent: DiemBao\nDisallow: /\n\nUser-agent: *\nAllow: /\n", False),
        (b"User-agent: *\nDisallow: /\n\nUser-agent: diembao\nAllow: /\n", True),
        (b"User-agent: *\nDisallow: /*.php$\n", True),
        (b"\xff\xfe\x00" * 500, True),
        (b"User-agent: Googlebot\nDisallow: /\n", True),
    ],
    ids=[
        "byte order mark",
        "Windows line ends",
        "our own group",
        "our group wins",
        "wildcard",
        "binary",
        "another crawler's",
    ],
)
def test_robots_rules_are_read_as_they_are_written_in_the_wild(site: Site, rules: bytes, may_read: bool) -> None:
    site.pages |= {"/robots.txt": Answer(body=rules), "/a": Answer(body=b"A")}
    (reply,) = fetch(site.url("/a"))
    assert reply.outcome == ("ok" if may_read else "robots")


@pytest.mark.parametrize("other", ["press", "review", "sovhttdl.example"])
def test_a_group_for_another_crawler_does_not_bind_us_because_its_name_is_a_word_of_our_agent_line(
    site: Site, other: str
) -> None:
    site.pages |= {"/robots.txt": Answer(body=f"User-agent: {other}\nDisallow: /\n".encode()), "/a": Answer()}
    (reply,) = fetch(site.url("/a"))
    assert reply.outcome == "ok"


def test_a_redirect_does_not_lead_into_what_robots_forbids(site: Site) -> None:
    site.pages |= {
        "/robots.txt": Answer(body=b"User-agent: *\nDisallow: /in/\n"),
        "/a": Answer(302, {"Location": "/in/a"}),
        "/in/a": Answer(body=b"A"),
    }
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, site.paths) == ("robots", ["/a"])


def test_when_robots_cannot_be_reached_the_reason_does_not_say_that_the_paper_forbids_us(site: Site) -> None:
    site.pages["/robots.txt"] = Answer(raw=b"")
    (down,) = fetch(site.url("/a"))
    site.pages["/robots.txt"] = Answer(body=b"User-agent: *\nDisallow: /\n")
    (forbidden,) = fetch(site.url("/a"))
    assert site.paths == []
    assert down.reason
    assert forbidden.reason
    assert down.reason != forbidden.reason


# --- manners


def test_one_host_gets_one_request_at_a_time_with_the_delay_between(site: Site) -> None:
    site.pages |= {f"/{n}": Answer(body=b"x") for n in range(4)}
    fetch(*(site.url(f"/{n}") for n in range(4)), delay_seconds=0.1)
    assert len(site.asked) == 5
    assert site.most_at_once == 1
    for before, after in itertools.pairwise(site.asked):
        assert after.arrived - before.answered >= 0.099, f"{before.path} → {after.path}"


def test_a_longer_crawl_delay_of_the_paper_wins_over_ours(site: Site) -> None:
    site.pages |= {"/robots.txt": Answer(body=b"User-agent: *\nCrawl-delay: 0.2\n"), "/a": Answer(), "/b": Answer()}
    fetch(site.url("/a"), site.url("/b"), delay_seconds=0.01)
    first, second = (asked for asked in site.asked if asked.path != "/robots.txt")
    assert second.arrived - first.answered >= 0.199


def test_hosts_are_asked_side_by_side(site: Site) -> None:
    meet = threading.Barrier(2, timeout=5)  # breaks, and the answer is 500, unless both hosts are asked at once

    def together(_: Asked) -> Answer:
        try:
            meet.wait()
        except threading.BrokenBarrierError:
            return Answer(500)
        return Answer(body=b"x")

    with serving() as other:
        site.pages["/a"] = other.pages["/a"] = together
        replies = fetch(site.url("/a"), other.url("/a"))
    assert [reply.outcome for reply in replies] == ["ok", "ok"]


def test_only_bare_get_requests_are_sent_and_each_says_who_asks(site: Site) -> None:
    answers = iter([Answer(503, {"Retry-After": "0"}), Answer(303, {"Location": "/b"}), Answer(body=b"x")])
    site.pages |= {"/a": lambda _: next(answers), "/b": Answer(307, {"Location": "/a", "Set-Cookie": "who=you"})}
    (reply,) = fetch(site.url("/a"), retries=1)
    assert (reply.outcome, reply.final_url) == ("ok", site.url("/a"))
    assert [asked.path for asked in site.asked] == ["/robots.txt", "/a", "/a", "/b", "/a"]
    for asked in site.asked:
        assert (asked.method, asked.body) == ("GET", b"")
        assert asked.headers["user-agent"] == AGENT


def test_the_agent_line_names_the_product_and_the_contact() -> None:
    assert user_agent("1.2", "a@b.example").startswith("DiemBao/1.2 ")
    assert "+mailto:a@b.example" in user_agent("1.2", "a@b.example")
    assert "mailto" not in user_agent("1.2", "")


def test_cookies_are_not_among_the_headers_that_are_kept(site: Site) -> None:
    site.pages["/a"] = Answer(200, {"Set-Cookie": "who=you", "ETag": '"1"'}, b"x")
    (reply,) = fetch(site.url("/a"))
    assert reply.header("etag") == '"1"'
    assert reply.header("set-cookie") == ""


# --- has it changed?


def test_what_the_server_gave_is_given_back_and_304_means_unchanged(site: Site) -> None:
    def page(asked: Asked) -> Answer:
        known = (asked.headers.get("if-none-match"), asked.headers.get("if-modified-since"))
        return Answer(304) if known == ('"v1"', "Mon, 23 Nov 2026 00:30:00 GMT") else Answer(body=b"new")

    site.pages["/a"] = page
    (first,) = fetch(site.url("/a"))
    (second,) = fetch(Ask("bao", "feed", site.url("/a"), '"v1"', "Mon, 23 Nov 2026 00:30:00 GMT"))
    assert (first.outcome, first.body) == ("ok", b"new")
    assert (second.outcome, second.status, second.body) == ("unchanged", 304, b"")


# --- bodies


def raw_deflate(body: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(body) + squeezer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": raw_deflate,
}
TEXT = "Chợ phiên Trường Sơn họp lại sau mưa. ".encode() * 50


@pytest.mark.parametrize(
    ("encoding", "sent"),
    [("", TEXT), ("gzip", gzip.compress(TEXT)), ("deflate", zlib.compress(TEXT)), ("deflate", raw_deflate(TEXT))],
    ids=["plain", "gzip", "deflate", "raw deflate"],
)
def test_a_body_is_unpacked_for_reading_and_kept_as_it_came(site: Site, encoding: str, sent: bytes) -> None:
    site.pages["/a"] = Answer(200, {"Content-Encoding": encoding} if encoding else {}, sent)
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, reply.body, reply.raw) == ("ok", TEXT, sent)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * 20_000_000)),
        Answer(200, {}, b"x" * 1_000_001),
        Answer(200, {}, b"x" * 100_000, drip=0.0),
    ],
    ids=["gzip bomb", "one byte too many", "endless"],
)
def test_what_is_larger_than_the_limit_is_refused(site: Site, answer: Answer) -> None:
    site.pages["/a"] = answer
    (reply,) = fetch(site.url("/a"), max_megabytes=1.0)
    assert (reply.outcome, reply.body) == ("too_large", b"")


def test_the_limit_itself_is_still_allowed(site: Site) -> None:
    site.pages["/a"] = Answer(body=b"x" * 1_000_000)
    (reply,) = fetch(site.url("/a"), max_megabytes=1.0)
    assert (reply.outcome, len(reply.body)) == ("ok", 1_000_000)


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=3000), pack=st.sampled_from(sorted(PACKERS)))
def test_unpacking_undoes_packing_and_never_goes_over_the_limit(body: bytes, pack: str) -> None:
    packed = PACKERS[pack](body)
    encoding = pack.removeprefix("raw ")
    assert decoded(packed, encoding, len(body)) == body
    if body:
        assert decoded(packed, encoding, len(body) - 1) is None


@settings(max_examples=100, deadline=None)
@given(junk=st.binary(max_size=200), encoding=st.sampled_from(["gzip", "deflate", "br", "gzip, gzip", "x"]))
def test_junk_in_an_encoding_is_an_error_and_nothing_else(junk: bytes, encoding: str) -> None:
    try:
        body = decoded(junk, encoding, 1000)
    except ValueError:
        return
    assert body is None or len(body) <= 1000


def test_a_gzip_body_cut_at_any_byte_is_an_error_not_half_a_page() -> None:
    packed = gzip.compress(TEXT)
    for end in range(1, len(packed)):
        with pytest.raises(ValueError, match="content-encoding"):
            decoded(packed[:end], "gzip", len(TEXT))
    assert decoded(b"", "gzip", 100) == b""


@pytest.mark.parametrize("padding", [b"\0" * 8, b"\r\n"])
def test_padding_behind_a_gzip_body_does_not_cost_the_page(padding: bytes) -> None:
    assert decoded(gzip.compress(TEXT) + padding, "gzip", len(TEXT)) == TEXT


def test_a_gzip_body_of_several_members_is_read_to_its_end() -> None:
    assert decoded(gzip.compress(b"mot ") + gzip.compress(b"hai"), "gzip", 100) == b"mot hai"


# --- time and trouble


def test_a_server_that_drips_is_left_when_the_total_time_is_over(site: Site) -> None:
    site.pages["/a"] = Answer(body=b".", drip=0.05)  # never silent long enough for a read timeout
    (reply,) = fetch(site.url("/a"), timeout_seconds=1.0)
    assert (reply.outcome, reply.body) == ("timeout", b"")


def test_the_total_time_counts_redirects_in(site: Site) -> None:
    def slowly(asked: Asked) -> Answer:
        time.sleep(0.6)
        return Answer(302, {"Location": "/b"}) if asked.path == "/a" else Answer(body=b"x")

    site.pages["/a"] = site.pages["/b"] = slowly
    (reply,) = fetch(site.url("/a"), timeout_seconds=1.0)
    assert reply.outcome == "timeout"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0\xff junk\r\n\r\n", b"HTTP/1.1 999999 X\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort"],
    ids=["hangs up", "not HTTP", "impossible status", "shorter than announced"],
)
def test_a_broken_answer_is_a_network_failure_and_is_tried_again(site: Site, raw: bytes) -> None:
    site.pages["/a"] = Answer(raw=raw)
    (reply,) = fetch(site.url("/a"), retries=2)
    assert (reply.outcome, reply.body) == ("network", b"")
    assert reply.reason
    assert site.paths == ["/a", "/a", "/a"]


def test_a_server_that_is_busy_is_asked_again(site: Site) -> None:
    answers = iter([Answer(503, {"Retry-After": "0"}), Answer(body=b"x")])
    site.pages["/a"] = lambda _: next(answers)
    (reply,) = fetch(site.url("/a"), retries=2)
    assert (reply.outcome, site.paths) == ("ok", ["/a", "/a"])


@pytest.mark.parametrize(
    ("status", "outcome"), [(404, "missing"), (410, "missing"), (401, "refused"), (403, "refused")]
)
def test_an_answer_that_will_not_change_is_not_asked_again(site: Site, status: int, outcome: str) -> None:
    site.pages["/a"] = Answer(status)
    (reply,) = fetch(site.url("/a"), retries=2)
    assert (reply.outcome, reply.status, site.paths) == (outcome, status, ["/a"])


@pytest.mark.parametrize("wait", ["3600", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_server_that_asks_for_a_long_pause_is_left_to_the_next_cycle(site: Site, wait: str) -> None:
    site.pages["/a"] = Answer(503, {"Retry-After": wait})
    (reply,) = fetch(site.url("/a"), retries=2)
    assert (reply.outcome, site.paths) == ("server", ["/a"])


@pytest.mark.parametrize(
    "wait",
    [
        "",
        "-1",
        "soon",
        "Mon, 01 Jan 2024 00:00:00 -0000",
        "Mon, 01 Jan 2024 00:00:00 +9999",
        "²",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
    ],
)
def test_a_retry_after_that_makes_no_sense_counts_as_none(site: Site, wait: str) -> None:
    site.pages["/a"] = Answer(503, {"Retry-After": wait})
    (reply,) = fetch(site.url("/a"), retries=1)
    assert (reply.outcome, site.paths) == ("server", ["/a", "/a"])


# --- redirects and addresses


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_the_answering_address_told(site: Site, status: int) -> None:
    site.pages |= {"/a": Answer(status, {"Location": "b?x=1#end"}), "/b?x=1": Answer(body=b"B")}
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, reply.body, reply.final_url) == ("ok", b"B", site.url("/b?x=1"))


def test_a_redirect_to_another_host_asks_that_host_s_robots_first(site: Site) -> None:
    with serving() as other:
        site.pages |= {
            "/a": Answer(302, {"Location": other.url("/a")}),
            "/b": Answer(301, {"Location": other.url("/b")}),
        }
        other.pages |= {"/robots.txt": Answer(body=b"User-agent: *\nDisallow: /b\n"), "/a": Answer(body=b"A")}
        replies = fetch(site.url("/a"), site.url("/b"))
        assert [reply.outcome for reply in replies] == ["ok", "robots"]
        assert [asked.path for asked in other.asked] == ["/robots.txt", "/a"]


def test_a_robots_file_that_has_moved_is_followed(site: Site) -> None:
    site.pages |= {
        "/robots.txt": Answer(301, {"Location": "/luat.txt"}),
        "/luat.txt": Answer(body=b"User-agent: *\nDisallow: /a\n"),
    }
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, site.paths) == ("robots", ["/luat.txt"])


def test_redirects_in_a_circle_end_after_the_allowed_number(site: Site) -> None:
    site.pages |= {"/a": Answer(302, {"Location": "/b"}), "/b": Answer(302, {"Location": "/a"})}
    (reply,) = fetch(site.url("/a"), max_redirects=3)
    assert (reply.outcome, site.paths) == ("redirect", ["/a", "/b", "/a", "/b"])


@pytest.mark.parametrize(
    ("target", "outcome"),
    [
        ("http://10.0.0.1/", "address"),
        ("http://192.168.1.1/", "address"),
        ("http://169.254.169.254/latest/meta-data/", "address"),
        ("http://[::ffff:10.0.0.1]/", "address"),
        ("http://[fd00::1]/", "address"),
        ("http://0.0.0.0/", "address"),
        ("http://user:secret@127.0.0.1:{port}/b", "redirect"),
        ("file:///etc/passwd", "redirect"),
        ("ftp://127.0.0.1:{port}/b", "redirect"),
        ("http://127.0.0.1:99999/", "redirect"),
        ("javascript:alert(1)", "network"),  # httpx itself stumbles over this one
    ],
)
def test_a_redirect_cannot_lead_inside_the_house_or_out_of_http(site: Site, target: str, outcome: str) -> None:
    site.pages |= {"/a": Answer(302, {"Location": target.format(port=site.port)}), "/b": Answer(body=b"secret")}
    log: list[Reply] = []
    (reply,) = fetch(site.url("/a"), log=log, timeout_seconds=1.0)
    assert reply.outcome != "ok"
    assert (reply.body, site.paths) == (b"", ["/a"])
    assert outcome in {one.outcome for one in log}  # of the page, or of the robots.txt beside it


def test_a_redirect_without_a_target_is_told_as_such(site: Site) -> None:
    site.pages["/a"] = Answer(302)
    (reply,) = fetch(site.url("/a"))
    assert (reply.outcome, site.paths) == ("redirect", ["/a"])


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1:{port}/a",
        "http://user:secret@127.0.0.1:{port}/a",
        "http://127.0.0.1:99999/",
        "http:///a",
        "//127.0.0.1:{port}/a",
        "javascript:alert(1)",
        "http://[::1",
        "",
    ],
)
def test_an_address_that_is_no_plain_http_address_is_never_asked(site: Site, url: str) -> None:
    (reply,) = fetch(url.format(port=site.port))
    assert (reply.outcome, site.asked) == ("address", [])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_loopback_is_out_of_reach_unless_it_is_the_demonstration(site: Site, host: str) -> None:
    site.pages["/a"] = Answer(body=b"secret")
    log: list[Reply] = []
    (reply,) = fetch(f"http://{host}:{site.port}/a", log=log, allow_loopback=False)
    assert (reply.body, site.asked) == (b"", [])
    assert log[0].outcome == "address"


def v6(prefix: str, inner: ipaddress.IPv4Address, shift: int) -> str:
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(inner) << shift))


INSIDE = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "100.64.0.0/10",
    "0.0.0.0/8",
    "240.0.0.0/4",
]
INSIDE_V6 = ["fc00::/7", "fe80::/10", "ff00::/8", "2001:db8::/32", "::/128"]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), net=st.sampled_from(INSIDE), loopback=st.booleans())
def test_no_private_address_may_be_dialled_in_whatever_way_it_is_written(
    data: st.DataObject, net: str, loopback: bool
) -> None:
    inner = data.draw(st.ip_addresses(network=net))
    assert isinstance(inner, ipaddress.IPv4Address)
    for written in (str(inner), v6("::ffff:0:0", inner, 0), v6("2002::", inner, 80)):
        assert not is_allowed(written, allow_loopback=loopback), written


@settings(max_examples=60, deadline=None)
@given(data=st.data(), net=st.sampled_from(INSIDE_V6), loopback=st.booleans())
def test_no_local_ipv6_address_may_be_dialled(data: st.DataObject, net: str, loopback: bool) -> None:
    address = data.draw(st.ip_addresses(network=net))
    assert not is_allowed(str(address), allow_loopback=loopback)
    assert not is_allowed(f"{address}%eth0", allow_loopback=loopback)


@settings(max_examples=40, deadline=None)
@given(inner=st.ip_addresses(network="127.0.0.0/8"))
def test_loopback_may_be_dialled_only_when_allowed(inner: ipaddress.IPv4Address) -> None:
    for written in (str(inner), v6("::ffff:0:0", inner, 0), "::1"):
        assert is_allowed(written, allow_loopback=True)
        assert not is_allowed(written, allow_loopback=False)


@pytest.mark.parametrize("address", ["8.8.8.8", "203.162.4.191", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_public_addresses_may_be_dialled(address: str) -> None:
    assert is_allowed(address, allow_loopback=False)


@pytest.mark.parametrize("address", ["64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "::10.0.0.1", "fec0::1"])
def test_ipv4_inside_translated_addresses_is_judged_too(address: str) -> None:
    assert not is_allowed(address, allow_loopback=False)


def test_a_host_is_the_same_host_however_its_name_is_spelled(site: Site) -> None:
    site.pages |= {"/a": Answer(), "/b": Answer()}
    fetch(f"http://localhost:{site.port}/a", f"http://LOCALHOST:{site.port}/b")
    assert [asked.path for asked in site.asked].count("/robots.txt") == 1


def test_every_page_of_a_busy_day_comes_back_to_the_one_who_asked_for_it(site: Site) -> None:
    numbers = [n * 7 % 30 for n in range(30)]
    site.pages |= {f"/{n}": Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"%d" % n)) for n in numbers}
    replies = fetch(*(site.url(f"/{n}") for n in numbers))
    assert [reply.body for reply in replies] == [b"%d" % n for n in numbers]
