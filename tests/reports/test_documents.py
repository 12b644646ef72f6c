from __future__ import annotations

import gc
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from docx import Document
from docx.document import Document as DocumentObject
from docx.oxml.ns import qn
from docx.shared import Pt
from selectolax.lexbor import LexborHTMLParser

from pipeline.catalogue import Shown
from pipeline.records import FlaggedItem, PlainItem
from pipeline.reports.digest import Digest, build, issues, to_json
from pipeline.reports.docx import to_docx
from pipeline.reports.html import coverage_html, to_html
from tests.browsing import first
from tests.reports.made import (
    CONTROL,
    COVERAGE,
    ENGLISH,
    HOSTILE,
    LONG,
    SENTENCE,
    SHOWN,
    SINCE,
    UNTIL,
    data,
    flag,
    item,
    row,
)


@pytest.fixture
def digest() -> Digest:
    return build(data())


def _html(digest: Digest, shown: Shown = SHOWN) -> LexborHTMLParser:
    return LexborHTMLParser(to_html(digest, shown))


def _read(tree: LexborHTMLParser) -> str:
    assert tree.body is not None
    return " ".join(tree.body.text(separator=" ").split())


def _document(digest: Digest, shown: Shown = SHOWN) -> DocumentObject:
    return Document(io.BytesIO(to_docx(digest, shown)))


def _lines(document: DocumentObject) -> list[str]:
    """All paragraphs with the words inside links; python-docx's `text` has them."""
    return [paragraph.text for paragraph in document.paragraphs]


# --- the same figures everywhere ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", [SHOWN, ENGLISH], ids=["vi", "en"])
def test_html_docx_and_json_give_the_same_figures(digest: Digest, shown: Shown) -> None:
    told = json.loads(to_json(digest))
    assert {name: told[name] for name in ("seen", "old", "flagged", "sources", "sources_read")} == {
        "seen": 12_345, "old": 1_234, "flagged": 4, "sources": 7, "sources_read": 5,
    }  # fmt: skip
    number = shown.number
    tree = _html(digest, shown)
    assert [node.text() for node in tree.css(".counts b")] == [number(4), number(12_345), "5/7"]
    assert shown.text("digest.old_items", n=number(1_234)) in _read(tree)
    lines = _lines(_document(digest, shown))
    summary = shown.text("digest.summary", seen=number(12_345), flagged=4, old=number(1_234), read=5, sources=7)
    assert any(line.startswith(summary) for line in lines)
    per_topic = [len(section["rows"]) for section in told["sections"]]
    assert sum(per_topic) == told["flagged"]
    headings = [first(node, ".quiet").text() for node in tree.css("h2:has(.badge)")]
    assert headings == [number(count) for count in per_topic]
    for index, (section, count) in enumerate(zip(told["sections"], per_topic, strict=True), 1):
        assert f"{index}. {shown.text('topic.' + section['topic'])} ({count})" in lines


@pytest.mark.parametrize("shown", [SHOWN, ENGLISH], ids=["vi", "en"])
def test_html_docx_and_json_list_the_same_items_sample_and_unread_sources(digest: Digest, shown: Shown) -> None:
    told = json.loads(to_json(digest))
    titles = [one["title"] for section in told["sections"] for one in section["rows"]]
    tree, document = _html(digest, shown), _document(digest, shown)
    text = "\n".join(_lines(document))
    assert [node.text() for node in tree.css("article h3 a")] == titles
    assert [node.text() for node in tree.css(".sample a")] == [one["title"] for one in told["sample"]]
    positions = [text.index(title) for title in [*titles, *(one["title"] for one in told["sample"])]]
    assert positions == sorted(positions)
    named = issues(digest, shown)
    assert len(named) == len(told["unseen"]) == 4
    page = _read(tree)
    for name, what, why in named:
        assert f"{name} : {what}" in page or f"{name}: {what}" in page
        assert f"{name}: {what}{f' ({why})' if why else ''}" in text
    for say in ("digest.missed_unknown", "digest.not_seen", "digest.sample_title"):  # the honest frame of every copy
        assert shown.text(say) in page
        assert shown.text(say) in text
    assert shown.text("digest.method_note", model=digest.model) in page
    assert shown.text("digest.method_note", model=digest.model) in text


def test_the_same_digest_gives_the_same_html_and_json() -> None:
    assert to_html(build(data()), SHOWN) == to_html(build(data()), SHOWN)
    assert to_json(build(data())) == to_json(build(data()))


def test_json_is_plain_utf8_with_times_in_iso_and_utc(digest: Digest) -> None:
    told = to_json(digest)
    assert "Quảng Trị" in told
    again = json.loads(told)
    assert datetime.fromisoformat(again["until"]) == UNTIL
    assert again["until"].endswith("+00:00")
    assert again["sections"][0]["rows"][0]["reasons"][0]["score"] == 0.97


def test_an_empty_digest_says_so_in_every_format() -> None:
    empty = build(
        data(flagged=(), sample=(), coverage=(row("C"),), counts={"seen": 7, "old": 0, "judged": 7, "flagged": 0})
    )
    page, text = _read(_html(empty)), "\n".join(_lines(_document(empty)))
    assert SHOWN.text("digest.empty", seen=7) in page
    assert SHOWN.text("digest.all_read", n=1) in page
    assert SHOWN.text("digest.sample_empty") in page
    assert SHOWN.text("digest.all_read", n=1) in text
    assert text.count(SHOWN.text("digest.no_items")) == 3
    assert SHOWN.text("digest.old_items", n=0) not in page


def test_sources_in_the_same_trouble_share_one_line_and_each_is_named() -> None:
    late = UNTIL - timedelta(days=2)
    down = [row(name, entry_ok=0, entry_failed=1, last_ok=late) for name in ("Một", "Hai", "Ba")]
    (line,) = issues(build(data(coverage=(*down, row("đủ")))), SHOWN)
    assert line[0] == SHOWN.text("digest.many_sources", n=3)
    assert all(f"Báo {name}" in line[1] for name in ("Một", "Hai", "Ba"))
    assert SHOWN.text("digest.last_read", when=SHOWN.moment(late)) == line[2]


def test_a_source_never_read_and_one_not_asked_are_told_apart(digest: Digest) -> None:
    said = {name: (what, why) for name, what, why in issues(digest, SHOWN)}
    assert said["Báo A im"][0] == SHOWN.text("digest.silent")
    assert SHOWN.text("fetch.status", status="503") in said["Báo A im"][1]
    assert SHOWN.text("digest.last_read", when=SHOWN.text("digest.never_read")) in said["Báo A im"][1]
    assert said["Báo Chưa hỏi"] == (SHOWN.text("digest.not_asked"), SHOWN.text("coverage.not_due"))
    assert said["Báo Nửa"] == (SHOWN.text("digest.pages_failed", n=3), SHOWN.text("fetch.timeout", seconds=30))


# --- the page -----------------------------------------------------------------------------------------------------


def _attributes(tree: LexborHTMLParser) -> Iterator[tuple[str, str, str]]:
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            yield node.tag or "", name, value or ""


@pytest.mark.parametrize("shown", [SHOWN, ENGLISH], ids=["vi", "en"])
@pytest.mark.parametrize("kind", ["digest", "coverage"])
def test_a_page_loads_nothing_runs_nothing_and_names_its_language(digest: Digest, kind: str, shown: Shown) -> None:
    page = to_html(digest, shown) if kind == "digest" else coverage_html(list(COVERAGE), shown, SINCE, UNTIL)
    tree = LexborHTMLParser(page)
    assert page.startswith("<!doctype html>")
    assert first(tree, "html").attributes["lang"] == shown.lang
    assert {node.tag for node in tree.css("script,link,img,iframe,object,embed,base,form,video,audio,source")} == set()
    for tag, name, value in _attributes(tree):
        assert not name.startswith("on"), name
        assert name not in ("src", "srcset", "style", "action", "background", "ping"), name
        if name == "href":
            assert tag == "a"
            assert value.startswith("https://")
    style = "".join(node.text() for node in tree.css("style"))
    assert "@import" not in style
    assert {match[:5] for match in re.findall(r"url\(([^)]*)\)", style)} == {"data:"}
    assert first(tree, "title").text()
    assert len(tree.css("h1")) == 1


def test_each_article_names_its_own_language(digest: Digest) -> None:
    tree = _html(digest)
    assert {node.attributes["id"]: node.attributes["lang"] for node in tree.css("article")} == {
        "chắc": "vi", "mới": "vi", "không giờ": "en", "hai": "vi",
    }  # fmt: skip
    assert [node.attributes["lang"] for node in tree.css("article details")] == ["vi"] * 4


def test_links_to_articles_tell_the_paper_nothing_of_the_reader(digest: Digest) -> None:
    links = _html(digest).css("article h3 a, .sample a")
    assert len(links) == 7
    assert all("noreferrer" in (node.attributes["rel"] or "") for node in links)


def _hostile() -> Digest:
    address = f"https://bao.vn/?q={HOSTILE.rstrip(CONTROL)}"
    bad = item(HOSTILE, flag(sentence=HOSTILE), title=HOSTILE, lead=HOSTILE, outlet=HOSTILE, url=address)
    sample = (PlainItem("p", "v", HOSTILE, address, HOSTILE, HOSTILE, None),)
    named = replace(COVERAGE[2], name=HOSTILE)
    return build(
        data(flagged=(bad,), sample=sample, coverage=(named,), province=HOSTILE, body=HOSTILE, superior=HOSTILE)
    )


def test_hostile_titles_names_and_addresses_are_shown_as_text() -> None:
    tree = _html(_hostile())
    assert not tree.css("script,img")
    assert not [name for _, name, _ in _attributes(tree) if name.startswith("on")]
    said = HOSTILE.rstrip(CONTROL).strip()
    assert said in first(tree, "article h3 a").text()
    assert said in first(tree, ".unseen li").text()
    assert "49" not in first(tree, "article h3 a").text()
    page = LexborHTMLParser(coverage_html([replace(COVERAGE[2], name=HOSTILE)], SHOWN, SINCE, UNTIL))
    assert not page.css("script,img")
    assert said in first(page, "td").text()


def test_control_characters_of_a_page_do_not_break_the_docx() -> None:
    lines = _lines(_document(_hostile()))
    assert any("<script>alert(1)</script>" in line for line in lines)


def _titles_or_problem(flagged: FlaggedItem) -> str:
    """The text of a document with one such item, or why there is none (and nothing half-written is left to complain)."""
    try:
        return "\n".join(_lines(_document(build(data(flagged=(flagged,))))))
    except ValueError as error:
        problem = str(error)
    gc.collect()
    return problem


_HALF_WRITTEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.parametrize("odd", ["\ufffe", "\uffff"])
def test_a_letter_that_xml_does_not_know_does_not_break_the_docx(odd: str) -> None:
    assert "lạ kỳ" in _titles_or_problem(item("x", title=f"Tin{odd} lạ kỳ"))


@_HALF_WRITTEN
@pytest.mark.parametrize("address", ["https://bao.vn/\x01a", "https://bao.vn/a\x00", "https://bao.vn/\uffff"])
def test_a_control_character_in_an_address_does_not_break_the_docx(address: str) -> None:
    assert "Tin x" in _titles_or_problem(item("x", url=address))


_NO_LINKS = [
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
    "",
]


@pytest.mark.parametrize("address", _NO_LINKS)
def test_only_web_addresses_become_links(address: str) -> None:
    sample = (PlainItem("p", "v", "Báo", address, "Tin mẫu", "", None),)
    digest = build(data(flagged=(item("x", url=address, title="Tin cờ"),), sample=sample))
    tree = _html(digest)
    assert "Tin cờ" in _read(tree)
    assert "Tin mẫu" in _read(tree)
    assert [node.attributes.get("href") for node in tree.css("article a, .sample a")] == []
    assert [relation for relation in _document(digest).part.rels.values() if relation.is_external] == []


def test_a_quotation_has_one_pair_of_quotation_marks() -> None:
    own = "“Tàu lạ xâm phạm vùng biển”, ông nói."
    digest = build(data(flagged=(item("a"), item("b", flag(sentence=own)), item("c", flag(sentence="")))))
    quoted = {node.attributes["id"]: first(node, "blockquote").text() for node in _html(digest).css("article")}
    assert quoted == {"a": f"“{SENTENCE}”", "b": own, "c": "“”"}
    text = "\n".join(_lines(_document(digest)))
    assert f"“{SENTENCE}”" in text
    assert "““" not in text


def test_the_deciding_words_are_marked_in_the_quotation(digest: Digest) -> None:
    assert {node.text() for node in _html(digest).css("blockquote mark")} == {"xâm phạm"}


# --- the document -------------------------------------------------------------------------------------------------


def test_the_docx_is_an_a4_paper_in_times_new_roman_with_the_offices_margins(digest: Digest) -> None:
    document = _document(digest)
    (section,) = document.sections
    sides = ("page_width", "page_height", "top_margin", "bottom_margin", "left_margin", "right_margin")
    assert [round(getattr(section, side).mm) for side in sides] == [210, 297, 20, 20, 30, 15]
    style = document.styles["Normal"]
    assert style.font.name == "Times New Roman"
    assert style.font.size == Pt(13)
    fonts = style.element.rPr.rFonts
    assert {fonts.get(qn(f"w:{script}")) for script in ("ascii", "hAnsi", "eastAsia")} == {"Times New Roman"}
    used = {run.font.name for paragraph in document.paragraphs for run in paragraph.runs}
    assert used == {None}  # nothing departs from the style


def test_page_numbers_stand_in_the_header_from_page_two_on(digest: Digest) -> None:
    (section,) = _document(digest).sections
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header._element.xml
    assert "PAGE" not in section.first_page_header._element.xml
    assert section.first_page_header.is_linked_to_previous or not section.first_page_header.paragraphs[0].text


def test_titles_in_the_docx_are_links_to_their_articles(digest: Digest) -> None:
    document = _document(digest)
    relations = document.part.rels
    links = {
        link.text: relations[link._hyperlink.get(qn("r:id"))].target_ref
        for paragraph in document.paragraphs
        for link in paragraph.hyperlinks
    }
    assert links == {
        **{f"Tin {name}": f"https://bao-a.vn/{name}.html" for name in ("mới", "chắc", "hai", "không giờ")},
        **{f"Tin thường {n}": f"https://bao.vn/{n}" for n in range(3)},
    }


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        (datetime(2026, 11, 3, 18, 0, tzinfo=ZoneInfo("UTC")), "ngày 04 tháng 11 năm 2026"),
        (datetime(2026, 2, 12, 1, 0, tzinfo=ZoneInfo("UTC")), "ngày 12 tháng 02 năm 2026"),
        (datetime(2026, 3, 9, 1, 0, tzinfo=ZoneInfo("UTC")), "ngày 09 tháng 3 năm 2026"),
    ],
)
def test_the_heading_names_the_office_and_writes_the_date_as_the_decree_wants(moment: datetime, said: str) -> None:
    (table,) = _document(build(data(until=moment))).tables
    left, right = (cell.text for cell in table.rows[0].cells)
    assert "UBND TỈNH QUẢNG TRỊ\nSỞ VĂN HÓA, THỂ THAO VÀ DU LỊCH" in left
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc" in right
    assert f"Quảng Trị, {said}" in right


def test_a_thousand_items_and_very_long_words_are_rendered() -> None:
    many = tuple(item(f"{number}", title=f"{LONG} {number}") for number in range(1000))
    digest = build(data(flagged=many))
    assert len(_html(digest).css("article")) == 1000
    assert sum(LONG in line for line in _lines(_document(digest))) == 1000
