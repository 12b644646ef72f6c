"""The fictional papers: their articles, and how each of them publishes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Literal

Kind = Literal["rss", "atom", "sitemap", "listing"]


@dataclass(frozen=True, slots=True)
class Outlet:
    """A paper, and its habits."""

    id: str  # with '_' as the file of its articles
    name: str
    kind: Kind  # how it announces articles
    layout: str  # template of its pages
    language: str = "vi"
    scope: str = "national"
    declared_encoding: str = "UTF-8"  # what its feed claims; it always sends UTF-8
    zone: str = "+0700"  # as its feed writes it
    nfd: bool = False  # sends decomposed letters
    gzip: bool = False
    cut_feed: bool = False  # its feed breaks off before the end


@dataclass(frozen=True, slots=True)
class Story:
    """An article of the fictional press. Invented throughout."""

    id: str
    section: str
    minutes_ago: int  # age when the press was started
    topics: tuple[str, ...]  # what a reader under the labelling guide would flag
    title: str
    lead: str
    body: tuple[str, ...]  # paragraphs
    slug: str
    corrected: bool = False  # this is the text after the paper's correction


OUTLETS = (
    Outlet("song_hieu", "Bản tin Sông Hiếu", "listing", "breaks", scope="provincial"),
    Outlet("truong_xuan", "Hãng tin Trường Xuân", "rss", "wire", zone="+07", gzip=True),
    Outlet("nep_nha", "Báo Nếp Nhà", "rss", "classic", cut_feed=True, zone="+07:00"),
    Outlet("binh_minh", "Nhật báo Bình Minh", "rss", "modern", declared_encoding="ISO-8859-1"),
    Outlet("lang_bien", "Tuần báo Làng Biển", "atom", "classic"),
    Outlet("duyen_hai", "Kinh tế Duyên hải", "sitemap", "modern", gzip=True),
    Outlet("monsoon_post", "The Monsoon Post", "rss", "english", language="en", scope="foreign-language", zone="GMT"),
    Outlet("gio_lao", "Báo Gió Lào", "atom", "table", scope="neighbouring", nfd=True),
)

# What the real web does. By article id.
GONE = "nep-nha-19"  # announced, but 404
SLOW = "lang-bien-18"  # answers after SLOW_SECONDS
STUCK = "lang-bien-20"  # answers later than anyone waits
MOVED = "duyen-hai-16"  # announced under its old address, which redirects
FORBIDDEN = "song-hieu-19"  # in a section that robots.txt forbids
EMPTY = "duyen-hai-18"  # the page holds a video and no text
CORRECTED = "binh-minh-01"  # corrected, and announced anew, once its page has been read
QUIETLY_CORRECTED = "binh-minh-02"  # corrected without a word once its page has been read
SLOW_SECONDS, STUCK_SECONDS = 1.0, 30.0

_CORRECTIONS = {
    CORRECTED: (("412", "142"),),
    QUIETLY_CORRECTED: (
        (
            "đã quyết định dừng dự án này, không tiếp tục thi công",
            "đã gia hạn dự án này đến ngày 30/6/2027, phần còn lại tiếp tục thi công",
        ),
    ),
}


@cache
def stories(outlet_id: str) -> tuple[Story, ...]:
    """All articles of a paper with its reprints, newest first."""
    own = tuple(_originals(outlet_id))
    reprints = tuple(_reprints(outlet_id))
    return tuple(sorted(own + reprints, key=lambda story: story.minutes_ago))


def corrected(story: Story) -> Story:
    """The article after its paper corrected it; itself where it never does."""
    changes = _CORRECTIONS.get(story.id)
    if not changes:
        return story

    def fix(text: str) -> str:
        for wrong, right in changes:
            text = text.replace(wrong, right)
        return text

    note = (
        "Thông tin cải chính, xin lỗi: bản đăng trước của bài này có chi tiết chưa chính xác, nay đã được sửa lại.",
    )
    return replace(
        story,
        title=fix(story.title),
        lead=fix(story.lead),
        corrected=True,
        body=tuple(map(fix, story.body)) + (note if story.id == CORRECTED else ()),
    )


@cache
def _file(name: str) -> dict[str, list[dict[str, object]]]:
    with (files("pipeline.demo") / "press" / f"{name}.toml").open("rb") as file:
        return tomllib.load(file)


def _originals(outlet_id: str) -> Iterator[Story]:
    for row in _file(outlet_id)["article"]:
        yield _story(row, tuple(part.strip() for part in str(row["body"]).split("\n\n") if part.strip()))


def _reprints(outlet_id: str) -> Iterator[Story]:
    originals = {story.id: story for outlet in OUTLETS for story in _originals(outlet.id)}
    for row in _file("reprints")["reprint"]:
        if row["outlet"] == outlet_id:
            original = originals[str(row["of"])]
            body = (*original.body[: int(str(row["keep"]))], str(row["mark"]))
            yield _story({**row, "topics": original.topics, "lead": original.lead}, body)


def _story(row: dict[str, object], body: tuple[str, ...]) -> Story:
    topics = row["topics"]
    assert isinstance(topics, list | tuple)  # noqa: S101 - our own files, checked by tests
    return Story(
        id=str(row["id"]),
        section=str(row["section"]),
        minutes_ago=int(str(row["minutes_ago"])),
        topics=tuple(map(str, topics)),
        title=str(row["title"]),
        lead=str(row["lead"]),
        body=body,
        slug=f"{row['section']}-{row['id']}-ban-minh-hoa",
    )
