"""underthesea's word segmenter, decoded from tables: the same model, dictionary and output, several times faster.

The shipped model is a linear-chain CRF with two labels (B begins a word, I goes on) over features of a window of five tokens.
With two labels a feature is one number, its weight for I minus its weight for B, so the features of one token, of two and of
three neighbouring tokens become three look-ups. underthesea stays the reference: it splits the text into tokens, it says
what it thinks of each token (lower case, title, digits), and wherever a decision is closer than a rounding error it decides.

Source: CRFsuite's model format (magic lCRF, version 100) as read by underthesea_core; underthesea 9.5.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import joblib
import underthesea
from underthesea import word_tokenize
from underthesea.pipeline.word_tokenize.regex_tokenize import tokenize
from underthesea_core import CRFFeaturizer

VERIFIED = frozenset({"9.5.0"})  # releases of underthesea whose output was compared
_MODEL = Path(underthesea.__file__).parent / "pipeline/word_tokenize/models/ws_crf_vlsp2013_20230727"
_TEMPLATE = re.compile(r"T\[(-?\d)(?:,(-?\d))?\](?:\.(\w+))?")
_CLOSE = 1e-9  # log-odds; summing in another order can differ by this much
_CHUNKS = 100_000  # white-space chunks whose tokens are remembered
_KNOWN = 200_000  # tokens, and neighbours, whose scores are remembered

Scores = tuple[float, ...]  # five, for the distances -2 to 2
_NOTHING: Scores = (0.0,) * 5
_Fact = tuple[str, bool, Scores]  # of a token: lower case, whether a title, scores
_Pair = tuple[Scores, bool, bool, str]  # scores, whether titles, whether features of three begin so, and words of three
_TWO = 2  # white spaces in a word of three syllables


class Segmenter:
    """Splits Vietnamese text into words exactly as underthesea does."""

    def __init__(self) -> None:
        """Read the model's tables from the installed package."""
        weights, self._steps = _read_model((_MODEL / "models.bin").read_bytes())
        templates = joblib.load(_MODEL / "features.bin")
        self._dictionary: set[str] = joblib.load(_MODEL / "dictionary.bin")
        self._featurizer = CRFFeaturizer(templates, self._dictionary)
        # By how many tokens a feature spans and by function ('' for the text itself): value -> a weight for each distance,
        # from -2 on, between the position that is scored and the feature's first token.
        self._tables: dict[tuple[int, str], dict[str, Scores]] = {}
        for name, weight in weights.items():
            template, _, value = name.partition("=")
            start, end, function = _parts(template)
            table = self._tables.setdefault((end - start + 1, function), {})
            row = list(table.get(value, _NOTHING))
            row[start + 2] = weight
            table[value] = tuple(row)
        self._templates = [_parts(template) for template in templates]
        self._tokens: dict[str, _Fact] = {}
        self._chunks: dict[str, list[str]] = {}
        self._two: dict[tuple[str, str], _Pair] = {}
        # Of three neighbours few are features: most are told apart by the first two.
        self._raw_triples = self._tables[3, ""]
        self._raw_starts = {value.rsplit(" ", 1)[0] for value in self._raw_triples}
        self._dictionary_starts = {word.rsplit(" ", 1)[0] for word in self._dictionary if word.count(" ") == _TWO}
        self._both = [
            [
                _sum([self._tables[3, "istitle"].get(str(title)), self._tables[3, "is_in_dict"].get(str(listed))])
                for listed in (False, True)
            ]
            for title in (False, True)
        ]

    def words(self, text: str) -> str:
        """The words of a text, separated by spaces, the syllables of a word joined by '_'."""
        tokens = self._split(text)
        if not tokens:
            return ""
        tags = self._decode(tokens)
        if tags is None:
            return str(word_tokenize(text, format="text"))
        out: list[str] = []
        for inside, token in zip(tags, tokens, strict=True):
            if inside and out:
                out[-1] = f"{out[-1]} {token}"
            else:
                out.append(token)
        return " ".join(word.replace(" ", "_") for word in out)

    def _split(self, text: str) -> list[str]:
        """Tokens as underthesea makes them.

        No pattern of its tokeniser crosses white space, so equal chunks give equal tokens; only at the end of a text do some
        patterns behave differently.
        """
        chunks = text.split()
        tokens: list[str] = []
        for chunk in chunks[:-1]:
            known = self._chunks.get(chunk)
            if known is None:
                known = tokenize(f"{chunk} ")
                if len(self._chunks) >= _CHUNKS:
                    self._chunks.clear()
                self._chunks[chunk] = known
            tokens += known
        if chunks:
            tail = text[text.rindex(chunks[-1]) :]
            tokens += tokenize(tail)
        return tokens

    def _decode(self, tokens: list[str]) -> list[bool] | None:
        """For each token whether it goes on with the word before it; None where a decision is too close to call."""
        leans = self._leans(tokens)
        b_to_b, b_to_i, i_to_b, i_to_i = self._steps
        came: list[tuple[bool, bool]] = []  # for B and for I at each position: did the best way there come from I?
        lead = 0.0  # log-odds of the best way that ends in I against the best that ends in B
        for position, lean in enumerate(leans):
            if position:
                for_b, for_i = lead + i_to_b - b_to_b, lead + i_to_i - b_to_i
                if -_CLOSE < for_b < _CLOSE or -_CLOSE < for_i < _CLOSE:
                    return None
                came.append((for_b > 0, for_i > 0))
                best_b = lead + i_to_b if for_b > 0 else b_to_b
                best_i = lead + i_to_i if for_i > 0 else b_to_i
                lead = lean + best_i - best_b
            else:
                lead = lean
        if -_CLOSE < lead < _CLOSE:
            return None
        inside = lead > 0
        tags = [inside]
        for from_b, from_i in reversed(came):
            inside = from_i if inside else from_b
            tags.append(inside)
        return tags[::-1]

    def _leans(self, tokens: list[str]) -> list[float]:
        """Per position the sum of all features, in log-odds for I."""
        count = len(tokens)
        known = self._tokens
        if len(known) > _KNOWN:
            known.clear()
        facts = [known.get(token) or self._token(token) for token in tokens]
        # Two cells of padding on each side take what falls outside the text.
        leans = [0.0] * (count + 4)
        for at, (_, _, scores) in enumerate(facts):
            leans[at + 4] += scores[0]
            leans[at + 3] += scores[1]
            leans[at + 2] += scores[2]
            leans[at + 1] += scores[3]
            leans[at] += scores[4]
        two, both = self._two, self._both
        if len(two) > _KNOWN:
            two.clear()
        last = count - 2
        for at in range(count - 1):
            first, second = tokens[at], tokens[at + 1]
            pair = two.get((first, second)) or self._pair(first, second, facts[at], facts[at + 1])
            scores, titles, raw_goes_on, lower_goes_on = pair
            leans[at + 4] += scores[0]
            leans[at + 3] += scores[1]
            leans[at + 2] += scores[2]
            leans[at + 1] += scores[3]
            if at == last:
                break
            lower, title, _ = facts[at + 2]
            listed = bool(lower_goes_on) and f"{lower_goes_on} {lower}" in self._dictionary
            scores = both[titles and title][listed]
            leans[at + 4] += scores[0]
            leans[at + 3] += scores[1]
            leans[at + 2] += scores[2]
            if raw_goes_on and (rare := self._raw_triples.get(f"{first} {second} {tokens[at + 2]}")):
                leans[at + 4] += rare[0]
                leans[at + 3] += rare[1]
                leans[at + 2] += rare[2]
        leans = leans[2 : count + 2]
        for at in {0, 1, count - 2, count - 1}:
            if 0 <= at < count:
                leans[at] += self._edge(at, count)
        return leans

    def _token(self, token: str) -> _Fact:
        """What underthesea says of a token, and what its features weigh."""
        said = dict(feature.split("=", 1) for feature in self._featurizer.process([[[token]]])[0][0])
        rows = [self._tables[1, ""].get(token)]
        rows += [
            self._tables[1, function].get(said[f"T[0].{function}"])
            for function in ("lower", "isdigit", "istitle", "is_in_dict")
        ]
        fact = (said["T[0].lower"], said["T[0].istitle"] == "True", _sum(rows))
        self._tokens[token] = fact
        return fact

    def _pair(self, first: str, second: str, one: _Fact, two: _Fact) -> _Pair:
        """What the features of two neighbours weigh, and what matters to those of three that begin with them."""
        raw, lower, titles = f"{first} {second}", f"{one[0]} {two[0]}", one[1] and two[1]
        scores = _sum(
            [
                self._tables[2, ""].get(raw),
                self._tables[2, "lower"].get(lower),
                self._tables[2, "istitle"].get(str(titles)),
                self._tables[2, "is_in_dict"].get(str(lower in self._dictionary)),
            ]
        )
        pair = (scores, titles, raw in self._raw_starts, lower if lower in self._dictionary_starts else "")
        self._two[first, second] = pair
        return pair

    def _edge(self, at: int, count: int) -> float:
        """Features that reach over the beginning or the end of the text."""
        total = 0.0
        for start, end, function in self._templates:
            value = "BOS" if at + start < 0 else "EOS" if at + end >= count else ""
            if value:
                total += self._tables[end - start + 1, function].get(value, _NOTHING)[start + 2]
        return total


def _parts(template: str) -> tuple[int, int, str]:
    """First and last token of a template, relative to the position, and its function."""
    match = _TEMPLATE.fullmatch(template)
    if match is None:
        raise ValueError(f"unknown template {template}")
    return int(match[1]), int(match[2] or match[1]), match[3] or ""


def _sum(rows: list[Scores | None]) -> Scores:
    return tuple(map(sum, zip(*(row or _NOTHING for row in rows), strict=True)))


def _read_model(raw: bytes) -> tuple[dict[str, float], tuple[float, float, float, float]]:
    """Weights of I minus B by feature name, and the transitions B to B, B to I, I to B, I to I."""
    magic, _, _, version, _, labels, _, at_features, at_labels, at_names, _, _ = struct.unpack_from(
        "<4sI4sIIIIIIIII", raw
    )
    if (magic, version, labels) != (b"lCRF", 100, 2) or list(_names(raw, at_labels)) != ["B-W", "I-W"]:
        raise ValueError("the installed underthesea has another model; words must be decoded by underthesea itself")
    names = list(_names(raw, at_names))
    weights: dict[str, float] = {}
    steps = [[0.0, 0.0], [0.0, 0.0]]
    (count,) = struct.unpack_from("<I", raw, at_features + 8)
    for kind, source, target, weight in struct.iter_unpack(
        "<IIId", raw[at_features + 12 : at_features + 12 + count * 20]
    ):
        if kind:
            steps[source][target] += weight
        else:
            weights[names[source]] = weights.get(names[source], 0.0) + (weight if target else -weight)
    return weights, (steps[0][0], steps[0][1], steps[1][0], steps[1][1])


def _names(raw: bytes, at: int) -> Iterator[str]:
    """The strings of a CQDB, by their numbers."""
    count, offsets = struct.unpack_from("<II", raw, at + 16)
    for (offset,) in struct.iter_unpack("<I", raw[at + offsets : at + offsets + count * 4]):
        (length,) = struct.unpack_from("<I", raw, at + offset + 4)
        yield raw[at + offset + 8 : at + offset + 7 + length].decode("utf-8")
