"""Which language a text is in; works on a title alone."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from pipeline.records import Language
from pipeline.text.normalise import nfc

# What a word says about the language of the text around it, a letter each: the kinds of a text's words are a string, and
# counting in it is fast. Small and capital letters differ: in English text words with Vietnamese marks are names.
_VIETNAMESE, _VIETNAMESE_NAME, _PLAIN, _SYLLABIC = (
    "v",
    "V",
    "p",
    "s",
)  # plain: a common word without marks; syllabic: by form
_EN, _SHARED_EN, _OTHER = "e", "a", "o"  # common words: of English, of English and others, of others
_WORDY, _NAME, _MARKED, _MARKED_NAME = "w", "W", "m", "M"  # anything else in ASCII; anything else with marks

# Letters of scripts beyond Latin.
_SCRIPTS = re.compile("[\u0370-\u1cff\u1f00-\u1fff\u2c00-\ud7ff\uf900-\ufaff\uff66-\uffdc\U00010000-\U0003ffff]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_KANA = re.compile("[\u3040-\u30ff\uff66-\uff9f]")
# Forms of characters that Japan made in 1946 and neither kind of Chinese has: a headline without kana can still be told.
_JAPANESE_HAN = re.compile(
    "[気県広発売図対戦応沢実権総経続駅円団労働込辺拡検圏単帰鉄関観験変継済斎渋黒増徳毎桜歩歴焼転軽録悪圧囲亜価処両収児従択撃様浄満緑縁聴薬覚訳読]"
)
_LAO = re.compile("[\u0e80-\u0eff]")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]{1,24}")  # longer runs of letters are no words; their pieces say nothing either
_VIETNAMESE_ONLY = re.compile("[ăđơư\u1ea0-\u1ef9]")
_MARKS = re.compile("[\u0300-\u036f]+")

# A Vietnamese syllable without its marks: the other languages of Latin script have few words of this form.
_SYLLABLE = re.compile(
    "(?:b|ch?|d|g[hi]?|h|kh?|l|m|ngh?|nh?|ph?|qu?|r|s|th?|tr|v|x)?"
    "(?:uye|uya|uy|ia|ie|oa|oe|oo|ua|ue|uo|ye|[aeiouy])(?:ch?|m|ng?|nh|p|t|[iyou])?"
)
# Words that hold sentences together: in English, in Vietnamese written without marks, and in others of Latin script.
_ENGLISH = frozenset(
    "the of and to that for with by from has have it its his were are be been being she they we "  # noqa: SIM905 - a list of words
    "this these after over into says say said will would should can could not new more than but who why how what when where "
    "which up out about against us if off amid near through first two three years year day vs s your you my our their "
    "under between during before while only most".split()
)
_SHARED = frozenset("in a an is on as at her was he no or all".split())  # noqa: SIM905 - English, and others
_PLAIN_VIETNAMESE = frozenset(
    "cua trong va cho voi khong nguoi duoc nhung mot cac ngay tai vao tu den khi nam tinh hai viet xa dong thi gia sau ve da "  # noqa: SIM905 - a list of words
    "thanh pho moi nay thang bi lam nha truoc tren hon nhieu phat trien cong".split()
)
_FOREIGN = frozenset(
    # French
    "le la les des un une et est dans pour par sur avec qui que au aux ses son pas ce cette après contre entre selon sous "  # noqa: SIM905 - a list of words
    "leur leurs où en de vers chez sans été sont "
    # German, Dutch
    "der die das und ist von mit für auf im den dem nicht ein eine einen nach bei zu zum zur aus wird werden sich als auch vor "
    "gegen über het een van op voor niet zijn aan wordt naar bij ook "
    # Spanish, Portuguese, Italian, Romanian
    "el los las del por para una como sobre tras desde según está dos das um uma não ao pelo pela il gli di "
    "per non della dei delle nel alla dal più și în din pentru care "
    # Indonesian and Malay, Tagalog
    "yang untuk dengan pada dari ini itu akan tidak dalam telah oleh kepada sebagai juga lebih atas bagi orang tewas akibat "
    "mga ang ng "
    # Polish, Turkish, Scandinavian
    "się nie jest ve bir için ile och är att det som på og til av".split()
)


def language(text: str) -> Language:
    """vi, en, zh, lo or other. Vietnamese names inside English text do not make it Vietnamese."""
    if not text.isascii() and _SCRIPTS.search(text):
        letters = len(_LETTER.findall(text))
        han, kana, lao = (len(script.findall(text)) for script in (_HAN, _KANA, _LAO))
        if (han + kana) * 10 > letters * 3:
            return "other" if kana * 10 > han or _JAPANESE_HAN.search(text) else "zh"
        if lao * 10 > letters * 3:
            return "lo"
        if len(_SCRIPTS.findall(text)) * 10 > letters * 3:
            return "other"
    kinds = "".join(map(_kind, _WORD.findall(nfc(text))))
    return _latin(kinds) if kinds else "other"


def _latin(kinds: str) -> Language:
    """Of a text in Latin script, by the kinds of its words."""
    words, count = len(kinds), kinds.count
    vietnamese, names, plain, wordy = count(_VIETNAMESE), count(_VIETNAMESE_NAME), count(_PLAIN), count(_WORDY)
    english, foreign, marked = count(_EN) + count(_SHARED_EN), count(_OTHER), count(_MARKED)
    strange = foreign + marked + count(_MARKED_NAME)
    syllables = vietnamese + names + plain + count(_SYLLABIC)
    # French and others have some small words that look Vietnamese, and more that do not.
    if vietnamese > strange + (english + min(wordy, 4)) / 2 or (
        vietnamese and vietnamese >= strange and syllables * 2 > words
    ):
        return "vi"
    if (foreign and strange > count(_EN)) or (not english and (marked or strange * 4 > words)):
        return "other"
    # A headline in capitals, a name alone.
    if names and not english and not wordy and syllables * 3 >= words * 2:
        return "vi"
    # Without marks: nearly every word has the form of a Vietnamese syllable, and one is a common word or all have it.
    if words > 3 and (syllables + english) * 10 >= words * 9 and (plain > english or syllables == words):
        return "vi"
    return "en"


@lru_cache(maxsize=65_536)
def _kind(word: str) -> str:
    lower = word.lower()
    small = word[0] == lower[0]
    if lower in _ENGLISH and word != "S":  # of 's; a capital is a model of telephone
        return _EN
    if lower in _SHARED:
        return _SHARED_EN
    if lower.isascii():
        if lower in _PLAIN_VIETNAMESE:
            return _PLAIN
        syllable = _SYLLABLE.fullmatch(lower)
        if lower in _FOREIGN and (small or not syllable):  # Le, La and Van are also family names written without marks
            return _OTHER
        return _SYLLABIC if syllable else _WORDY if small else _NAME
    if lower in _FOREIGN:
        return _OTHER
    plain = _MARKS.sub("", unicodedata.normalize("NFD", lower)).replace("đ", "d")
    if plain.isascii() and _SYLLABLE.fullmatch(plain):
        return _VIETNAMESE if small else _VIETNAMESE_NAME
    if not small and _VIETNAMESE_ONLY.search(lower):  # Đakrông, VNĐ
        return _VIETNAMESE_NAME
    return _MARKED if small else _MARKED_NAME
