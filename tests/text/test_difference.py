from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.demo.press import OUTLETS, corrected, stories
from pipeline.text.difference import Piece, differences


def _shown(before: str, after: str) -> str:
    """The pieces as [-removed-] and {+added+}, after a check that they join to both texts."""
    pieces = differences(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after
    assert all(piece.text for piece in pieces)
    assert all(one.kind != other.kind for one, other in itertools.pairwise(pieces))
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(marks[piece.kind].format(piece.text) for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("", "", ""),
        ("Như cũ.", "Như cũ.", "Như cũ."),
        ("", "Thêm.", "{+Thêm.+}"),
        ("Bỏ.", "", "[-Bỏ.-]"),
        ("Cấp cho 412 hộ.", "Cấp cho 142 hộ.", "Cấp cho[- 412-]{+ 142+} hộ."),
        ("Hạn ngày 30/6/2026.", "Hạn ngày 30/6/2027.", "Hạn ngày[- 30/6/2026-]{+ 30/6/2027+}."),
        ("Thu 1.845,5 tỷ", "Thu 1.945,5 tỷ", "Thu[- 1.845,5-]{+ 1.945,5+} tỷ"),
        ("Mưa to.", "Mưa rất to.", "Mưa{+ rất+} to."),
        ("“Được”, ông nói.", "“Không”, ông nói.", "“[-Được-]{+Không+}”, ông nói."),
        # One word that stayed between two that changed is not worth two marks; three words between two single ones are.
        ("từ 5 đến 7 tấn", "từ 6 đến 9 tấn", "từ[- 5 đến 7-]{+ 6 đến 9+} tấn"),
        ("A, B rồi đi", "C, D rồi đi", "[-A, B-]{+C, D+} rồi đi"),
        ("5 tấn gạo cho 7 xã", "6 tấn gạo cho 9 xã", "[-5-]{+6+} tấn gạo cho[- 7-]{+ 9+} xã"),
        # A paragraph that went takes nothing of its neighbours along.
        ("Một hai.\n\nBa bốn.\n\nNăm.", "Một hai.\n\nNăm.", "Một hai.\n\n[-Ba bốn.\n\n-]Năm."),
        ("Một.\n\nBa bốn.\n\nHết.", "Một.\n\nHết bài.", "Một.\n\n[-Ba bốn.\n\n-]Hết{+ bài+}."),
        ("Một.\n\nNăm.", "Một.\n\nBa bốn.\n\nNăm.", "Một.\n\n{+Ba bốn.\n\n+}Năm."),
        ("Một hai.\n\nBa.", "Một hai. Ba.", "Một hai.[-\n\nBa-]{+ Ba+}."),
        ("Hai  dấu cách\tvà tab", "Hai dấu cách và tab", "Hai[-  dấu cách\tvà-]{+ dấu cách và+} tab"),
    ],
)
def test_a_change_reads_as_a_person_would_mark_it(before: str, after: str, shown: str) -> None:
    assert _shown(before, after) == shown


def test_the_demonstration_papers_corrections_are_found_to_the_word() -> None:
    changed = [story for outlet in OUTLETS for story in stories(outlet.id) if corrected(story) != story]
    found = {
        piece.text.strip()
        for story in changed
        for piece in differences("\n\n".join(story.body), "\n\n".join(corrected(story).body))
        if piece.kind == "removed"
    }
    assert "412" in found


piece = st.sampled_from(
    ["Tàu", "cá", " ", "\n\n", "\n", ", ", ".", "về", " bến", "5", "\u00a0", "\t", "é", "“", "\u0301"]
)
text = st.lists(piece, max_size=30).map("".join) | st.text(max_size=40)


@settings(max_examples=500, deadline=None)
@given(before=text, after=text)
def test_the_pieces_join_to_both_texts_whatever_these_are(before: str, after: str) -> None:
    _shown(before, after)
    assert differences(before, before) == ((Piece("same", before),) if before else ())


@settings(max_examples=200, deadline=None)
@given(
    words=st.lists(st.sampled_from(["một", "hai", "ba", "bốn", "năm", "sáu", "bảy"]), min_size=8, max_size=30),
    data=st.data(),
)
def test_one_word_that_is_put_in_is_all_that_is_marked(words: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(words)))
    pieces = differences(" ".join(words), " ".join([*words[:place], "lạ", *words[place:]]))
    assert [piece for piece in pieces if piece.kind != "same"] == [Piece("added", " lạ")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" ".join(f"w{n * 7 % 997}" for n in range(5_000)), " ".join(f"w{n * 11 % 997}" for n in range(5_000))),
        ("a b " * 2_500, "b b a " * 1_700),  # difflib is not done with this in minutes
        ("x\n\n" * 15_000, "y\n\nx\n\n" * 7_000),
        (" " * 100_000, "\n" * 100_000),
        ("a" * 200_000, "." * 200_000),
    ],
)
def test_no_text_holds_a_comparison_up(before: str, after: str) -> None:
    start = time.perf_counter()
    _shown(before, after)
    assert time.perf_counter() - start < 10


def test_texts_too_long_to_compare_are_one_in_place_of_the_other() -> None:
    before, after = "a b " * 15_000, "c a d " * 10_000
    assert [piece.kind for piece in differences(f"Đầu {before}cuối", f"Đầu {after}cuối")] == [
        "same", "removed", "added", "same",
    ]  # fmt: skip
