"""Vietnamese typed before Unicode: TCVN3 and VNI, where a font shows Latin letters and signs as Vietnamese, and VIQR in ASCII.

Sources: TCVN 5712:1993 (VN3, the fonts .VnTime); VNI-Windows; RFC 1456 (VIQR). All three come as text here: their bytes read
as windows-1252, which is also how they look inside UTF-8.

What cannot be brought back: TCVN3 has no capitals with tones; its fonts .VnTimeH show small letters as capitals. A word whose
other letters are capitals ('VIÖT', 'Hµ NéI') becomes a word of capitals; a single first letter ('¸nh' for Ánh) stays small, and
what was typed in small letters for such a font stays small.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pipeline.text.normalise import nfc, syllable_key

_SEEN = 20_000  # characters of readable text that are scored
_WORDS = 8  # marked words a signature needs; fewer may be chance
_SOUND = 0.9  # of the marked words are Vietnamese syllables
_MARKED = 0.3  # of all words are marked; in Vietnamese about 0.8, and pages have other words too

_VIETNAMESE_ONLY = re.compile("[\u1ea0-\u1ef9ơưƠƯ]")
_WORD = re.compile(r"[^\W\d_]+")
_SYLLABLE = re.compile(
    "(?:b|ch?|d|đ|g[hi]?|h|kh?|l|m|ngh?|nh?|ph?|qu?|r|s|th?|tr|v|x)?"
    "(?:uyê|uya|uy|ia|iê|oa|oă|oe|oo|ua|uâ|uê|uô|uơ|ưa|ươ|yê|[aăâeêioôơuưy])(?:ch?|m|ng?|nh|p|t|[iyou])?"
    "[\u0300\u0301\u0303\u0309\u0323]?"
)


def from_legacy(text: str) -> str | None:
    """The text in Unicode (NFC) where it bears the signature of one of the three; None for every other text."""
    for convert, signs in _SIGNATURES.items():
        if not all(any(sign in text for sign in some) for some in signs):
            continue
        # Whoever can write one Vietnamese letter has no need of the old ways.
        if _VIETNAMESE_ONLY.search(text):
            return None
        if is_vietnamese(text, convert):
            return convert(text)
    return None


def is_vietnamese(text: str, convert: Callable[[str], str] = nfc) -> bool:
    """Whether nearly all words with marks are Vietnamese syllables once converted, and there are enough of them."""
    words = _WORD.findall(convert(_seen(text)))
    marked = [word for word in words if not word.isascii()]
    sound = sum(1 for word in marked if _SYLLABLE.fullmatch(syllable_key(word)))
    return len(marked) >= max(_WORDS, _MARKED * len(words)) and sound >= _SOUND * len(marked)


def _seen(text: str) -> str:
    seen: list[str] = []
    length = 0
    for markup, part in _parts(text):
        if not markup:
            seen.append(part[:_SEEN])
            length += len(part)
        if length > _SEEN:
            break
    return " ".join(seen)


_UNSEEN = re.compile(r"<(?:(script|style)\b|(!--)|(!\[CDATA\[)|[a-z/!?])", re.I)
_ENDS = {
    "script": re.compile(r"</script", re.I),
    "style": re.compile(r"</style", re.I),
    "!--": re.compile("-->"),
    "": re.compile(">"),
}


def _parts(text: str) -> Iterator[tuple[bool, str]]:
    """The text cut into markup and what a reader sees."""
    at = 0
    while opening := _UNSEEN.search(text, at):
        yield False, text[at : opening.start()]
        if opening[3]:  # of a feed: what is inside is seen
            at = opening.end()
        else:
            ending = _ENDS[(opening[1] or opening[2] or "").lower()].search(text, opening.end())
            at = ending.end() if ending else len(text)
        yield True, text[opening.start() : at]
    yield False, text[at:]


# In the order of the bytes; first letters without a tone, then those with huyền, hỏi, ngã, sắc, nặng.
_TCVN3 = str.maketrans(
    "¡¢£¤¥¦§¨©ª«¬\u00ad®" "µ¶·¸¹" "»¼½¾Æ" "ÇÈÉÊË" "ÌÎÏÐÑ" "ÒÓÔÕÖ" "×ØÜÝÞ" "ßáâãä" "åæçèé" "êëìíî" "ïñòóô" "õö÷øù" "úûüýþ",
    "ĂÂÊÔƠƯĐăâêôơưđ" "àảãáạ" "ằẳẵắặ" "ầẩẫấậ" "èẻẽéẹ" "ềểễếệ" "ìỉĩíị" "òỏõóọ" "ồổỗốộ" "ờởỡớợ" "ùủũúụ" "ừửữứự" "ỳỷỹýỵ",
)  # fmt: skip


def _from_tcvn3(text: str) -> str:
    text = text.translate(_TCVN3)
    words = list(_WORD.finditer(text))
    capitals = [_in_capitals(word[0]) for word in words]
    out: list[str] = []
    at = 0
    for index, word in enumerate(words):
        if capitals[index] is None:
            before, after = (words[n] if 0 <= n < len(words) and capitals[n] else None for n in (index - 1, index + 1))
            loud = (before and text[before.end() : word.start()].isspace()) or (
                after and text[word.end() : after.start()].isspace()
            )
        else:
            loud = capitals[index]
        out += [text[at : word.start()], word[0].upper() if loud else word[0]]
        at = word.end()
    return "".join(out) + text[at:]


def _in_capitals(word: str) -> bool | None:
    """Of a word as TCVN3 has it; None where it does not say: 'Hà' in 'Hà NộI', 'ở'."""
    if word.isascii() or any(char.islower() and char.isascii() for char in word):
        return False
    return True if any(char.isupper() for char in word[1:]) else None


_VNI_MARKS = {
    "ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323",
    "â": "\u0302", "á": "\u0302\u0301", "à": "\u0302\u0300", "å": "\u0302\u0309", "ã": "\u0302\u0303", "ä": "\u0302\u0323",
    "ê": "\u0306", "é": "\u0306\u0301", "è": "\u0306\u0300", "ú": "\u0306\u0309", "ü": "\u0306\u0303", "ë": "\u0306\u0323",
}  # fmt: skip
_VNI_LETTERS = dict(zip("ôöñíìæóòîÔÖÑÍÌÆÓÒÎ", "ơưđíìỉĩịỵƠƯĐÍÌỈĨỊỴ", strict=True))
_VNI = re.compile("[aeo][âáàåãä]|a[êéèúüë]|[aeouyôö][ùøûõï]|[ôöñíìæóòî]", re.I)


def _from_vni(text: str) -> str:
    def letter(match: re.Match[str]) -> str:
        base, mark = match[0][0], match[0][1:]
        return _VNI_LETTERS.get(base, base) + _VNI_MARKS.get(mark.lower(), "")

    return nfc(_VNI.sub(letter, text))


_VIQR_MARKS = dict(zip("^(+'`?~.", "\u0302\u0306\u031b\u0301\u0300\u0309\u0303\u0323", strict=True))
_VIQR = re.compile(r"\\(.)|([dD])[dD]|([aA][\^(]?|[oO][\^+]?|[eE]\^?|[uU]\+?|[iIyY])(['`?~.]?)", re.DOTALL)


def _from_viqr(text: str) -> str:
    def letter(match: re.Match[str]) -> str:
        if match[1] or match[2]:
            return match[1] or ("đ" if match[2] == "d" else "Đ")
        return "".join(_VIQR_MARKS.get(char, char) for char in match[3] + match[4])

    # The signs of the other two are letters of no tag or script; these are.
    return nfc("".join(part if markup else _VIQR.sub(letter, part) for markup, part in _parts(text)))


# Of each: in a text of any length there is one of each group.
_SIGNATURES: dict[Callable[[str], str], tuple[tuple[str, ...], ...]] = {
    _from_tcvn3: (("®", "§"), ("µ", "¸")),  # đ, Đ; à, á
    _from_vni: (("ñ", "Ñ"), ("ø", "Ø")),  # đ, Đ; huyền
    _from_viqr: (("dd", "DD", "Dd"), ("a^", "e^", "o^"), ("a`", "o`", "^`", "i`", "u`")),  # đ; mũ; huyền
}
