"""Vietnamese words, exactly as underthesea splits them.

A fast decoder makes them (see segmenter) for the releases of underthesea on which it was found to give the same words; any
other release makes them itself until `diembao doctor --words` has compared the two on this machine. In operation a small
share of texts is made by both: underthesea's words are used, and a difference is counted.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import zlib
from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

import underthesea
from underthesea import word_tokenize

from pipeline.catalogue import text as sentence
from pipeline.records import Made, Version, Words
from pipeline.text.normalise import nfc
from pipeline.text.origin import without_marks

if TYPE_CHECKING:
    from underthesea_core import CRFFeaturizer

    from pipeline.text.segmenter import Segmenter

RELEASE = version("underthesea")
SEGMENTER = f"underthesea-{RELEASE}/2"
# By identity: releases whose words were found to be the decoder's on 49,586 texts of the press, whole and by paragraphs.
VERIFIED = frozenset({"757f1a1cc8365375b52c7f1be07962de24e05be671d627a6efd1d90cd4f51a3d"})  # 9.5.0 with core 3.3.2
VERDICTS = "words-verified.json"  # in the data folder; see read_verdicts

_PACKAGE = Path(underthesea.__file__).parent
_WORDS = ("pipeline/word_tokenize", "pipeline/text_normalize", "models/fast_crf_sequence_tagger.py")  # what makes words
# One text in so many is checked. underthesea takes 30 to 100 times as long as the decoder, so this costs up to a tenth of its
# speed, and an office that reads 500 articles of 15 paragraphs a day compares seven texts daily.
_CHECKED = 1024
_LONG = 8_000  # characters; for each token of a text underthesea holds 5 kB at once, too much for longer ones
_PIECE = 500  # tokens
# What follows an address like this makes underthesea's patterns search without end: the time doubles with every mark.
_ENDLESS = re.compile("[`!;:'\".,?«»“”‘’]{16}")
_WINDOW = 2  # tokens before and after a token that its features look at
_BY_WEIGHT: tuple[Made, ...] = ("plain", "fast", "checked", "reference", "differed")


@cache
def identity() -> str:
    """What the installed release makes words of: SHA-256 of its files and versions, in hexadecimal."""
    digest = hashlib.sha256(f"{RELEASE} {version('underthesea_core')}".encode())
    for name in _WORDS:
        found = _PACKAGE / name
        for path in sorted(found.rglob("*")) if found.is_dir() else [found]:
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"\n{path.relative_to(_PACKAGE).as_posix()} {path.stat().st_size}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def fast_segmenter() -> Segmenter | str:
    """The fast decoder, or why the installed release cannot be decoded."""
    try:
        from pipeline.text.segmenter import Segmenter  # noqa: PLC0415 - another release may lack what it imports

        return Segmenter()
    except Exception as error:  # whatever another release does otherwise: it makes its words itself
        return f"{type(error).__name__}: {error}"


def read_verdicts(data: Path) -> dict[str, bool]:
    """By identity, whether `doctor --words` found the same words on this machine; a file that cannot be read says nothing."""
    try:
        found = json.loads((data / VERDICTS).read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): equal is True for name, equal in found.items()} if isinstance(found, dict) else {}


def write_verdict(data: Path, equal: bool) -> None:
    """Remember in the data folder whether the installed release was found to give the decoder's words. Raises OSError."""
    data.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=data, prefix=f".{VERDICTS}.", delete=False) as fresh:
        json.dump(read_verdicts(data) | {identity(): equal}, fresh, indent=1)
    Path(fresh.name).replace(data / VERDICTS)


def trusted(verdicts: Mapping[str, bool]) -> bool:
    """Whether the decoder is known to give the words of the installed release: by this machine's verdict, else by ours."""
    return verdicts.get(identity(), identity() in VERIFIED)


def notice(verdicts: Mapping[str, bool]) -> str:
    """What a person is to be told when underthesea makes all words itself; empty when the decoder does."""
    if trusted(verdicts):
        return ""
    found = fast_segmenter()
    if isinstance(found, str):
        return sentence("doctor.unreadable", release=RELEASE, problem=found)
    return sentence("doctor.unverified", release=RELEASE)


def words(text: str, fast: bool | None = None) -> str:
    """The text's words, separated by spaces, syllables of a word joined by '_'.

    Exactly `underthesea.word_tokenize(text, format="text")`. `fast` says whether the decoder is trusted; None: where the
    installed release is one of those verified by us.
    """
    return _made(text, trusted({}) if fast is None else fast)[0]


def segment(version_: Version, fast: bool | None = None) -> Words:
    """The words of a version. English and other text is left as it stands: its words are already apart."""
    article, trust = version_.article, trusted({}) if fast is None else fast
    how: set[Made] = {"plain"}

    def split(text: str) -> str:
        if article.lang != "vi":
            return nfc(text)
        made, way = _made(text, trust)
        how.add(way)
        return made

    return Words(
        version_id=version_.id,
        title=split(article.title) if article.title else "",
        lead=_by_paragraph(article.lead, split),
        body=_by_paragraph(article.text, split),
        made=max(how, key=_BY_WEIGHT.index),
    )


def told_words(text: str, lang: str, fast: bool | None = None) -> str:
    """The words of a text as those of a version are made: by paragraph, without its marks of origin. They go first, because
    a word is split by what stands around it.
    """
    return _by_paragraph(text, partial(words, fast=fast) if lang == "vi" else nfc)


def _by_paragraph(text: str, split: Callable[[str], str]) -> str:
    return "\n".join(split(paragraph) for paragraph in without_marks(text).split("\n") if paragraph.strip())


def _made(text: str, fast: bool) -> tuple[str, Made]:
    """Words in text format, and how they were made."""
    segmenter = fast_segmenter() if fast else ""
    if isinstance(segmenter, str):
        return str(word_tokenize(text, format="text")), "reference"
    made = segmenter.words(text)
    if made is None:
        if len(text) > _LONG or _ENDLESS.search(text):
            return _tagged(segmenter.tokens(text)), "reference"
        return str(word_tokenize(text, format="text")), "reference"
    if (
        len(text) <= _LONG
        and zlib.crc32(text.encode("utf-8", "surrogatepass")) % _CHECKED == 0
        and not _ENDLESS.search(text)
    ):
        reference = str(word_tokenize(text, format="text"))
        return reference, "checked" if reference == made else "differed"
    return made, "fast"


def _tagged(tokens: list[str]) -> str:
    """Words by underthesea's tagger, as `word_tokenize` makes them of tokens, but holding only features the model knows."""
    word_tokenize("một")  # loads the model
    model = sys.modules[word_tokenize.__module__].word_tokenize_model
    pieces: list[str] = []
    for tag, token in zip(model.estimator.tag(_known_features(tokens, model.featurizer)), tokens, strict=True):
        pieces += [("_" if tag == "I-W" else " ") if pieces else "", token]
    return "".join(pieces)


def _known_features(tokens: list[str], featurizer: CRFFeaturizer) -> list[list[str]]:
    from pipeline.text.crf import feature_names  # noqa: PLC0415 - see fast_segmenter

    names = {name: name for name in feature_names()}
    known: list[list[str]] = []
    for start in range(0, len(tokens), _PIECE):
        before = min(start, _WINDOW)
        piece = [[token] for token in tokens[start - before : start + _PIECE + _WINDOW]]
        features = featurizer.process([piece])[0][before : before + _PIECE]
        known += [[names[feature] for feature in of if feature in names] for of in features]
    return known
