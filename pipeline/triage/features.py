"""What the model sees of an item: words and places. Never the outlet, the URL or the date.

An item becomes a bag of terms:

  word            a word of title or text, lower case, syllables joined by '_'
  word word       two neighbouring words, no function word between or among them
  t:word          a word of the title
  ⌂               a name of the home province (any of its names, units and landmarks)
  ◇               a name of another province
  #home=…, #home_title, #others=…
                  how often home is named, whether in the title, how many other provinces are named

Home names become one term so that what is learnt about one province holds for the next.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from pipeline.records import HOME, OTHER
from pipeline.text.places import Gazetteer

_BODY_WORDS = 350  # an item is about what its beginning is about; the rest dilutes it
# Words that hold sentences together say nothing about the topic.
_FUNCTION_WORDS = frozenset(
    [
        "của",
        "và",
        "là",
        "các",
        "trong",
        "cho",
        "được",
        "với",
        "một",
        "những",
        "có",
        "đã",
        "này",
        "khi",
        "ở",
        "tại",
        "để",
        "về",
        "từ",
        "theo",
        "như",
        "trên",
        "ra",
        "vào",
        "đến",
        "do",
        "cũng",
        "sẽ",
        "không",
        "bị",
        "còn",
        "nhiều",
        "hơn",
        "sau",
        "trước",
        "rằng",
        "mà",
        "thì",
        "đang",
        "nên",
        "lại",
        "nếu",
        "vì",
        "đó",
        "said",
        "says",
        "year",
        "years",
        *ENGLISH_STOP_WORDS,
    ]
)
_PART = re.compile(r"[^\W_]+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_NUMBER = re.compile(r"\d")


def features(title: str, text: str, gazetteer: Gazetteer) -> Counter[str]:
    """Terms with their counts, from words as `text.words.words` writes them."""
    head = _tokens(title)
    tokens = [*head, None, *_tokens(" ".join(text.split()[:_BODY_WORDS]))]
    named, homes, home_in_title, others = _places(tokens, len(head), gazetteer)
    bag: Counter[str] = Counter()
    previous = ""
    for index, term in enumerate(named):
        if not term:
            previous = ""
            continue
        bag[term] += 1
        if index < len(head):
            bag[f"t:{term}"] += 1
        if previous:
            bag[f"{previous} {term}"] += 1
        previous = term
    bag[f"#home={_bucket(homes)}"] = 1
    bag[f"#others={_bucket(others)}"] = 1
    if home_in_title:
        bag["#home_title"] = 1
    return bag


def _tokens(segmented: str) -> list[str | None]:
    """Tokens; None for punctuation, which separates neighbours. Words of unsegmented text carry theirs at their edges."""
    tokens: list[str | None] = []
    for piece in segmented.split():
        word = _EDGES.sub("", piece)
        tokens.append(word if _PART.search(word) else None)
        if word and not piece.endswith(word):
            tokens.append(None)
    return tokens


def _places(tokens: list[str | None], head: int, gazetteer: Gazetteer) -> tuple[list[str], int, bool, int]:
    """Terms with place names replaced; how often home is named; whether in the title; how many other provinces."""
    syllables: list[str] = []
    owner: list[int] = []
    for index, token in enumerate(tokens):
        for part in _PART.findall(token or ""):
            syllables.append(part)
            owner.append(index)
    terms = list(_terms(tokens))
    homes, home_in_title, others = 0, False, set[str]()
    for mention in gazetteer.find(syllables):
        for index in range(owner[mention.start], owner[mention.end - 1] + 1):
            terms[index] = ""
        terms[owner[mention.start]] = HOME if mention.home else OTHER
        if mention.home:
            homes += 1
            home_in_title = home_in_title or owner[mention.start] < head
        else:
            others.add(mention.name)
    return terms, homes, home_in_title, len(others)


def _terms(tokens: list[str | None]) -> Iterator[str]:
    for token in tokens:
        if token is None or token.lower() in _FUNCTION_WORDS:
            yield ""
        elif _NUMBER.search(token):
            yield "0"  # that there is a number may matter; which one does not
        else:
            yield token.lower()  # underthesea has already put the tone marks in one place


def _bucket(count: int) -> str:
    return str(count) if count < 4 else "4+"
