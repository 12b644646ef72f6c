"""The topic model at work: scores, flags and the reasons for them.

One linear function a topic over TF-IDF terms: score = sigmoid(bias + sum of value x weight), calibrated so that it is a
probability. An item of which only the title is known says less: there the same sum is scaled and shifted (`title_only`). The
reasons are the terms of that very sum; `Flag.rest` is what the others and the bias add to it.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import zipfile
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from numpy.typing import NDArray

from pipeline.catalogue import text as say
from pipeline.errors import ModelError
from pipeline.records import HOME, OTHER, PERSON, Flag, Judgement, Term, bare
from pipeline.text.normalise import keyed, tone_key
from pipeline.text.places import Gazetteer
from pipeline.text.sentences import sentences
from pipeline.triage.features import NO_HOME, features

MODEL_FILE = "topics.skops"
_REASONS = 8  # terms shown for a topic
_SENTENCES = 60  # of a text, looked through for the one to quote
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class TopicModel:
    """Everything that a judgement depends on, but for the gazetteer."""

    version: str  # 12 hexadecimal digits of the content
    topics: tuple[str, ...]
    vocabulary: dict[str, int]  # term -> row
    idf: NDArray[np.float64]  # (terms,)
    weights: NDArray[np.float64]  # (terms, topics)
    bias: NDArray[np.float64]  # (topics,)
    thresholds: NDArray[np.float64]  # (topics,) of the score from which an item is flagged
    # (2, 2, topics) what log-odds are multiplied by, and then raised by, without a text; where the title names home, and
    # where it does not.
    title_only: NDArray[np.float64]
    no_home: NDArray[np.float64]  # (topics,) log-odds added where a text does not name home

    def vector(self, bag: Counter[str]) -> tuple[list[str], NDArray[np.intp], NDArray[np.float64]]:
        """Known terms, their rows, and their values: (1 + ln count) x idf, length 1."""
        known = [(term, row, bag[term]) for term in bag if (row := self.vocabulary.get(term)) is not None]
        terms, found, counts = zip(*known, strict=True) if known else ((), (), ())
        rows = np.array(found, dtype=np.intp)
        values = (1.0 + np.log(np.array(counts, dtype=np.float64))) * self.idf[rows]
        length = float(np.sqrt(values @ values))
        return list(terms), rows, values / length if length else values

    def parts(
        self, bag: Counter[str], *, title_only: bool
    ) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
        """Known terms, what each adds to the log-odds (terms, topics), and what they are added to (topics,)."""
        terms, rows, values = self.vector(bag)
        added, base = values[:, None] * self.weights[rows], self.bias
        if title_only:
            scale, shift = self.title_only[int(NO_HOME in bag)]
            added, base = added * scale, base * scale + shift
        elif NO_HOME in bag:
            base = base + self.no_home
        return terms, added, base

    def logits(self, bag: Counter[str], *, title_only: bool = False) -> NDArray[np.float64]:
        """Log-odds (topics,)."""
        _, added, base = self.parts(bag, title_only=title_only)
        made: NDArray[np.float64] = base + added.sum(axis=0)
        return made

    def judge(
        self, version_id: str, title: str, text: str, segmented: tuple[str, str], gazetteer: Gazetteer
    ) -> Judgement:
        """Flags of an item: its published title and text, and their words (title, text)."""
        terms, parts, base = self.parts(features(*segmented, gazetteer), title_only=not text.strip())
        logits = base + parts.sum(axis=0)
        flags = []
        for column, topic in enumerate(self.topics):
            score = 1.0 / (1.0 + math.exp(-float(logits[column])))
            flagged = score >= float(self.thresholds[column])
            added = parts[:, column]
            most = np.argsort(-added, kind="stable")[:_REASONS]
            reasons = tuple(
                Term(terms[row], weight)
                for row, weight in zip(most.tolist(), added[most].tolist(), strict=True)
                if weight > 0
            )
            sentence, marks = _sentence(title, text, reasons) if flagged else ("", ())
            rest = float(logits[column]) - sum(reason.weight for reason in reasons)
            flags.append(Flag(topic, score, flagged, reasons, sentence, marks, rest))
        return Judgement(version_id, self.version, tuple(flags))

    def save(self, folder: Path) -> None:
        """Write the model; the same model gives the same bytes."""
        content = _content(self)
        (folder / MODEL_FILE).write_bytes(_stable(skops.io.dumps({**content, "version": self.version})))


def make(
    topics: tuple[str, ...],
    terms: list[str],
    idf: NDArray[np.float64],
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    title_only: NDArray[np.float64] | None = None,
    no_home: NDArray[np.float64] | None = None,
) -> TopicModel:
    """A model from trained parts; its version is computed from them. Without `title_only` a title counts like a text, without
    `no_home` nothing is added.
    """
    if title_only is None:
        title_only = np.array([[np.ones(len(topics)), np.zeros(len(topics))]] * 2)
    if no_home is None:
        no_home = np.zeros(len(topics))
    vocabulary = {term: row for row, term in enumerate(terms)}
    model = TopicModel("", topics, vocabulary, idf, weights, bias, thresholds, title_only, no_home)
    digest = hashlib.sha256()
    for name, value in sorted(_content(model).items()):
        digest.update(name.encode())
        digest.update(value.tobytes() if isinstance(value, np.ndarray) else str(value).encode())
    return replace(model, version=digest.hexdigest()[:12])


def load(folder: Path) -> TopicModel:
    """Read a model. skops refuses anything but plain containers and arrays. Raises ModelError."""
    path = folder / MODEL_FILE
    try:
        content: dict[str, Any] = skops.io.load(path, trusted=[])
        if content["format"] != _FORMAT:
            raise ModelError(say("model.format", path=path, found=content["format"], expected=_FORMAT))
        terms = content["terms"].split("\n")
        return TopicModel(
            version=content["version"],
            topics=tuple(content["topics"].split(" ")),
            vocabulary={term: row for row, term in enumerate(terms)},
            idf=content["idf"].astype(np.float64),
            weights=content["weights"].astype(np.float64),
            bias=content["bias"],
            thresholds=content["thresholds"],
            title_only=content["title_only"],
            no_home=content["no_home"],
        )
    except FileNotFoundError as error:
        raise ModelError(say("model.missing", path=path)) from error
    except ModelError:
        raise
    except Exception as error:  # zip, zlib, JSON, numpy and skops each raise their own on a damaged file
        raise ModelError(say("model.damaged", path=path, problem=f"{type(error).__name__} {error}")) from error


def _content(model: TopicModel) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "topics": " ".join(model.topics),
        "terms": "\n".join(model.vocabulary),
        "idf": model.idf,
        "weights": model.weights,
        "bias": model.bias,
        "thresholds": model.thresholds,
        "title_only": model.title_only,
        "no_home": model.no_home,
    }


def _stable(dumped: bytes) -> bytes:
    """Skops writes object addresses and the time of day into its file: number the addresses, drop the time."""
    with zipfile.ZipFile(io.BytesIO(dumped)) as archive:
        schema = archive.read("schema.json").decode()
        names: dict[str, str] = {}
        for number in re.findall(r'"__id__": (\d+)', schema):
            names.setdefault(number, str(len(names)))
        order = sorted(
            (name for name in archive.namelist() if name != "schema.json"),
            key=lambda name: int(names.get(name.split(".")[0], "0")),
        )
        renamed = {name: f"{names[name.split('.')[0]]}.npy" for name in order}
        schema = re.sub(r'"__id__": (\d+)', lambda match: f'"__id__": {names[match[1]]}', schema)
        for old, new in renamed.items():
            schema = schema.replace(f'"{old}"', f'"{new}"')
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as stable:
            for name, data in [*((renamed[old], archive.read(old)) for old in order), ("schema.json", schema.encode())]:
                stable.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
        return out.getvalue()


def _sentence(title: str, text: str, reasons: tuple[Term, ...]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The sentence, quoted exactly, that carries most of the reasons, with the places of its terms; the title where no
    sentence of the text carries any.
    """
    wanted = {
        tone_key(bare(term.term)): term.weight
        for term in reasons
        if not term.term.startswith("#") and not {HOME, OTHER, PERSON} & set(term.term)
    }
    wanted.pop("", None)
    best, most = title, 0.0
    for start, end in sentences(text)[:_SENTENCES]:
        key = f" {tone_key(text[start:end])} "
        carried = sum(weight for words, weight in wanted.items() if f" {words} " in key)
        if carried > most:
            best, most = text[start:end], carried
    return best, _marks(best, wanted)


def _marks(sentence: str, wanted: Collection[str]) -> tuple[tuple[int, int], ...]:
    """Where these words stand in the sentence; overlapping places are one."""
    key = keyed(sentence)
    places: list[tuple[int, int]] = []
    for start, end in sorted(span for words in wanted for span in key.find(words)):
        if places and not sentence[places[-1][1] : start].strip():
            places[-1] = (places[-1][0], max(places[-1][1], end))
        else:
            places.append((start, end))
    return tuple(places)
