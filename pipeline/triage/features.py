"""What the model sees of an item: words, places, countries. Never the outlet, the URL, the date, or the name of a person.

An item becomes a bag of terms:

  word            a word of title or text, lower case, syllables joined by '_'
  word word       two neighbouring words, no function word between or among them
  t:word          a word of the title
  l:word          a word of the lead: the first 45 words of a text of more than 70 (a shorter one is nothing but a lead)
  ⌂               a name of the home province (any of its names, units and landmarks)
  ◇               a name of another province
  ☺               the name of a person
  #home=…, #home_title, #others=…
                  how often home is named, whether in the title, how many other provinces are named
  #abroad=…, #here=…, #abroad_title
                  how often other countries are named; whether home, or only Vietnam, or neither is; both together

Home names become one term so that what is learnt about one province holds for the next; persons become one term because no
judgement may hang on who is named.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from pipeline.records import HOME, OTHER, PERSON
from pipeline.text.origin import ONE_WORD
from pipeline.text.persons import persons
from pipeline.text.places import Gazetteer
from pipeline.triage.abroad import COUNTRY, VIETNAM

NO_HOME = "#home=0"
_SHORT, _LEAD_WORDS = 70, 45
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
_PART = re.compile(r"[^\W_]")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_NUMBER = re.compile(r"\d")
_SITE = re.compile(r"\w\.(?:vn|com|net|org)\b")
_HERE = "VN"
_REST = "☺…"  # the further words of a name: its neighbours are the same however the segmenter cut it


def features(title: str, text: str, gazetteer: Gazetteer) -> Counter[str]:
    """Terms with their counts, from words as `text.words.words` writes them."""
    beginning = _beginning(text)
    head, body = title.split(), beginning.split()
    pieces = [*head, *body]
    read = list(map(_piece, pieces))
    terms = [term for term, _, _ in read]
    countries = [country for _, country, _ in read]
    named = [
        (offset + start, offset + end)
        for offset, part in ((0, head), (len(head), body))
        for start, end in persons(part)
    ]
    inside = {index for start, end in named for index in range(start, end)}
    homes, home_in_title, others = _places(f"{title}\n\n{beginning}", terms, len(head), gazetteer, inside)
    ends = [end for _, _, end in read]
    for start, end in named:
        if HOME not in terms[start:end]:
            terms[start:end] = [PERSON, *[_REST] * (end - start - 1)]
            ends[start] = any(ends[start:end])
            countries[start:end] = [""] * (end - start)  # 'bà Nga' is no country
    in_title = _counted(terms[: len(head)], ends[: len(head)])
    bag = Counter([*in_title, *_counted(terms[len(head) :], ends[len(head) :])])
    bag.update(f"t:{term}" for term in in_title if " " not in term)
    if len(body) > _SHORT:
        lead = terms[len(head) : len(head) + _LEAD_WORDS]
        bag.update(f"l:{term}" for term in lead if term and term != _REST)
    bag[f"#home={_bucket(homes)}"] = 1
    bag[f"#others={_bucket(others)}"] = 1
    if home_in_title:
        bag["#home_title"] = 1
    _abroad(bag, countries, len(head), "home" if homes else "vn" if others else "")
    return bag


def _counted(terms: list[str], ends: list[bool]) -> list[str]:
    """Terms, and pairs of neighbours. A plain loop over all of them took a third of the time of a judgement."""
    if _REST in terms:
        kept = [(term, end) for term, end in zip(terms, ends, strict=True) if term != _REST]
        terms, ends = [term for term, _ in kept], [end for _, end in kept]
    left = ["" if end else term for term, end in zip(terms, ends, strict=True)]
    pairs = [f"{one} {next_}" for one, next_ in zip(left, terms[1:], strict=False) if one and next_]
    return [*filter(None, terms), *pairs]


def terms_of(words: str) -> list[str]:
    """The single words that a model may know, in order; no names of places or persons are told apart."""
    return [term for term, _, _ in map(_piece, words.split()) if term]


def _abroad(bag: Counter[str], countries: list[str], head: int, here: str) -> None:
    """How much of the item plays in other countries, and whether it says that it has to do with this one."""
    named = [country for country in countries if country and country != _HERE]
    here = here or ("vn" if _HERE in countries else "no")
    much = "0" if not named else "1" if len(named) < 3 else "3" if len(named) < 7 else "7+"
    bag[f"#here={here}"] = 1
    bag[f"#abroad={much}"] = 1
    bag[f"#abroad={much},here={here}"] = 1
    if any(country and country != _HERE for country in countries[:head]):
        bag["#abroad_title"] = 1
        bag[f"#abroad_title,here={here}"] = 1
        if _HERE not in countries[:head]:
            bag["#abroad_title_only"] = 1


def _widened(offset: int, gaps: list[int]) -> int:
    """Where in a text the letter stands that is at this offset when the gaps are taken out."""
    for gap in gaps:
        if gap > offset:
            break
        offset += 1
    return offset


def _beginning(text: str) -> str:
    pieces = text.split(None, _BODY_WORDS)
    return text[: len(text) - len(pieces[-1])] if len(pieces) > _BODY_WORDS else text


@lru_cache(maxsize=100_000)
def _piece(piece: str) -> tuple[str, str, bool]:
    """The term of a piece, empty for function words and punctuation; the country it names; whether punctuation ends it, so
    that it has no right neighbour. Texts repeat their words: most answers are remembered.
    """
    word = _EDGES.sub("", piece)
    if not _PART.search(word):
        return "", "", True
    term = word.lower()  # underthesea has already put the tone marks in one place
    country = ""
    if word[0].isupper():
        country = _HERE if term in VIETNAM else COUNTRY.get(term, "")
    if term in _FUNCTION_WORDS or term in ONE_WORD or _SITE.search(term):
        term = ""
    elif _NUMBER.search(term):
        term = "0"  # that there is a number may matter; which one does not
    return term, country, not piece.endswith(word)


def _places(read: str, terms: list[str], head: int, gazetteer: Gazetteer, inside: set[int]) -> tuple[int, bool, int]:
    """Replace place names in the terms; how often home is named; whether in the title; how many other provinces.

    A province that a person is called like (`inside`: the pieces of persons' names) is none; home is home even there.
    Places across the border are left out: which they are would tell which province is home.
    """
    homes, home_in_title, others = 0, False, set[str]()
    piece, position = -1, 0
    for mention in gazetteer.find(read):
        piece += _begun(read, position, mention.start + 1)
        first = piece
        piece += _begun(read, mention.start + 1, mention.end)
        position = mention.end
        if not mention.unit.home and inside and not inside.isdisjoint(range(first, piece + 1)):
            continue
        terms[first : piece + 1] = [""] * (piece + 1 - first)
        if mention.unit.home:
            terms[first] = HOME
            homes += 1
            home_in_title = home_in_title or first < head
        elif mention.unit.kind == "province":
            terms[first] = OTHER
            others.add(mention.unit.name)
    return homes, home_in_title, len(others)


def _begun(read: str, start: int, end: int) -> int:
    """How many pieces of the text begin in [start, end)."""
    part = read[start:end]
    inside = bool(part) and start > 0 and not (part[0].isspace() or read[start - 1].isspace())
    return len(part.split()) - inside


def _bucket(count: int) -> str:
    return str(count) if count < 4 else "4+"
