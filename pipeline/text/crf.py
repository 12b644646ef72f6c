"""underthesea's word model, as installed, made into tables.

Source: CRFsuite's model format (magic lCRF, version 100) as read by underthesea_core; underthesea 9.5.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import underthesea

from pipeline.text import tables
from pipeline.text.tables import BEGIN, BEYOND, END, KNOWN, WHOSE, Floats, Ints, Row, Tables, facts

MODEL = Path(underthesea.__file__).parent / "pipeline/word_tokenize/models/ws_crf_vlsp2013_20230727"
_FILES = ("models.bin", "features.bin", "dictionary.bin")

_TEMPLATE = re.compile(r"T\[(-?\d)(?:,(-?\d))?\](?:\.(\w+))?")
_FUNCTIONS = (  # by how many more tokens than one a feature spans
    ("", "lower", "isdigit", "istitle", "is_in_dict"),
    ("", "lower", "istitle", "is_in_dict"),
    ("", "lower", "istitle", "is_in_dict"),
)
_PLACES = 1 << 18  # of the table of pairs
_STRIDE = 7919  # between the bases that are tried
_EMPTY, _NOBODY = 1 << 21, (1 << 21) + 1  # owner of an empty place; of the pairs of a token that begins none

Weights = Mapping[tuple[int, str], Mapping[str, Row]]  # by how many tokens a feature spans and function, then by value
_NOTHING: Row = (0.0,) * 5


class UnknownModel(ValueError):
    """The installed model is not of the form that is understood here."""


def installed_tables(folder: Path | None = None) -> Tables:
    """The tables of the installed model, from a copy in the user's folder for such things; where there is none, it is made.

    Made anew they take a second and, for a moment, 80 MB. Raises UnknownModel.
    """
    if folder is None:
        home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - Path fails without a home
        folder = Path(home) / "diembao"
    digest = hashlib.sha256()
    for file in (*(MODEL / name for name in _FILES), Path(__file__), Path(tables.__file__)):
        digest.update(file.read_bytes())
    copy = folder / f"words-{digest.hexdigest()[:16]}.npz"
    found = Tables.load(copy)
    if found is None:
        found = read_tables()
        with suppress(OSError):  # where nothing can be written they are made each time
            found.save(copy)
    return found


def feature_names() -> Iterator[str]:
    """All features that the installed model has a weight for."""
    raw = (MODEL / _FILES[0]).read_bytes()
    return _names(raw, _Head.of(raw).names)


def read_tables(folder: Path = MODEL) -> Tables:
    """The tables of the model in a folder of underthesea's. Raises UnknownModel."""
    try:
        model, templates, dictionary = (folder / name for name in _FILES)
        return _tables(joblib.load(templates), joblib.load(dictionary), *_read_model(model.read_bytes()))
    except Exception as error:  # another format may fail anywhere
        raise UnknownModel(f"{type(error).__name__}: {error}") from error


def _tables(
    templates: list[str],
    dictionary: set[str],
    named: Mapping[str, float],
    steps: tuple[float, float, float, float],
) -> Tables:
    shapes = {template: _parts(template) for template in templates}
    weights = _by_span(named, shapes)
    listed: dict[int, list[str]] = {1: [], 2: [], 3: []}
    for words in dictionary:
        if (span := len(words.split())) == words.count(
            " "
        ) + 1 and span in listed:  # some end in a space, which no token is
            listed[span].append(words)
    worth = {span: _worth(weights, span, listed[span]) for span in listed}
    spelt = " ".join(words for by in worth.values() for rows in (by[""], by["lower"]) for words in rows).split(" ")
    ids = {token: number for number, token in enumerate(sorted(set(spelt)))}
    unknown = len(ids)
    told = [facts(token) for token in ids]
    # Rows of the edges; of known tokens; of unknown ones by every lower case, as no title and as title; of unknown numbers.
    raw = np.array([*[unknown] * KNOWN, *range(unknown), *[unknown] * (2 * unknown + 3)])
    low = np.array(
        [
            *[unknown] * KNOWN,
            *(ids.get(lower, unknown) for lower, _, _ in told),
            *np.repeat(np.arange(unknown + 1), 2),
            unknown,
        ]
    )
    title = np.array([*[0] * KNOWN, *(title for _, title, _ in told), *[0, 1] * (unknown + 1), 1])
    digit = np.array([*[0] * KNOWN, *(digit for _, _, digit in told), *[0] * (2 * unknown + 2), 1])

    single = _otherwise(weights) + np.zeros((len(raw), 5))
    for by, index in (("", raw), ("lower", low)):
        rows = np.zeros((unknown + 1, 5))
        for token, row in worth[1][by].items():
            rows[ids[token]] = row
        single += rows[index]
    single += np.outer(title, worth[1]["istitle"]["True"]) + np.outer(digit, _yes(weights, 1, "isdigit"))
    single[:KNOWN] = _edges(weights, shapes)

    views = (("", ids, raw), ("lower", ids, low), ("istitle", {"True": 1}, title))
    prefixes: dict[tuple[str, str], int] = {}
    triples: dict[int, Row] = {}
    for by, numbers, _ in views:
        for words, row in worth[3][by].items():
            two, _, third = words.rpartition(" ")
            prefix = prefixes.setdefault((by, two), len(prefixes))
            triples[prefix * WHOSE + numbers[third]] = row
    others: dict[Row, int] = {}
    owned: dict[int, dict[int, int]] = {}  # by owner and step: value
    for view, (by, numbers, _) in enumerate(views):
        for two, row in ({two: _NOTHING for kind, two in prefixes if kind == by} | worth[2][by]).items():
            value = prefixes.get((by, two))
            if value is None:
                value = len(prefixes) + others.setdefault(row, len(others))
            first, _, second = two.partition(" ")
            owned.setdefault(view * (unknown + 1) + numbers[first], {})[numbers[second]] = value
    entries, bases = _placed(owned, unknown + 1)
    owners = np.full(3 * (unknown + 1), _NOBODY)
    owners[list(owned)] = list(owned)
    pairs = np.array([*(worth[2][by].get(two, _NOTHING) for by, two in prefixes), *others])
    if len(pairs) + len(single) >= WHOSE:
        raise UnknownModel("too many features")
    # In the fourth view all look at the first, empty place; what they take away from it leaves the value of their row.
    alone = (_EMPTY * WHOSE) ^ (len(pairs) + np.arange(len(single)))
    at = [view * (unknown + 1) + numbers for view, (_, _, numbers) in enumerate(views)]
    none = np.zeros(len(single), np.int64)
    return Tables(
        ids=ids,
        rows=np.stack(
            [*(bases[one] for one in at), none, raw, low, title, none, *(owners[one] * WHOSE for one in at), alone],
            axis=1,
        ),
        entries=entries,
        worth=np.concatenate((pairs, single, [_NOTHING])),
        prefixes=len(prefixes),
        triples=triples,
        steps=steps,
    )


def _by_span(named: Mapping[str, float], shapes: Mapping[str, tuple[int, int, str]]) -> Weights:
    """Features of one kind and value, wherever they stand, as one row."""
    rows: dict[tuple[int, str], dict[str, list[float]]] = defaultdict(dict)
    for name, weight in named.items():
        template, _, value = name.partition("=")
        start, end, function = shapes[template]
        rows[end - start + 1, function].setdefault(value, [0.0] * 5)[start + 2] += weight
    return {kind: {value: tuple(row) for value, row in values.items()} for kind, values in rows.items()}


def _worth(weights: Weights, span: int, listed: Iterable[str]) -> dict[str, dict[str, Row]]:
    """What these tokens add beyond what any others would: as they stand, in lower case, by whether all are titles."""
    rows = {by: dict(weights.get((span, by), {})) for by in ("", "lower")}
    if_listed = _yes(weights, span, "is_in_dict")
    for words in listed:
        known = rows["lower"].get(words)
        rows["lower"][words] = _plus(known, if_listed) if known else if_listed
    if span > 1:  # here these are no tokens: the feature reaches over an edge
        for of in rows.values():
            of.pop("BOS", None)
            of.pop("EOS", None)
    return rows | {"istitle": {" ".join(["True"] * span): _yes(weights, span, "istitle")}}


def _yes(weights: Weights, span: int, function: str) -> Row:
    """What is added when the answer is yes instead of no."""
    answers = weights.get((span, function), {})
    return _plus(answers.get("True", _NOTHING), answers.get("False", _NOTHING), -1)


def _otherwise(weights: Weights) -> Row:
    """What any token adds, with the features that begin with it, when all answers are no."""
    total = _NOTHING
    for (_, function), answers in weights.items():
        if function not in ("", "lower"):
            total = _plus(total, answers.get("False", _NOTHING))
    return total


def _edges(weights: Weights, shapes: Mapping[str, tuple[int, int, str]]) -> Floats:
    """(3, 5) what the edges of a text of two tokens or more add (BEGIN, END, BEYOND).

    A feature that reaches over an edge has the value BOS or EOS. It is laid to the token beyond the edge with which it
    begins or ends, and what its first token, a real one, added for it as for any other is taken back.
    """
    rows = np.zeros((3, 5))
    for start, end, function in shapes.values():
        span = end - start + 1
        answers = weights.get((span, function), {})
        rows[BEGIN, start + 2] += answers.get("BOS", _NOTHING)[start + 2]
        over = answers.get("EOS", _NOTHING)[start + 2]
        already = answers.get("False", _NOTHING)[start + 2] if function not in ("", "lower") else 0.0
        rows[END, end + 2] += over - (already if span > 1 else 0.0)
        rows[BEYOND, end + 2] += over - (already if span > 2 else 0.0)
    return rows


def _placed(owned: Mapping[int, Mapping[int, int]], reach: int) -> tuple[Ints, Ints]:
    """The table of pairs, and the base of every owner: one found where all its steps (< reach) meet free places.

    The first and the last place stay empty.
    """
    entries, free = np.full(_PLACES, _EMPTY * WHOSE), np.ones(_PLACES, bool)
    bases = np.full(3 * reach, -_PLACES)  # whoever owns nothing looks outside
    base = 0
    for owner, mine in sorted(owned.items(), key=lambda item: (-len(item[1]), item[0])):
        steps = np.array([*mine])
        for _ in range(_PLACES):
            base = (base + _STRIDE) % (_PLACES - reach - 1) + 1
            if free[base + steps].all():
                break
        else:
            raise UnknownModel("too many features of two tokens")
        free[base + steps] = False
        entries[base + steps] = owner * WHOSE + np.array([*mine.values()])
        bases[owner] = base
    return entries, bases


def _plus(one: Row, two: Row, sign: int = 1) -> Row:
    return tuple(a + sign * b for a, b in zip(one, two, strict=True))


def _parts(template: str) -> tuple[int, int, str]:
    """First and last token of a template, relative to the position, and its function."""
    match = _TEMPLATE.fullmatch(template)
    if match is None:
        raise UnknownModel(f"template {template}")
    start, end, function = int(match[1]), int(match[2] or match[1]), match[3] or ""
    if not (-2 <= start <= end <= 2 and (end - start < 3) and function in _FUNCTIONS[end - start]):
        raise UnknownModel(f"template {template}")
    return start, end, function


class _Head(NamedTuple):
    """Where the parts of a model file lie."""

    features: int
    labels: int
    names: int

    @classmethod
    def of(cls, raw: bytes) -> _Head:
        """Of a file of the one format that is understood, with its two labels. Raises UnknownModel."""
        magic, _, _, version, _, count, _, features, labels, names, _, _ = struct.unpack_from("<4sI4sIIIIIIIII", raw)
        if (magic, version, count) != (b"lCRF", 100, 2) or list(_names(raw, labels)) != ["B-W", "I-W"]:
            raise UnknownModel(f"{magic!r}, version {version}, {count} labels")
        return cls(features, labels, names)


def _read_model(raw: bytes) -> tuple[dict[str, float], tuple[float, float, float, float]]:
    """Weights of I minus B by feature name, and the transitions B to B, B to I, I to B, I to I."""
    head = _Head.of(raw)
    names = list(_names(raw, head.names))
    weights: dict[str, float] = {}
    steps = [[0.0, 0.0], [0.0, 0.0]]
    (count,) = struct.unpack_from("<I", raw, head.features + 8)
    start = head.features + 12
    for kind, source, target, weight in struct.iter_unpack("<IIId", raw[start : start + count * 20]):
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
