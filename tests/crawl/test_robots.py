"""Rules of robots.txt as RFC 9309 and Google describe them, as our own table; and who is believed when it does not come."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protego import Protego

from pipeline.crawl.fetch import Hosts, _host_of, _origin_of
from pipeline.crawl.robots import READ_AT_MOST, Rules, judged
from pipeline.records import Outcome
from tests.crawl.asking import fetch
from tests.crawl.loopback import Answer, Site

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
ALL = "User-agent: *\n"


def rules(text: str | bytes) -> Rules:
    body = text.encode() if isinstance(text, str) else text
    return judged("ok", 200, body, "", None, NOW)


def allowed(text: str | bytes, path: str) -> bool:
    return rules(text).allows(f"https://bao.example{path}")


@dataclass(frozen=True)
class Case:
    says: str  # the rule, in a few words
    text: str | bytes
    read: tuple[str, ...] = ()  # paths that may be asked
    left: tuple[str, ...] = ()  # paths that may not
    differs: str = ""  # why these are the answers of ours, where the rule would give others


TABLE = [
    # which rule wins
    Case("the longer rule wins", f"{ALL}Allow: /t\nDisallow: /\n", ("/tin", "/t"), ("/", "/anh")),
    Case("the longer rule wins, first or last", f"{ALL}Disallow: /\nAllow: /t\n", ("/tin",), ("/anh",)),
    Case("a longer ban inside a permission", f"{ALL}Allow: /\nDisallow: /in/\n", ("/tin", "/in"), ("/in/", "/in/1")),
    Case("of two as long the permission wins", f"{ALL}Disallow: /tin\nAllow: /tin\n", ("/tin/1",)),
    Case("as long with a star", f"{ALL}Allow: /trang\nDisallow: /*.ph\n", ("/trang",), ("/a.php",)),
    Case("a star counts like a letter: as long", f"{ALL}Allow: /tran\nDisallow: /*.ph\n", ("/trang.php",)),
    Case("a star counts like a letter: longer", f"{ALL}Allow: /tra\nDisallow: /*.ph\n", ("/trang",), ("/trang.php",)),
    Case("only the front page", f"{ALL}Allow: /$\nDisallow: /\n", ("/",), ("/tin", "/?x=1")),
    # paths
    Case("nothing is banned", f"{ALL}Disallow:\n", ("/", "/tin?x=1")),
    Case("everything is banned", f"{ALL}Disallow: /\n", ("/robots.txt",), ("/", "/tin")),
    Case("a star alone is everything", f"{ALL}Disallow: /*\n", (), ("/", "/tin")),
    Case(
        "a rule is the beginning of a path",
        f"{ALL}Disallow: /ca\n",
        ("/", "/Ca.html", "/bo-ca", "/?x=ca", "/bien/ca"),
        ("/ca", "/ca.html", "/ca/thu.html", "/cam", "/ca?x=1"),
    ),
    Case("a star at the end changes nothing", f"{ALL}Disallow: /ca*\n", ("/Ca", "/bo-ca"), ("/ca", "/cam", "/ca/1")),
    Case("a folder", f"{ALL}Disallow: /ca/\n", ("/ca", "/ca.html", "/Ca/1"), ("/ca/", "/ca/?x=1", "/ca/thu")),
    Case(
        "a star in the middle",
        f"{ALL}Disallow: /*.php\n",
        ("/", "/a.PHP"),
        ("/a.php", "/tin/a.php?x=1", "/a.php.html", "/a.php/"),
    ),
    Case(
        "the end of the address",
        f"{ALL}Disallow: /*.php$\n",
        ("/a.php?x=1", "/a.php5", "/a.php/"),
        ("/a.php", "/tin/b.php", "/b.php.php"),
    ),
    Case("two parts", f"{ALL}Disallow: /ca*.php\n", ("/Ca.php", "/ca/php"), ("/ca.php", "/ca/thu.php?x=1")),
    Case("stars in a row are one", f"{ALL}Disallow: /a**b\n", ("/a",), ("/ab", "/axxb")),
    Case("a dollar inside a rule is a dollar", f"{ALL}Disallow: /gia$/\n", ("/gia",), ("/gia$/1",)),
    Case("a rule without a slash matches nothing", f"{ALL}Disallow: tin\n", ("/tin", "/tin/1")),
    Case("query strings belong to the path", f"{ALL}Disallow: /*?\n", ("/tin", "/tin/1"), ("/tin?x=1", "/?a")),
    Case("the beginning of a query", f"{ALL}Disallow: /tim?q=\n", ("/tim", "/tim?x=1&q="), ("/tim?q=", "/tim?q=lu")),
    Case("paths have upper and lower case", f"{ALL}Disallow: /Tin\n", ("/tin", "/TIN"), ("/Tin",)),
    Case("what follows # is not sent", f"{ALL}Disallow: /*x\n", ("/tin#x",), ("/tin/x#y",)),
    # escapes
    Case("a letter and its escape", f"{ALL}Disallow: /chợ\n", ("/cho",), ("/ch%E1%BB%A3", "/chợ", "/ch%e1%bb%a3")),
    Case("an escape in the rule", f"{ALL}Disallow: /ch%e1%bb%a3\n", ("/cho",), ("/chợ", "/ch%E1%BB%A3/1")),
    Case("a plain letter escaped for no reason", f"{ALL}Disallow: /%74in\n", ("/anh",), ("/tin", "/%74in")),
    Case("an escaped slash is no slash", f"{ALL}Disallow: /a%2Fb\n", ("/a/b",), ("/a%2fb",)),
    Case("an escaped star is a star", f"{ALL}Disallow: /a%2Ab\n", ("/axb",), ("/a*b", "/a%2ab")),
    Case("an escaped dollar is a dollar", f"{ALL}Disallow: /a%24\n", ("/a",), ("/a$", "/a$b")),
    # whose rules
    Case(
        "our own group alone counts", f"{ALL}Disallow: /\n\nUser-agent: DiemBao\nDisallow: /in\n", ("/tin",), ("/in",)
    ),
    Case("in whatever order", f"User-agent: DiemBao\nDisallow: /in\n\n{ALL}Disallow: /\n", ("/tin",), ("/in",)),
    Case("in whatever case", f"{ALL}Disallow: /\n\nuser-AGENT: dIEMbAO\nDisallow: /in\n", ("/tin",), ("/in",)),
    Case("an empty group of ours frees us", f"{ALL}Disallow: /\n\nUser-agent: DiemBao\nDisallow:\n", ("/tin",)),
    Case(
        "groups of one name are one",
        "User-agent: DiemBao\nDisallow: /a\n\nUser-agent: k\nDisallow: /b\n\nUser-agent: diembao\nDisallow: /c\n",
        ("/b",),
        ("/a", "/c"),
    ),
    Case("groups of * are one", f"{ALL}Disallow: /a\n\n{ALL}Disallow: /b\n", ("/c",), ("/a", "/b")),
    Case(
        "one group, many names", "User-agent: k\nUser-agent: DiemBao\nUser-agent: m\nDisallow: /a\n", ("/b",), ("/a",)
    ),
    Case(
        "an empty line ends no group", "User-agent: DiemBao\n\n\nDisallow: /a\n\nDisallow: /b\n", ("/c",), ("/a", "/b")
    ),
    Case("somebody else's group", "User-agent: Khac\nDisallow: /\n", ("/tin",)),
    Case("our name with a version", "User-agent: DiemBao/1.0\nDisallow: /\n", (), ("/tin",)),
    Case(
        "our name with a version beside *", f"{ALL}Allow: /\n\nUser-agent: DiemBao/2 (x)\nDisallow: /\n", (), ("/tin",)
    ),
    Case("the beginning of our name is not our name", "User-agent: Diem\nDisallow: /\n", ("/tin",)),
    Case("more than our name is not our name", "User-agent: DiemBao-Anh\nDisallow: /\n", ("/tin",)),
    Case("a star inside a name is none", "User-agent: Diem*\nDisallow: /\n", ("/tin",)),
    Case("a rule before any name binds nobody", f"Disallow: /a\n{ALL}Disallow: /b\n", ("/a",), ("/b",)),
    Case(
        "sitemaps stand outside groups",
        "User-agent: DiemBao\nSitemap: https://bao.example/s.xml\nUser-agent: k\nDisallow: /a\n",
        ("/b",),
        ("/a",),
    ),
    Case(
        "a Crawl-delay between names",
        "User-agent: DiemBao\nCrawl-delay: 5\nUser-agent: k\nDisallow: /a\n",
        ("/a",),
        differs="Google, which knows no Crawl-delay, would read on as one group; we obey Crawl-delay, so it is a group's rule",
    ),
    Case(
        "an unknown line between names",
        "User-agent: DiemBao\nMau-sac: do\nUser-agent: k\nDisallow: /a\n",
        ("/a",),
        differs="the rule is to step over unknown lines; protego takes any line for the first of a group's rules. Rare, and"
        " who wants us out names us in front of a Disallow",
    ),
    Case(
        "a permitted index.html",
        f"{ALL}Disallow: /\nAllow: /tin/index.html\n",
        ("/tin/index.html", "/tin/"),
        ("/tin/a", "/"),
        differs="the rule as written permits the file alone; protego, like Google's own parser, permits its folder's front too",
    ),
    # how it is written
    Case("an unknown line is stepped over", f"Mau: do\n{ALL}Mau: do\nDisallow: /a\nMau: do\n", ("/b",), ("/a",)),
    Case("comments", f"# x\n{ALL}Disallow: /a # Disallow: /b\n#Disallow: /c\n", ("/b", "/c"), ("/a", "/a/1")),
    Case("a comment behind a name", "User-agent: DiemBao # ta\nDisallow: /a\n", ("/b",), ("/a",)),
    Case("blanks and tabs", "  user-agent :\tDiemBao  \n\tDISALLOW:/a  \n", ("/b",), ("/a",)),
    Case("a byte order mark", f"\ufeff{ALL}Disallow: /a\n", ("/b",), ("/a",)),
    Case("line ends of old Macs", "User-agent: *\rDisallow: /a\rDisallow: /b\r", ("/c",), ("/a", "/b")),
    Case("line ends of Windows", "User-agent: *\r\nDisallow: /a\r\n", ("/b",), ("/a",)),
    Case("no line end at the end", "User-agent: *\nDisallow: /a", ("/b",), ("/a",)),
    Case("not UTF-8", b"User-agent: *\n# \xe9\xff\nDisallow: /a\n", ("/b",), ("/a",)),
    Case("a web page in its place", "<!DOCTYPE html><html><body>Trang chủ: /</body></html>", ("/", "/tin")),
    Case("nothing at all", "", ("/", "/tin")),
    Case("a typing mistake that many make", f"{ALL}Dissallow: /a\n", ("/b",), ("/a",)),
    Case("no colon", "User-agent *\nDisallow /a\n", ("/b",), ("/a",)),
]


@pytest.mark.parametrize("case", TABLE, ids=lambda case: case.says)
def test_the_table(case: Case) -> None:
    assert [path for path in (*case.read, *case.left) if allowed(case.text, path)] == list(case.read)


def test_the_table_is_about_different_things_and_says_why_where_we_differ() -> None:
    assert len({case.says for case in TABLE}) == len(TABLE) >= 40
    assert all(case.read or case.left for case in TABLE)
    assert sum(bool(case.differs) for case in TABLE) == 3


def test_a_case_of_the_table_gives_the_same_through_the_fetcher(site: Site) -> None:
    site.pages |= {"/robots.txt": Answer(body=b"User-agent: DiemBao/9\nDisallow: /ca*.php$\n"), "/ca.php5": Answer()}
    replies = fetch(site.url("/ca.php5"), site.url("/ca/thu.php"))
    assert [reply.outcome for reply in replies] == ["ok", "robots"]


# --- size and malice


def test_only_the_first_500_kib_count_and_half_a_rule_at_their_end_does_not() -> None:
    head = ALL + "Disallow: /a\n"
    filler = "#" * (READ_AT_MOST - len(head) - len("\nDisallow: /"))
    cut = f"{head}{filler}\nDisallow: /in/\nDisallow: /c\n"
    assert cut.encode()[READ_AT_MOST - 1 : READ_AT_MOST + 2] == b"/in"
    assert [allowed(cut, path) for path in ("/a", "/b", "/in/", "/c")] == [False, True, True, True]


def test_thousands_of_names_with_thousands_of_rules_do_not_multiply() -> None:
    names = "".join(f"User-agent: k{n}\n" for n in range(12_000))
    told = names + ALL + "".join(f"Disallow: /{n}\n" for n in range(14_000))
    began = time.monotonic()
    assert not allowed(told, "/13999")
    assert time.monotonic() - began < 20  # 170 million rules would take minutes, and the memory of a large machine


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=300)
    | st.lists(
        st.sampled_from(
            ["User-agent: *", "User-agent:", "Disallow: /", "Allow: /*$", "Crawl-delay: nan", "%", ":", "\0"]
        ),
        max_size=12,
    ).map("\n".join),
    path=st.text("/ab*$%?é", max_size=12),
)
def test_no_text_breaks_the_reading(text: str, path: str) -> None:
    read = rules(text)
    assert read.allows("https://bao.example/" + path) in (True, False)
    assert read.delay >= 0


# --- when it does not come


@pytest.mark.parametrize(
    ("outcome", "status", "everything"),
    [
        ("missing", 404, True),
        ("missing", 410, True),
        ("refused", 401, True),
        ("refused", 403, True),
        ("redirect", 301, True),
        ("refused", 429, False),
        ("server", 500, False),
        ("server", 503, False),
        ("network", None, False),
        ("dns", None, False),
        ("timeout", None, False),
        ("too_large", 200, False),
        ("address", None, False),
    ],
)
def test_without_an_older_copy(outcome: Outcome, status: int | None, everything: bool) -> None:
    read = judged(outcome, status, b"", "why", None, NOW)
    assert read.allows("https://bao.example/") is everything
    assert read.valid_until - NOW == (timedelta(days=1) if everything else timedelta(hours=1))
    if not everything:
        assert read.refused_as == outcome
        assert read.refusal


@pytest.mark.parametrize("outcome", sorted(set(get_args(Outcome)) - {"ok", "missing", "refused", "redirect"}))
def test_an_older_copy_holds_when_robots_cannot_be_reached(outcome: Outcome) -> None:
    older = rules(f"{ALL}Disallow: /in\nCrawl-delay: 7\n")
    read = judged(outcome, None, b"", "why", older, NOW + timedelta(days=2))
    assert (read.allows("https://bao.example/tin"), read.allows("https://bao.example/in")) == (True, False)
    assert read.valid_until == NOW + timedelta(days=2, hours=1)
    assert (read.refused_as, read.delay) == ("robots", 7.0)


def test_that_there_was_no_robots_is_no_older_copy() -> None:
    none = judged("missing", 404, b"", "", None, NOW)
    assert not judged("server", 503, b"", "", none, NOW + timedelta(days=2)).allows("https://bao.example/")


def test_rules_are_asked_once_a_day_over_all_cycles(site: Site) -> None:
    clock = [NOW]
    hosts = Hosts(lambda: clock[0])
    site.pages |= {"/robots.txt": Answer(body=f"{ALL}Disallow: /in\n".encode()), "/a": Answer()}

    def robots_asked() -> int:
        fetch(site.url("/a"), site.url("/in"), hosts=hosts)
        return sum(asked.path == "/robots.txt" for asked in site.asked)

    assert (robots_asked(), robots_asked()) == (1, 1)
    clock[0] += timedelta(hours=23, minutes=59)
    assert robots_asked() == 1
    clock[0] += timedelta(minutes=1)
    assert robots_asked() == 2
    # It breaks: the copy of yesterday holds, and it is asked every hour.
    site.pages["/robots.txt"] = Answer(503)
    clock[0] += timedelta(days=1)
    assert robots_asked() == 3
    assert [reply.outcome for reply in fetch(site.url("/a"), site.url("/in"), hosts=hosts)] == ["ok", "robots"]
    clock[0] += timedelta(minutes=59)
    assert robots_asked() == 3
    clock[0] += timedelta(minutes=1)
    assert robots_asked() == 4
    # It comes back with other rules.
    site.pages["/robots.txt"] = Answer(body=f"{ALL}Disallow: /a\n".encode())
    clock[0] += timedelta(hours=1)
    assert [reply.outcome for reply in fetch(site.url("/a"), hosts=hosts)] == ["robots"]


def test_a_failure_is_remembered_for_an_hour_and_what_failed_is_told(site: Site) -> None:
    clock = [NOW]
    hosts = Hosts(lambda: clock[0])
    site.pages |= {"/robots.txt": Answer(raw=b""), "/a": Answer()}
    assert [reply.outcome for reply in fetch(site.url("/a"), hosts=hosts)] == ["network"]
    assert [reply.outcome for reply in fetch(site.url("/a"), hosts=hosts)] == ["network"]
    assert len(site.asked) == 1
    site.pages["/robots.txt"] = Answer(404)
    clock[0] += timedelta(hours=1)
    assert [reply.outcome for reply in fetch(site.url("/a"), hosts=hosts)] == ["ok"]


def test_a_robots_without_an_end_is_read_to_its_500_kib(site: Site) -> None:
    site.pages |= {"/robots.txt": Answer(body=f"{ALL}Disallow: /in\n".encode() * 4000, drip=0.0), "/a": Answer()}
    replies = fetch(site.url("/a"), site.url("/in"), max_megabytes=1.0)
    assert [reply.outcome for reply in replies] == ["ok", "robots"]


def test_five_redirects_of_robots_are_followed_and_a_circle_counts_as_none(site: Site) -> None:
    site.pages |= {f"/{n}": Answer(301, {"Location": f"/{n + 1}"}) for n in range(1, 6)}
    site.pages |= {"/robots.txt": Answer(301, {"Location": "/2"}), "/6": Answer(body=f"{ALL}Disallow: /a".encode())}
    assert [reply.outcome for reply in fetch(site.url("/a"))] == ["robots"]
    site.pages |= {"/robots.txt": Answer(301, {"Location": "/robots.txt"}), "/a": Answer()}
    before = len(site.asked)
    assert [reply.outcome for reply in fetch(site.url("/a"))] == ["ok"]
    assert [asked.path for asked in site.asked[before:]] == ["/robots.txt"] * 6 + ["/a"]


@pytest.mark.parametrize(
    ("url", "origin", "host"),
    [
        ("http://bao.example/tin", "http://bao.example", "bao.example"),
        ("http://bao.example:80/tin", "http://bao.example", "bao.example"),
        ("https://BAO.example./tin", "https://bao.example", "bao.example"),
        ("https://bao.example:443/", "https://bao.example", "bao.example"),
        ("https://bao.example:80/", "https://bao.example:80", "bao.example:80"),
        ("http://bao.example:8080/", "http://bao.example:8080", "bao.example:8080"),
        ("http://127.0.0.1:8600/", "http://127.0.0.1:8600", "127.0.0.1:8600"),
        ("http://[2001:DB8::1]/", "http://[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_robots_is_for_a_scheme_and_port_while_manners_are_for_the_machine(url: str, origin: str, host: str) -> None:
    assert (_origin_of(url), _host_of(url)) == (origin, host)


def test_the_paper_s_crawl_delay_is_read_from_our_group_only() -> None:
    assert rules("User-agent: k\nCrawl-delay: 9\n\nUser-agent: *\nCrawl-delay: 3\n").delay == 3
    assert rules("User-agent: k\nCrawl-delay: 9\n").delay == 0
    assert isinstance(rules("").rules, Protego)
