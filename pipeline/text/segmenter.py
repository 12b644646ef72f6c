"""underthesea's word segmenter, decoded from tables: the same model, dictionary and output, many times faster.

underthesea stays the reference: its patterns split a text into tokens, its model says what each of them adds (see tables),
and where a decision is closer than a rounding error it decides. The decoder is compiled (decoder.c) where the product was
installed with a C compiler at hand, and else does the same with numpy. numba was tried in its place: its import and one
small function take 120 MB, more than all of this.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import numpy as np
from underthesea.pipeline.text_normalize import token_normalize
from underthesea.pipeline.text_normalize.character_normalize import normalize_characters_in_text
from underthesea.pipeline.text_normalize.text_normalizer import token_map
from underthesea.pipeline.word_tokenize import regex_tokenize

from pipeline.text.crf import UnknownModel, installed_tables
from pipeline.text.tables import BEGIN, BEYOND, END, LETTERS, VIEWS, WHOSE, Ints, Tables

try:
    from pipeline.text import decoder
except ImportError:
    COMPILED = False
else:
    COMPILED = True

# Chunks of which underthesea's patterns certainly make these tokens: opening marks one by one, a word or number, closing marks
# one by one, a colon, dots together. Only the patterns for words, numbers, dates and single marks take anything of them; set
# apart are what the stray dot of "Th.S" takes, and what is an abbreviation with its dot.
_SIMPLE = re.compile(
    rf"""
    ([(\["'“‘]*)
    ((?!Th.[sS]|(?:[A-ZĐ]+|Tp|Mrs?|Ms|Dr|ThS)\.)[{LETTERS}]+
    |[0-9]+(?:,[0-9]+)?|[0-9]{{1,3}}(?:\.[0-9]{{3}})+(?:,[0-9]+)?|[0-9]{{1,2}}/[0-9]{{1,2}}(?:/[0-9]{{4}})?)
    ([,;!?%)\]"'”’…]*)
    (:?)(\.*)
    """,
    re.VERBOSE,
)
# In underthesea's pattern of an address this is repeated, and itself inside a repetition: marks that end no address double the
# time it takes, each of them. Once is enough, and finds the same.
_NESTED = r"[^\s()<>{}\[\]]+"
_CORRECTED = 6  # characters; underthesea corrects the spelling of no longer token
_REMEMBERED = 20_000  # chunks, and tokens, that Python remembers
_COMPILED_CHUNKS = 1 << 16  # that the compiled decoder remembers
_LONG = 40  # characters; what is longer is not remembered
_CLOSE = 1e-9  # log-odds; sums taken in another order can differ by this much ...
_LENGTH = 50_000.0  # ... in a text of so many tokens, as underthesea's own sums grow with it
_TEXT, _LIST = (" ", "_"), ("\n", " ")  # between words and inside them; no token holds white space
V = TypeVar("V")


class Segmenter:
    """Splits Vietnamese text into words exactly as underthesea does. Threads may share one."""

    def __init__(self, tables: Tables | None = None, compiled: bool = COMPILED) -> None:
        """With the tables of the installed model unless others are given. Raises UnknownModel."""
        self._tables = tables or installed_tables()
        b_to_b, b_to_i, i_to_b, i_to_i = self._tables.steps
        # Log-odds of I from which on B, and I, is better reached from I than from B.
        self._switch_b, self._switch_i = b_to_b - i_to_b, b_to_i - i_to_i
        if not self._switch_b < self._switch_i:
            raise UnknownModel("labels that rather last than change")
        self._patterns = regex_tokenize.patterns
        self._linear = re.compile(self._patterns.pattern.replace(_NESTED, _NESTED[:-1]), self._patterns.flags)
        self._inside = _Remembered(partial(self._chunk, " "))
        self._last = _Remembered(partial(self._chunk, ""))
        self._rows = _Remembered(lambda token: _packed([self._tables.row(token)]))
        self._compiled = bytearray(decoder.CHUNK * _COMPILED_CHUNKS) if compiled else None

    def words(self, text: str) -> str | None:
        """As `word_tokenize(text, format="text")`; None where only underthesea itself can tell."""
        return self._joined(text, *_TEXT)

    def split(self, text: str) -> list[str] | None:
        """As `word_tokenize(text)`; None where only underthesea itself can tell."""
        joined = self._joined(text, *_LIST)
        return joined if joined is None else joined.split("\n") if joined else []

    def _joined(self, text: str, apart: str, joint: str) -> str | None:
        """The tokens of a text, with what stands between words and what inside them."""
        if regex_tokenize.patterns is not self._patterns:
            return None  # someone asked underthesea for words of his own; release 9.5 keeps to them from then on
        if self._compiled is not None:
            tables = self._tables
            model = (tables.rows, tables.entries, tables.worth, tables.triples, tables.prefixes, WHOSE, tables.steps)
            return decoder.joined(text, self._compiled, self._inside, self._last, model, _CLOSE, _LENGTH, apart, joint)
        rows, tokens = self._read(text)
        if len(tokens) < 2:
            return "".join(tokens)
        goes_on = self._follow(self._leans(rows))
        if goes_on is None:
            return None
        pieces = [""] * (2 * len(tokens))
        pieces[2::2] = [joint if inside else apart for inside in goes_on[1:]]
        pieces[1::2] = tokens
        return "".join(pieces)

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text, as underthesea makes them."""
        return self._read(text)[1]

    def _read(self, text: str) -> tuple[Ints, list[str]]:
        """Rows of the model for a text and its edges, and the tokens as underthesea makes them.

        None of its patterns crosses white space, so equal chunks give equal tokens. Only what ends in a full stop or a colon
        with letters is read otherwise where the text ends, depending on the white space after it.
        """
        chunks = text.split()
        if not chunks:
            return np.zeros(0, np.int64), []
        last = chunks[-1] if "." in chunks[-1] or ":" in chunks[-1] else ""
        if last:
            chunks.pop()
        read = list(map(self._inside.__getitem__, chunks))
        if last:
            read.append(self._last[text[text.rindex(last) :]])
        rows = b"".join([_BEFORE, *[rows for rows, _ in read], _AFTER])
        return np.frombuffer(rows, np.int64), [token for _, tokens in read for token in tokens]

    def _chunk(self, after: str, chunk: str) -> tuple[bytes, tuple[str, ...]]:
        """Packed rows and tokens of a chunk that has no white space before it, and only white space after it."""
        simple = _SIMPLE.fullmatch(chunk)
        if simple:
            before, word, marks, colon, dots = simple.groups()
            made = [token for token in (*before, word, *marks, colon, dots) if token]
            tokens = tuple([token_map.get(token, token) if len(token) <= _CORRECTED else token for token in made])
        else:
            # As its `tokenize` does, which besides looks up for every match which pattern it was.
            found = self._linear.finditer(normalize_characters_in_text(chunk + after))
            tokens = tuple([token_normalize(match[0]) for match in found])
        return b"".join(map(self._rows.__getitem__, tokens)), tokens

    def _leans(self, rows: Ints) -> list[float]:
        """For each of two tokens or more, read with the edges, the sum of all features in log-odds for I."""
        tables, size = self._tables, len(rows)
        # All views lie one behind the other; where one ends and the next begins nothing is found.
        looked = tables.rows.take(rows, 0).T.ravel()
        steps = looked[VIEWS * size + 1 :]  # each under the base of the token before it
        found = tables.entries.take(looked[: VIEWS * size] + steps[: VIEWS * size], mode="clip")
        found ^= looked[2 * VIEWS * size :]
        worth = tables.worth.take(found, 0, mode="clip")  # (VIEWS * size, 5)
        # What stands in column c of a token bears on the position 2 - c tokens after it.
        shares = np.ndarray((size - 4, VIEWS, 5), worth.dtype, worth, 0, (40, 40 * size, 48))
        leans: list[float] = shares.sum((1, 2)).tolist()
        for at in (found < tables.prefixes).nonzero()[0].tolist():
            row = tables.triples.get(found.item(at) * WHOSE + steps.item(at + 1))
            if row:
                first = at % size
                leans[first] += row[0]
                leans[first - 1] += row[1]
                leans[first - 2] += row[2]
        return leans

    def _follow(self, leans: list[float]) -> list[bool] | None:
        """For each token whether it goes on with the word before it; None where a decision is too close to call."""
        close = _CLOSE * (1 + len(leans) / _LENGTH)
        b_to_b, b_to_i, i_to_b, i_to_i = self._tables.steps
        from_b, from_i, turned = b_to_i - b_to_b, i_to_i - i_to_b, b_to_i - i_to_b
        below, above = self._switch_b - close, self._switch_i + close
        over, under = self._switch_b + close, self._switch_i - close
        goes_on: list[bool] = []
        turning: list[int] = []  # tokens that are what the next one is not
        lead = gain = 0.0
        for lean in leans:
            lead = lean + gain  # log-odds of the best way that ends in I against the best that ends in B
            if lead < below:
                goes_on.append(False)
                gain = from_b
            elif lead > above:
                goes_on.append(True)
                gain = from_i
            elif over < lead < under:
                turning.append(len(goes_on))
                goes_on.append(False)
                gain = turned - lead
            else:
                return None
        if -close < lead < close:
            return None
        goes_on[-1] = lead > 0
        for at in reversed(turning):
            if at + 1 < len(goes_on):
                goes_on[at] = not goes_on[at + 1]
        return goes_on


class _Remembered(dict[str, V]):
    """What was made of a string, made once; forgotten all at once when there is too much of it."""

    def __init__(self, make: Callable[[str], V]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: str) -> V:
        made = self._make(key)
        if len(key) <= _LONG:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[key] = made
        return made


def _packed(rows: Sequence[int]) -> bytes:
    return struct.pack(f"={len(rows)}q", *rows)


_BEFORE, _AFTER = _packed([BEGIN, BEGIN]), _packed([END, BEYOND])
