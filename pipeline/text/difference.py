"""What a paper changed between two texts, by whole words, paragraph by paragraph."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

Kind = Literal["same", "removed", "added"]

# A word with the space before it, a sign with the space before it, the break between paragraphs, or space at an end.
# Dates and numbers are words: "30/6/2027", "1.845,5".
_TOKEN = re.compile(r"[^\S\n]*(?:\w+(?:[.,:/-]\w+)*|[^\w\s])|\n+|[^\S\n]+")
_PARAGRAPH = re.compile(r"(\n+)")
_WORD = re.compile(r"\w")
_ISLAND = 3  # words that stayed amid as many that changed are read quicker as part of the change
_LARGEST = 400_000_000  # tokens of one text times those of the other; a second, and 50 MB


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of words that stayed, went or came."""

    kind: Kind
    text: str


@dataclass(slots=True)
class _Block:
    """What stands between two places in both texts: the same, or one in place of the other."""

    same: bool
    before: list[str]
    after: list[str]

    @property
    def words(self) -> int:
        """In the longer of the two; more than an island's are not counted."""
        return max(len(list(islice(filter(_WORD.search, tokens), _ISLAND + 1))) for tokens in (self.before, self.after))


def differences(before: str, after: str) -> tuple[Piece, ...]:
    """The way from one text to the other. What is the same or removed joins to `before`, the same or added to `after`.

    Texts too long to be compared (some 20,000 changed words) are one removed and one added.
    """
    blocks: list[_Block] = []
    # Paragraphs that stayed whole are found first, so that no word is matched across them.
    for block in _blocks(_PARAGRAPH.split(before), _PARAGRAPH.split(after)):
        if block.same:
            blocks.append(block)
        else:
            blocks += _blocks(_tokens(block.before), _tokens(block.after))
    return tuple(Piece(kind, text) for block in _readable(blocks) for kind, text in _told(block) if text)


def _told(block: _Block) -> list[tuple[Kind, str]]:
    if block.same:
        return [("same", "".join(block.before))]
    return [("removed", "".join(block.before)), ("added", "".join(block.after))]


def _tokens(parts: list[str]) -> list[str]:
    return [token for part in parts for token in _TOKEN.findall(part)]


def _readable(blocks: list[_Block]) -> list[_Block]:
    """Without the few words that stayed by chance in the middle of others; neighbours of one kind are joined."""
    done: list[_Block] = []
    for number, block in enumerate(blocks):
        same = block.same
        if same and done and not done[-1].same and number + 1 < len(blocks):
            same = not _is_island(done[-1], block, blocks[number + 1])
        if done and done[-1].same == same:
            done[-1].before += block.before
            done[-1].after += block.after
        else:
            done.append(_Block(same, list(block.before), list(block.after)))
    return done


def _is_island(left: _Block, block: _Block, right: _Block) -> bool:
    edges = (*left.before[-1:], *left.after[-1:], *block.before, *right.before[:1], *right.after[:1])
    return (
        not right.same
        and block.words <= min(_ISLAND, left.words, right.words)
        and not any("\n" in token for token in edges)  # each paragraph keeps its own first and last words
    )


def _blocks(before: Sequence[str], after: Sequence[str]) -> list[_Block]:
    """The longest common sequence, and what stands between."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    changed = before[start : len(before) - end], after[start : len(after) - end]
    blocks = [_Block(True, list(before[:start]), list(after[:start]))]
    at = 0, 0
    for left, right in [*_matches(*changed), (len(changed[0]), len(changed[1]))]:
        if (left, right) != at:
            blocks.append(_Block(False, list(changed[0][at[0] : left]), list(changed[1][at[1] : right])))
        blocks.append(_Block(True, list(changed[0][left : left + 1]), list(changed[1][right : right + 1])))
        at = left + 1, right + 1
    blocks.append(_Block(True, list(before[len(before) - end :]), list(after[len(after) - end :])))
    return [block for block in blocks if block.before or block.after]


def _matches(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Places of a longest common sequence, in order.

    Hyyrö's bit-parallel way: a row of the table of lengths is one number, in which a cleared bit says that the length grows
    there. Its time is bounded whatever the words are; difflib takes minutes over a few words repeated five thousand times.
    """
    if not before or not after or len(before) * len(after) > _LARGEST:
        return []
    places: dict[str, int] = {}
    for place, token in enumerate(before):
        places[token] = places.get(token, 0) | 1 << place
    full = (1 << len(before)) - 1
    rows = []
    row = full
    for token in after:
        stays = row & places.get(token, 0)
        row = (row + stays | row - stays) & full
        rows.append(row)
    found = []
    left, right = len(before), len(after)
    while left and right:
        bit = 1 << (left - 1)
        if rows[right - 1] & bit:
            left -= 1
        else:
            right -= 1
            if not right or rows[right - 1] & bit:
                left -= 1
                found.append((left, right))
    return found[::-1]
