"""Markup to a tree, also where the markup is a trap: the parser takes the square of some things."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
from selectolax.lexbor import LexborHTMLParser

# A tag longer than this is a picture inside its own address, or a trap: parsing takes the square of its attributes.
_LONGEST_TAG = 50_000
_ENDLESS_TAG = re.compile(rb"<[a-zA-Z][^<>]{%d,}>" % _LONGEST_TAG)
# More elements inside one another are a trap: parsing takes the square of their number.
_DEEPEST = 5_000
_TAG = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,20})")
_FLAT = frozenset(  # void, or ended by the next of their kind
    b"area base br col embed hr img input link meta param source track wbr p li dt dd tr td th option".split()
)


def parse(html: bytes) -> LexborHTMLParser:
    """The tree of a page in UTF-8, without tags that are endless or lie too deep in others; all of its text is there."""
    if _has_endless_tag(html):
        html = _ENDLESS_TAG.sub(b"", html)
    return LexborHTMLParser(_flattened(html))


def _has_endless_tag(html: bytes) -> bool:
    """Whether there may be one: it would fill a whole window of half its length. Far quicker than to look for it."""
    half = _LONGEST_TAG // 2
    for start in range(0, len(html) - half, half):
        if html.find(b">", start, start + half) < 0 and html.find(b"<", start, start + half) < 0:
            opened = html.rfind(b"<", 0, start)
            if html.find(b">", opened, start) < 0 and html[opened + 1 : opened + 2].isalpha():  # not inside a script
                return True
    return False


def _flattened(html: bytes) -> bytes:
    """The page without the tags of elements that lie too deep in others; their text stays."""
    # A whole page is counted faster as an array than as bytes, and nearly every page has fewer tags.
    if np.count_nonzero(np.frombuffer(html, np.uint8) == ord("<")) < _DEEPEST:
        return html
    if html.count(b"<") - html.count(b"</") < _DEEPEST:
        return html
    opened: Counter[bytes] = Counter()
    depth = 0

    def flat(tag: re.Match[bytes]) -> bytes:
        nonlocal depth
        name = tag[2].lower()
        if name in _FLAT:
            return tag[0]
        if tag[1]:
            if opened[name]:
                opened[name] -= 1
                depth -= 1
        elif depth == _DEEPEST:
            return b"<wbr"
        else:
            opened[name] += 1
            depth += 1
        return tag[0]

    return _TAG.sub(flat, html)
