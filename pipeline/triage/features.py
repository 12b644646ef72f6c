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
from functools import lru_cache

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
    beginning = _beginning(text)
    head, head_at = _tokens(title.split())
    body, body_at = _tokens(beginning.split())
    tokens = [*head, None, *body]
    at = head_at + [len(head) + 1 + index for index in body_at]
    named, homes, home_in_title, others = _places(f"{title}\n\n{beginning}", tokens, at, len(head), gazetteer)
    found: list[str] = []
    previous = ""
    for index, term in enumerate(named):
        if term:
            found.append(term)
            if index < len(head):
                found.append(f"t:{term}")
            if previous:
                found.append(f"{previous} {term}")
        previous = term
    bag = Counter(found)
    bag[f"#home={_bucket(homes)}"] = 1
    bag[f"#others={_bucket(others)}"] = 1
    if home_in_title:
        bag["#home_title"] = 1
    return bag


def _beginning(text: str) -> str:
    pieces = text.split(None, _BODY_WORDS)
    return text[: len(text) - len(pieces[-1])] if len(pieces) > _BODY_WORDS else text


def _tokens(pieces: list[str]) -> tuple[list[str | None], list[int]]:
    """Tokens, and at which of them each piece stands. None for punctuation, which separates neighbours; words of
    unsegmented text carry theirs at their edges.
    """
    tokens: list[str | None] = []
    at: list[int] = []
    for piece in pieces:
        at.append(len(tokens))
        word, ends = _word(piece)
        tokens.append(word)
        if ends:
            tokens.append(None)
    return tokens, at


@lru_cache(maxsize=50_000)
def _word(piece: str) -> tuple[str | None, bool]:
    """The token of a piece, and whether punctuation ends it. Texts repeat their words: most answers are remembered."""
    word = _EDGES.sub("", piece)
    return (word if _PART.search(word) else None), bool(word) and not piece.endswith(word)


def _places(
    read: str, tokens: list[str | None], at: list[int], head: int, gazetteer: Gazetteer
) -> tuple[list[str], int, bool, int]:
    """Terms with place names replaced; how often home is named; whether in the title; how many other provinces.

    Places across the border are left out: which they are would tell which province is home.
    """
    terms = list(map(_term, tokens))
    homes, home_in_title, others = 0, False, set[str]()
    piece, position = -1, 0
    for mention in gazetteer.find(read):
        piece += _begun(read, position, mention.start + 1)
        first = at[piece]
        piece += _begun(read, mention.start + 1, mention.end)
        position = mention.end
        terms[first : at[piece] + 1] = [""] * (at[piece] + 1 - first)
        if mention.unit.home:
            terms[first] = HOME
            homes += 1
            home_in_title = home_in_title or first < head
        elif mention.unit.kind == "province":
            terms[first] = OTHER
            others.add(mention.unit.name)
    return terms, homes, home_in_title, len(others)


def _begun(read: str, start: int, end: int) -> int:
    """How many pieces of the text begin in [start, end)."""
    part = read[start:end]
    inside = bool(part) and start > 0 and not (part[0].isspace() or read[start - 1].isspace())
    return len(part.split()) - inside


@lru_cache(maxsize=50_000)
def _term(token: str | None) -> str:
    if token is None or token.lower() in _FUNCTION_WORDS:
        return ""
    if _NUMBER.search(token):
        return "0"  # that there is a number may matter; which one does not
    return token.lower()  # underthesea has already put the tone marks in one place


def _bucket(count: int) -> str:
    return str(count) if count < 4 else "4+"
