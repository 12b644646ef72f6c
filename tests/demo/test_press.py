"""The fictional papers as they stand in the files: enough, whole, invented, and without a person behind a name."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from pipeline.demo import press
from pipeline.demo.press import OUTLETS, Outlet, Story, corrected, stories
from pipeline.records import TOPICS
from pipeline.text.normalise import nfc, tone_key
from tests.learning.real_material import real_runs, runs

STORIES = [(outlet, story) for outlet in OUTLETS for story in stories(outlet.id)]
BY_ID = {story.id: story for _, story in STORIES}


def test_there_are_at_least_six_papers_of_every_kind_and_150_articles() -> None:
    assert len(OUTLETS) >= 6
    assert {outlet.kind for outlet in OUTLETS} == {"rss", "atom", "sitemap", "listing"}
    assert {outlet.language for outlet in OUTLETS} == {"vi", "en"}
    assert len({outlet.layout for outlet in OUTLETS}) >= 6
    assert len(STORIES) >= 150
    assert min(Counter(outlet.id for outlet, _ in STORIES).values()) >= 15


def test_ids_and_addresses_name_one_article_each() -> None:
    assert [name for name, count in Counter(story.id for _, story in STORIES).items() if count > 1] == []
    assert [slug for slug, count in Counter((o.id, s.slug) for o, s in STORIES).items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z0-9-]+", story.slug) for _, story in STORIES)
    assert len({outlet.id for outlet in OUTLETS}) == len(OUTLETS)


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.id)
def test_each_article_is_whole_and_newest_first(outlet: Outlet) -> None:
    own = stories(outlet.id)
    assert [story.minutes_ago for story in own] == sorted(story.minutes_ago for story in own)
    for story in own:
        assert story.title.strip() == story.title != ""
        assert story.lead.strip()
        assert story.body
        assert all(part.strip() == part != "" for part in story.body)
        assert 0 < story.minutes_ago < 3 * 24 * 60  # all of them young enough for a first digest
        assert set(story.topics) <= set(TOPICS)
        assert not story.corrected
        told = "\n".join([story.title, story.lead, *story.body])
        assert told == nfc(told)
        assert not re.search(r"</?\w+|https?://|@", told)


def test_the_articles_hold_every_topic_in_both_languages_and_mostly_none() -> None:
    flagged = Counter((outlet.language, topic) for outlet, story in STORIES for topic in story.topics)
    assert all(flagged["vi", topic] >= 8 and flagged["en", topic] >= 1 for topic in TOPICS), flagged
    assert any(len(story.topics) > 1 for _, story in STORIES)
    assert sum(not story.topics for _, story in STORIES) > len(STORIES) / 3


def test_reprints_carry_the_wires_text_under_their_own_headline() -> None:
    wire = stories("truong_xuan")
    reprints = [(outlet, story) for outlet, story in STORIES if re.search(r"-r\d+$", story.id)]
    assert len(reprints) >= 5
    for outlet, story in reprints:
        (original,) = [one for one in BY_ID.values() if one.lead == story.lead and not re.search(r"-r\d+$", one.id)]
        assert original not in stories(outlet.id)
        assert story.body[:-1] == original.body[: len(story.body) - 1] != ()
        assert story.topics == original.topics
        assert story.minutes_ago < original.minutes_ago
    assert any(one.lead == story.lead for one in wire for _, story in reprints)


def test_only_two_articles_are_ever_corrected_and_each_change_shows() -> None:
    changed = {story.id for _, story in STORIES if corrected(story) != story}
    assert changed == {press.CORRECTED, press.QUIETLY_CORRECTED}
    loud, quiet = BY_ID[press.CORRECTED], BY_ID[press.QUIETLY_CORRECTED]
    assert corrected(loud).title != loud.title
    assert "cải chính" in corrected(loud).body[-1]
    assert corrected(quiet).title == quiet.title
    assert corrected(quiet).lead == quiet.lead
    assert corrected(quiet).body != quiet.body
    assert len(corrected(quiet).body) == len(quiet.body)
    for story in (loud, quiet):
        after = corrected(story)
        assert after.corrected
        assert corrected(after).body[: len(story.body)] == after.body[: len(story.body)]  # the mistake is gone for good


def test_every_oddity_is_an_article_of_the_paper_that_its_name_says() -> None:
    odd = (press.GONE, press.SLOW, press.STUCK, press.MOVED, press.FORBIDDEN, press.EMPTY)
    assert all(name in BY_ID for name in (*odd, press.CORRECTED, press.QUIETLY_CORRECTED))
    owner = {story.id: outlet for outlet, story in STORIES}
    assert owner[press.EMPTY].layout == "modern"  # the layout that knows how to be empty


def test_no_article_names_its_writer() -> None:
    """Bylines are nobody's business here, not even in a made-up paper."""
    byline = re.compile(r"(?i)^(theo )?(pv|phóng viên|tác giả|by)\b[^.]{0,40}$")
    ends = {story.id: story.body[-1] for _, story in STORIES if byline.search(story.body[-1])}
    assert ends == {}
    assert "author" not in Story.__dataclass_fields__


@pytest.mark.slow
def test_no_article_shares_a_run_of_twelve_syllables_with_the_real_press(press: Path, gold: Path) -> None:
    real = real_runs(press, gold)
    assert len(real) > 100_000
    # Each part by itself: a headline's end and a lead's beginning are no run that anyone wrote.
    parts = [(story.id, part) for _, story in STORIES for part in (story.title, story.lead, *story.body)]
    assert [(name, part) for name, part in parts if runs(part) & real] == []


def test_headlines_differ_so_that_a_reader_can_tell_articles_apart() -> None:
    assert [title for title, count in Counter(tone_key(story.title) for _, story in STORIES).items() if count > 1] == []
