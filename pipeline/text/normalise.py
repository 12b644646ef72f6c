"""Vietnamese spelling: what is stored, and the keys derived from it for matching. Keys never replace the stored text.

Stored text is as published, composed (NFC) and nothing else: no letter is ever exchanged for another. So Eth (Ð ð) and
African D (Ɖ ɖ), which look like Đ đ in every font, stay what they are in the text; in the keys they are đ. The same holds for
tone placement (hoà, hòa), full-width digits, ½ and ﬁ: one key, two spellings kept. A `Key` leads back to the exact published
passage, whatever form it was published in.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import Literal

_NEVER_SEEN = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff"  # controls, halves of surrogate pairs, no characters
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
)
_INVISIBLE = re.compile(f"[{_NEVER_SEEN}\u200c\u200d]")
_INVISIBLE_BUT_JOINERS = re.compile(f"[{_NEVER_SEEN}]")
# Arabic, Indic scripts and emoji: there a joiner is seen, it changes a letter's form or makes one picture of two.
_JOINED = re.compile("[\u0600-\u0dff\u1000-\u109f\u2600-\u27bf\U0001f000-\U0001faff]")
# What keys leave out: also the joiners, variation selectors, and half-width voicing marks, which no Vietnamese search needs
# and which would make long runs of marks out of letters.
_NO_PART_OF_A_KEY = f"{_NEVER_SEEN}\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef\uff9e\uff9f"
_LEFT_OUT = re.compile(f"[{_NO_PART_OF_A_KEY}]")
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_DSTROKE = str.maketrans({"Ð": "Đ", "ð": "đ", "Ɖ": "Đ", "ɖ": "đ"})
# Letters and digits with their marks: those of Latin script where they did not compose, and those of Lao.
_MARKS = "\u0300-\u036f\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece"
_SYLLABLE = re.compile(rf"[^\W_]+(?:[{_MARKS}]+[^\W_]*)*")
_LONG_MARKS = re.compile(r"[^\w\s\x00-\u02ff]{32,}")  # may be marks; all marks are among them
_REMEMBERED = 32  # characters; longer "syllables" are not words and would only fill the memory


def nfc(text: str) -> str:
    """The stored form: composed, otherwise as published."""
    # Python sorts the marks of one letter in quadratic time: 200 kB of them take half a minute. Sorted ones are left alone.
    if unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", _LONG_MARKS.sub(_sorted_marks, text))


def _sorted_marks(run: re.Match[str]) -> str:
    parts = [part for char in run[0] for part in unicodedata.normalize("NFD", char)]
    groups = (list(group) for _, group in groupby(parts, key=lambda part: unicodedata.combining(part) > 0))
    return "".join(part for group in groups for part in sorted(group, key=unicodedata.combining))


def clean_line(text: str) -> str:
    """One line of page text: NFC, white space (also no-break) folded, invisible characters gone. Letters untouched."""
    line = " ".join(text.split())
    if line.isascii() and line.isprintable():
        return line
    joiners = ("\u200d" in text or "\u200c" in text) and _JOINED.search(text)
    return " ".join(nfc((_INVISIBLE_BUT_JOINERS if joiners else _INVISIBLE).sub("", text)).split())


def syllables(text: str) -> list[tuple[int, int]]:
    """Offsets (start, end) of the syllables of a text: runs of letters and digits."""
    return [match.span() for match in _SYLLABLE.finditer(text)]


def syllable_key(syllable: str) -> str:
    """Case-folded key of one syllable under which hòa and hoà, and Đ and Eth, are the same.

    The tone mark is pulled out and put last, so its place does not matter. Syllables with different tones differ.
    """
    return _syllable_key(syllable) if len(syllable) <= _REMEMBERED else _syllable_key.__wrapped__(syllable)


@lru_cache(maxsize=65_536)
def _syllable_key(syllable: str) -> str:
    letters, tones = _letters_and_tones(_nfkc(syllable))
    return letters + "".join(tones)


def _letters_and_tones(syllable: str) -> tuple[str, list[str]]:
    decomposed = unicodedata.normalize("NFD", syllable.translate(_DSTROKE).casefold())
    letters = "".join(char for char in decomposed if char not in _TONES)
    # In Unicode's order, so that the key of a key is the same key.
    tones = sorted((char for char in decomposed if char in _TONES), key=unicodedata.combining)
    return unicodedata.normalize("NFC", letters), tones


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", nfc(_LEFT_OUT.sub("", text)))


def tone_key(text: str) -> str:
    """Search key with tones: syllable keys joined by one space."""
    return " ".join([syllable_key(syllable) for syllable in _SYLLABLE.findall(_nfkc(text))])


def plain_key(text: str) -> str:
    """Search key without tones and diacritics: 'Đồng Hới' and 'Dong Hoi' are both 'dong hoi'."""
    return _without_marks(tone_key(text))


def _without_marks(key: str) -> str:
    decomposed = unicodedata.normalize("NFD", key)
    return "".join("d" if char == "đ" else char for char in decomposed if not unicodedata.combining(char))


@dataclass(frozen=True, slots=True)
class Key:
    """A search key and, for each of its characters, where in the published text it comes from."""

    published: str  # as it was handed in: NFC, NFD or anything else
    text: str  # what tone_key or plain_key makes of it
    starts: array[int]  # of each key character: offset into `published` of the letter with all its marks
    ends: array[int]  # and one past its end

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the published text of the key's characters [start, end); no letter is cut from its marks."""
        if not 0 <= start < end <= len(self.text):
            raise IndexError(f"no characters [{start}, {end}) in a key of {len(self.text)}")
        return min(self.starts[start:end]), max(self.ends[start:end])  # a tone stands last in the key, not in the text

    def find(self, key: str) -> Iterator[tuple[int, int]]:
        """Offsets in the published text of every place that has this key (of the same kind), whole syllables only."""
        text, wanted = f" {self.text} ", f" {key} "
        at = text.find(wanted) if key else -1
        while at >= 0:
            yield self.span(at, at + len(key))
            at = text.find(wanted, at + 1)


def keyed(text: str, kind: Literal["tone", "plain"] = "tone") -> Key:
    """The key of a text with its offsets; `.text` is what tone_key or plain_key gives."""
    out: list[str] = []
    starts, ends = array("Q"), array("Q")
    last = 0  # where the syllable before ends in the text
    for run in _RUN.finditer(text):
        make = _keyed_run if len(run[0]) <= _REMEMBERED else _keyed_run.__wrapped__
        begin = run.start()
        for key, froms, tos in make(run[0], kind):
            first = begin + min(froms)
            if out:  # the space stands for what lies between two syllables; inside '½' that is the sign itself
                out.append(" ")
                starts.append(min(last, first))
                ends.append(max(last, first))
            out.append(key)
            starts.extend([begin + offset for offset in froms])
            ends.extend([begin + offset for offset in tos])
            last = begin + max(tos)
    return Key(text, "".join(out), starts, ends)


_RUN = re.compile(r"[^\s!-/:-@\[-`{-~]+")  # between white space and ASCII punctuation, which always part syllables
_Piece = tuple[str, tuple[int, ...], tuple[int, ...]]  # key of one syllable; its characters' starts and ends


@lru_cache(maxsize=65_536)
def _keyed_run(run: str, kind: str) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    letters: list[tuple[str, int, int]] = []
    tones: list[tuple[str, int, int]] = []

    def end_syllable() -> None:
        if letters:
            tones.sort(key=lambda tone: unicodedata.combining(tone[0]))
            chars = [*letters, *tones]
            if kind == "plain":
                chars = [(plain, start, end) for char, start, end in chars for plain in _without_marks(char)]
            key, starts, ends = zip(*chars, strict=True)
            pieces.append(("".join(key), starts, ends))
        letters.clear()
        tones.clear()

    for letter in _letter_with_marks().finditer(run):
        start, end = letter.span()
        for part in (_parts if len(letter[0]) <= _REMEMBERED else _parts.__wrapped__)(letter[0]):
            if part is None:
                end_syllable()
            else:
                letters += [(char, start, end) for char in part[0]]
                tones += [(mark, start, end) for mark in part[1]]
    end_syllable()
    return tuple(pieces)


@lru_cache(maxsize=4096)
def _parts(letter: str) -> tuple[tuple[str, list[str]] | None, ...]:
    """Letters and tones in the key of one published letter; None where a syllable ends: '½' has two, '…' has none."""
    parts: list[tuple[str, list[str]] | None] = []
    folded = _nfkc(letter)
    read = 0
    for syllable in _SYLLABLE.finditer(folded):
        if syllable.start() > read:
            parts.append(None)
        parts.append(_letters_and_tones(syllable[0]))
        read = syllable.end()
    return tuple(parts) if read == len(folded) else (*parts, None)


@cache
def _letter_with_marks() -> re.Pattern[str]:
    """One character with what composes with it or cannot be seen beside it, so that each piece can be normalised alone."""
    marks = "".join(char for char in map(chr, range(0x300, 0x1F000)) if unicodedata.category(char)[0] == "M")
    also = "\u0e33\u0eb3\u1160-\u11ff\u3131-\u318e\uffa0-\uffdc"  # Thai and Lao am; parts of Korean syllables
    return re.compile(f".[{marks}{also}{_NO_PART_OF_A_KEY}]*", re.DOTALL)


# Letters in the order of the Vietnamese alphabet: ă and â after all that begins with a, đ after d, and so on.
_AFTER = "\U0010ffff"
_ALPHABET = str.maketrans(
    {letter: base + _AFTER * place for base, more in zip("adeou", ("ăâ", "đ", "ê", "ôơ", "ư"), strict=True)
     for place, letter in enumerate(more, 1)}
)  # fmt: skip
_TONE_ORDER = {tone: str(place) for place, tone in enumerate("\u0300\u0309\u0303\u0301\u0323", 1)}


def sort_key(text: str) -> tuple[str, str, str]:
    """For sorting as Vietnamese indexes do: by letters (a ă â … d đ e ê … o ô ơ … u ư), then tones, then the spelling.

    Tones: none, huyền, hỏi, ngã, sắc, nặng. Source: CLDR, collation vi, standard.
    """
    key = tone_key(text)
    letters = "".join(char for char in key if char not in _TONES).translate(_ALPHABET)
    tones = "".join(
        "".join(_TONE_ORDER[char] for char in syllable if char in _TONES) or "0" for syllable in key.split(" ")
    )
    return letters, tones, text
