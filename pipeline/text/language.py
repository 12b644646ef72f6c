"""Which language a text is in; works on a title alone."""

from __future__ import annotations

import re

from pipeline.records import Language

# Letters that only Vietnamese uses among the languages we read (ơ ư đ ă and the letters with two marks), and all its
# marked letters, which French and others share in part.
_VIETNAMESE = re.compile(r"[ăđơưĂĐƠƯ\u1EA0-\u1EF9]")
_MARKED = re.compile(r"[àáâãèéêìíòóôõùúýăđơưÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝĂĐƠƯ\u1EA0-\u1EF9]")
_LETTER = re.compile(r"[^\W\d_]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_LAO = re.compile(r"[\u0e80-\u0eff]")
# Words that hold sentences together: in English, and in Vietnamese written without marks.
_ENGLISH = frozenset(
    "the of and to in a is that for on with as at by from has have it its his her was were are be "  # noqa: SIM905 - a list of words
    "an this after over into says said will not new more than but who up out about against us".split()
)
_PLAIN_VIETNAMESE = frozenset(
    "cua trong va cho voi khong nguoi duoc nhung mot cac ngay tai vao tu den khi nam tinh hai "  # noqa: SIM905 - a list of words
    "viet nam xa dong thi".split()
)
_WORD = re.compile(r"[a-z]+")


def language(text: str) -> Language:
    """vi, en, zh, lo or other. Vietnamese names inside English text do not make it Vietnamese."""
    letters = len(_LETTER.findall(text))
    if letters == 0:
        return "other"
    if len(_HAN.findall(text)) > letters * 0.3:
        return "zh"
    if len(_LAO.findall(text)) > letters * 0.3:
        return "lo"
    words = _WORD.findall(text.lower())
    english = sum(word in _ENGLISH for word in words) / max(len(words), 1)
    marked = len(_VIETNAMESE.findall(text)) / letters
    # About a fifth of the letters of Vietnamese text carry these marks; names in English text bring 1-4%.
    if marked > 0.09 or (marked > 0.02 and english < 0.06):
        return "vi"
    if len(_MARKED.findall(text)) / letters > 0.08 and english < 0.06:
        return "vi"
    if english > 0.08 or (english > 0 and marked > 0):
        return "en"
    if sum(word in _PLAIN_VIETNAMESE for word in words) / max(len(words), 1) > 0.2:
        return "vi"
    # Short English headlines often have no function word at all.
    return "en" if text.isascii() and words else "other"
