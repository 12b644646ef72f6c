"""Vietnamese words, exactly as underthesea splits them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from underthesea import word_tokenize

from pipeline.records import Version, Words
from pipeline.text.normalise import nfc
from pipeline.text.segmenter import VERIFIED, Segmenter

SEGMENTER = f"underthesea-{version('underthesea')}"


@cache
def _segmenter() -> Segmenter | None:
    """The fast decoder, for the releases on which it was found to give the same words; None for any other."""
    return Segmenter() if version("underthesea") in VERIFIED else None


def words(text: str) -> str:
    """The text's words, separated by spaces, syllables of a word joined by '_'.

    Exactly `underthesea.word_tokenize(text, format="text")`.
    """
    fast = _segmenter()
    return fast.words(text) if fast else str(word_tokenize(text, format="text"))


def segment(version_: Version) -> Words:
    """The words of a version. English and other text is left as it stands: its words are already apart."""
    article = version_.article
    split = words if article.lang == "vi" else nfc
    return Words(
        version_id=version_.id,
        title=split(article.title) if article.title else "",
        lead=split(article.lead) if article.lead else "",
        body="\n".join(split(paragraph) for paragraph in article.text.split("\n") if paragraph.strip()),
    )
