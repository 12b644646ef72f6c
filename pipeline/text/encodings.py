"""Bytes of the press to text. Declarations are often wrong, so the bytes are believed first."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from pipeline.text.legacy import from_legacy, is_vietnamese
from pipeline.text.normalise import nfc

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins with that of UTF-16
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    # Without a mark: how markup begins. As UTF-8 it would be sound, and every other letter a zero.
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_WIDE = tuple(mark for mark, _ in _BOMS[1:])
_XML_DECLARATION = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([\w\-.:]+)[\"']", re.I)
_META_CHARSET = re.compile(rb"<meta[^>]*?charset\s*=\s*[\"']?\s*([\w\-.:]+)", re.I)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w\-.:]+)", re.I)
# Browsers read pages that say so as windows-1252: they hold its quotation marks.
_LATIN = frozenset({"iso8859-1", "ascii"})
_ENOUGH = 65_536  # bytes that tell UTF-8 from other encodings
_LOOK_AT = 2048  # bytes in which a declaration must stand


def decode(body: bytes, content_type: str = "") -> str:
    """Text of a page or feed, NFC. Never fails: bytes that fit nothing become U+FFFD.

    Order: byte order mark; valid UTF-8 (nothing else looks like it by accident); the signature of an old Vietnamese
    encoding, whatever is declared; the declared encoding, by HTTP header, XML declaration or meta element; a guess.
    Text typed for the fonts of TCVN3, VNI or VIQR is also found inside UTF-8, where it is Latin letters.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _text(body.decode(name, "replace"))
    try:
        return _text(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        # A page cut off inside a character is still UTF-8.
        if error.start >= len(body) - 3:
            return _text(body[: error.start].decode("utf-8"))
    # A few broken bytes among many sound marked letters: still UTF-8, declared or not.
    text = body.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    if broken * 10 < sum(char > "\x7f" for char in text) - broken:
        return _text(text)
    if found := _old_vietnamese(body):
        return found
    for name in _declared(body, content_type):
        try:
            codec = codecs.lookup(name)
        except LookupError:
            continue
        if codec.name == "utf-8":
            # Declared UTF-8 with a few broken bytes: keep everything else.
            if broken * 200 < len(text):
                return _text(text)
            continue
        try:
            return nfc(body.decode("cp1252" if codec.name in _LATIN else name))
        except (LookupError, ValueError):  # LookupError: 'hex', 'zip' and other codecs that make no text
            continue
    guess = from_bytes(body[:200_000]).best()
    return nfc(body.decode(guess.encoding if guess else "cp1258", "replace"))


def _text(text: str) -> str:
    return from_legacy(text) or nfc(text)


def _old_vietnamese(body: bytes) -> str | None:
    """Bytes that no one declares rightly: TCVN3, VNI and VIQR have no names on the web, and cp1258 passes for windows-1252."""
    if found := from_legacy(body.decode("cp1252", "replace")):
        return found
    text = nfc(body.decode("cp1258", "replace"))
    return text if is_vietnamese(text) else None


def utf8(body: bytes, content_type: str = "") -> bytes:
    """A page as UTF-8, for a parser of bytes: itself where it is that already, and not composed.

    A long page whose beginning has letters beyond ASCII in sound UTF-8 is believed for the rest; what is broken there becomes
    U+FFFD in the parser, as `decode` would have it.
    """
    if not body.startswith(_WIDE):
        start = body[:_ENOUGH]
        told = body if start.isascii() else start
        try:
            told.decode("utf-8")
            return body.removeprefix(codecs.BOM_UTF8)
        except UnicodeDecodeError as error:
            if told is not body and len(body) > _ENOUGH and error.start >= _ENOUGH - 3:  # cut inside a letter
                return body.removeprefix(codecs.BOM_UTF8)
    return decode(body, content_type).encode("utf-8", "replace")


def _declared(body: bytes, content_type: str) -> list[str]:
    start = body[:_LOOK_AT]
    names = [match[1] for match in [_HEADER_CHARSET.search(content_type)] if match]
    names += [match[1].decode() for match in (_XML_DECLARATION.search(start), _META_CHARSET.search(start)) if match]
    return names
