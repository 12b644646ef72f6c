"""Vietnamese spelling: what is stored, and the keys derived from it for matching. Keys never replace the stored text."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
# Eth and African D look like đ in every font and are other letters.
_DSTROKE = str.maketrans({"Ð": "Đ", "ð": "đ", "Ɖ": "Đ", "ɖ": "đ"})
_SYLLABLE = re.compile(r"[^\W_]+")


def nfc(text: str) -> str:
    """The stored form: composed, otherwise as published."""
    return unicodedata.normalize("NFC", text)


def clean_line(text: str) -> str:
    """One line of page text: NFC, white space (also no-break) folded, invisible characters gone. Letters untouched."""
    return " ".join(_INVISIBLE.sub("", nfc(text)).split())


@lru_cache(maxsize=65_536)
def syllable_key(syllable: str) -> str:
    """Case-folded key of one syllable under which hòa and hoà, and Đ and Eth, are the same.

    The tone mark is pulled out and put last, so its place does not matter. Syllables with different tones differ.
    """
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", syllable).translate(_DSTROKE).casefold())
    tone = "".join(mark for mark in decomposed if mark in _TONES)
    return unicodedata.normalize("NFC", "".join(mark for mark in decomposed if mark not in _TONES)) + tone


def syllables(text: str) -> list[tuple[int, int]]:
    """Offsets (start, end) of the syllables of a text: runs of letters and digits."""
    return [match.span() for match in _SYLLABLE.finditer(text)]


def tone_key(text: str) -> str:
    """Search key with tones: syllable keys joined by one space."""
    visible = _INVISIBLE.sub("", nfc(text))
    return " ".join(syllable_key(visible[start:end]) for start, end in syllables(visible))


def plain_key(text: str) -> str:
    """Search key without tones and diacritics: 'Đồng Hới' and 'Dong Hoi' are both 'dong hoi'."""
    decomposed = unicodedata.normalize("NFD", tone_key(text))
    return "".join("d" if char == "đ" else char for char in decomposed if not unicodedata.combining(char))


# A full stop does not end a sentence after these.
_ABBREVIATIONS = re.compile(
    r"(?:\b(?:TP|TX|TT|Tp|Q|P|ThS|TS|PGS|GS|BS|KS|LS|St|Mr|Mrs|Ms|Dr|No|vs|Jr|Gen|Sen|Gov|Rep|U\.S|U\.N|[A-ZĐ])|\bv\.v)\.$"
)
_SENTENCE_END = re.compile(r"[.!?…]+[”\"’')\]]*(?=\s)")


def sentences(text: str) -> list[tuple[int, int]]:
    """Offsets (start, end) of the sentences of a text, so that a quotation can be cut out exactly.

    A line break ends a sentence. 'TP. HCM', 'ông A. B.' and '1.250 ha' do not.
    """
    spans: list[tuple[int, int]] = []
    for line in re.finditer(r"[^\n]+", text):
        start = line.start()
        for end in _SENTENCE_END.finditer(line[0]):
            stop = line.start() + end.end()
            following = text[stop : line.end()].lstrip()
            if _ABBREVIATIONS.search(text[start : line.start() + end.start() + 1]) or following[:1].islower():
                continue
            spans.append((start, stop))
            start = stop
        spans.append((start, line.end()))
    return [(s, e) for start, end in spans for s, e in [_trim(text, start, end)] if e > s]


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
