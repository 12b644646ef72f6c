"""Vietnamese from before Unicode. The encoders here are written from the standards, not from the decoder's tables."""

from __future__ import annotations

import gzip
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.encodings import decode
from pipeline.text.legacy import from_legacy, is_vietnamese

GRAVE, ACUTE, TILDE, HOOK, DOT = "\u0300\u0301\u0303\u0309\u0323"
TONES = (GRAVE, HOOK, TILDE, ACUTE, DOT)
PARAGRAPH = (
    "Sáng nay, tỉnh Mẫu khánh thành cây cầu bắc qua sông Hiền; người dân hai bờ đi lại dễ hơn nhiều. "
    "Ông Nguyễn Văn Mẫu, ở xã Đồng Lộ, kể rằng trước đây mỗi mùa lũ học sinh phải nghỉ học cả tuần. "
    "Cầu dài 320 mét, vốn 45 tỷ đồng, xây trong mười tám tháng. Kỹ sư ở công trường nói rằng phần khó "
    "nhất là móng trụ giữa dòng: nước xiết, đáy nhiều đá tảng. Lời góp ý của bà con đã được ghi nhận."
)


def split(char: str) -> tuple[str, str, str]:
    """Base letter, hat (circumflex, breve, horn) and tone of one letter."""
    base, *marks = list(unicodedata.normalize("NFD", char))
    return base, "".join(mark for mark in marks if mark not in TONES), "".join(mark for mark in marks if mark in TONES)


# TCVN 5712:1993, VN3: codes of a letter with huyền, hỏi, ngã, sắc, nặng; below, of letters without a tone.
TCVN3 = {
    "a": "b5 b6 b7 b8 b9", "ă": "bb bc bd be c6", "â": "c7 c8 c9 ca cb", "e": "cc ce cf d0 d1", "ê": "d2 d3 d4 d5 d6",
    "i": "d7 d8 dc dd de", "o": "df e1 e2 e3 e4", "ô": "e5 e6 e7 e8 e9", "ơ": "ea eb ec ed ee", "u": "ef f1 f2 f3 f4",
    "ư": "f5 f6 f7 f8 f9", "y": "fa fb fc fd fe",
}  # fmt: skip
TCVN3_PLAIN = dict(zip("ĂÂÊÔƠƯĐăâêôơưđ", range(0xA1, 0xAF), strict=True))


def tcvn3(text: str) -> bytes:
    out = bytearray()
    for char in unicodedata.normalize("NFC", text):
        base, hat, tone = split(char)
        if tone:
            row = TCVN3[unicodedata.normalize("NFC", base.lower() + hat)]
            out.append(bytes.fromhex(row)[TONES.index(tone)])
        else:
            out.append(TCVN3_PLAIN[char] if char in TCVN3_PLAIN else ord(char))
    return bytes(out)


CIRCUMFLEX, BREVE, HORN = "\u0302\u0306\u031b"
# VNI-Windows: the code that follows the letter; in capitals 0x20 less.
VNI = {
    ("", ACUTE): 0xF9, ("", GRAVE): 0xF8, ("", HOOK): 0xFB, ("", TILDE): 0xF5, ("", DOT): 0xEF,
    (CIRCUMFLEX, ""): 0xE2, (CIRCUMFLEX, ACUTE): 0xE1, (CIRCUMFLEX, GRAVE): 0xE0, (CIRCUMFLEX, HOOK): 0xE5,
    (CIRCUMFLEX, TILDE): 0xE3, (CIRCUMFLEX, DOT): 0xE4,
    (BREVE, ""): 0xEA, (BREVE, ACUTE): 0xE9, (BREVE, GRAVE): 0xE8, (BREVE, HOOK): 0xFA, (BREVE, TILDE): 0xFC, (BREVE, DOT): 0xEB,
}  # fmt: skip
VNI_I = {ACUTE: 0xED, GRAVE: 0xEC, HOOK: 0xE6, TILDE: 0xF3, DOT: 0xF2}


def vni(text: str) -> bytes:
    out = bytearray()
    for char in unicodedata.normalize("NFC", text):
        base, hat, tone = split(char)
        up = 0x20 if char.isupper() else 0
        if char in "đĐ":
            out.append(0xF1 - up)
            continue
        if base in "iI" and tone:
            out.append(VNI_I[tone] - up)
            continue
        if base in "yY" and tone == DOT:
            out.append(0xEE - up)
            continue
        if hat == HORN:
            out.append({"o": 0xF4, "u": 0xF6}[base.lower()] - up)
            hat = ""
        else:
            out += base.encode("ascii")
        if hat or tone:
            out.append(VNI[hat, tone] - up)
    return bytes(out)


VIQR = {CIRCUMFLEX: "^", BREVE: "(", HORN: "+", GRAVE: "`", ACUTE: "'", TILDE: "~", HOOK: "?", DOT: "."}


def viqr(text: str) -> bytes:
    """RFC 1456: hat, then tone, behind the letter; a backslash before a sign that is no mark."""
    out = ""
    for char in unicodedata.normalize("NFC", text):
        base, hat, tone = split(char)
        if char in "đĐ":
            out += "dd" if char == "đ" else "DD"
        elif base in "\\^(+'`?~." or (base in "dD" and out[-1:] in ("d", "D")):
            out += "\\" + base
        else:
            out += base + "".join(VIQR[mark] for mark in hat + tone)
    return out.encode("ascii")


def cp1258(text: str) -> bytes:
    out = b""
    for char in unicodedata.normalize("NFC", text):
        base, hat, tone = split(char)
        out += (char if not tone else unicodedata.normalize("NFC", base + hat) + tone).encode("cp1258")
    return out


ENCODERS = [tcvn3, vni, viqr, cp1258]


def page(encode: Callable[[str], bytes], text: str, declared: str) -> bytes:
    """A page of its time, with a script whose signs must stay."""
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    script = "<script>if (a.b && o^e) { add('u.x', a(o)); }</script><!-- a. e^ dd -->"
    return (
        f'<html><head>{meta}{script}</head><body><a href="tin.o.html">'.encode() + encode(text) + b"</a></body></html>"
    )


@pytest.mark.parametrize("encode", ENCODERS)
def test_the_text_of_a_feed_may_stand_in_character_data(encode: Callable[[str], bytes]) -> None:
    body = b"<rss><item><title><![CDATA[" + encode(PARAGRAPH) + b']]></title><a href="tin.o.html"/></item></rss>'

    assert decode(body) == f'<rss><item><title><![CDATA[{PARAGRAPH}]]></title><a href="tin.o.html"/></item></rss>'


@pytest.mark.parametrize("encode", ENCODERS)
@pytest.mark.parametrize("declared", ["", "iso-8859-1", "windows-1252", "utf-8", "x-user-defined", "gb2312"])
def test_an_old_page_is_read_whatever_it_declares(encode: Callable[[str], bytes], declared: str) -> None:
    if encode is not viqr:  # ASCII, as it happens, is UTF-8 too
        with pytest.raises(UnicodeDecodeError):
            encode(PARAGRAPH).decode()

    text = decode(page(encode, PARAGRAPH, declared), f"text/html; charset={declared}" if declared else "")

    assert f">{PARAGRAPH}</a>" in text
    if encode is not cp1258:
        assert "if (a.b && o^e) { add('u.x', a(o)); }" in text
    assert 'href="tin.o.html"' in text


@pytest.mark.parametrize("encode", [tcvn3, vni])
def test_text_for_an_old_font_is_found_inside_utf_8(encode: Callable[[str], bytes]) -> None:
    as_latin = encode(PARAGRAPH).decode("cp1252")

    assert from_legacy(as_latin) == PARAGRAPH
    assert decode(as_latin.encode()) == PARAGRAPH


RHYMES = "a* ă*m â*y e*o ê*nh i* iê*u o* oă*n ô* oa*i ơ*i u* uô*m ư* ươ*u uyê*n y* uy*".split()  # noqa: SIM905 - a list of words
# Every syllable form, without capitals that TCVN3 does not have.
SYLLABLES = sorted(
    unicodedata.normalize("NFC", onset + rhyme.replace("*", tone, 1))
    for onset in ("", "b", "ngh", "đ", "tr", "x")
    for rhyme in RHYMES
    for tone in ("", *TONES)
)
PLAIN = [word for word in SYLLABLES if word.isascii()]
MARKED = [word for word in SYLLABLES if not word.isascii()]


@pytest.mark.parametrize("encode", ENCODERS)
@given(
    words=st.lists(st.sampled_from(MARKED), min_size=24, max_size=60),
    plain=st.lists(st.sampled_from(PLAIN), max_size=10),
    between=st.sampled_from([" ", ", ", ". ", " - ", "?\n"]),
)
@settings(max_examples=60, deadline=None)
def test_any_vietnamese_text_comes_back(
    encode: Callable[[str], bytes], words: list[str], plain: list[str], between: str
) -> None:
    text = between.join([*words, *plain, "đèn", "áo", "đỗ", "gà", "đồ", "hạ"])

    assert decode(encode(text)) == text


@pytest.mark.parametrize("encode", [vni, viqr, cp1258])
def test_capitals_come_back_where_the_encoding_has_them(encode: Callable[[str], bytes]) -> None:
    text = PARAGRAPH + " " + PARAGRAPH.upper() + " Ánh Ỷ Đỗ Ức Ỵ"

    assert decode(encode(text)) == text


def test_tcvn3_gives_back_words_of_capitals_and_cannot_give_back_a_single_first_letter() -> None:
    """Its fonts show small letters as capitals, so 'VIỆT' was typed as V, I, small ệ, T."""
    text = decode(tcvn3("ĐẠI HỘI XÃ HÀ MẪU. Ông Đỗ ở Hà Nội, họp UBND xã. Ánh đèn. " + PARAGRAPH))

    assert text == "ĐẠI HỘI XÃ HÀ MẪU. Ông Đỗ ở Hà Nội, họp UBND xã. ánh đèn. " + PARAGRAPH


OTHERS = [
    "Le président a visité la région côtière dévastée, où l’été dernier près de trois cents élèves avaient été évacués.",
    "Où étaient les maïs et les aïeux ? Noël, où il naît; l’août, la Caraïbe, l’île Saül: tout était là, déjà rêvé.",
    "Der Präsident grüßte die Gäste aus Köln, die für größere Brücken über die schöne Donau kämpfen müssen. Ä Ö Ü ß.",
    "En España, el año pasado, mañana y pequeños niños soñaban; señores del ñandú y la cigüeña, ¿qué más? ø Ø ñ Ñ.",
    "Blåbærsyltetøy på grønne øyer; føden på Færøyene, smørrebrød og rødgrød med fløde. España: año, niño, señor, ñ.",
    "Não há informações; a situação é difícil. São três irmãos, avó e avô, às vezes põem a mesa ao pôr do sol.",
    "Brand® and Name® sell 5 µm and 3 µg pills · ©2026 «Firm» ¶1 §2 ¹²³ ¼½¾ ± ° ¸ ¨ ´ ª º, said Café Noir® µ¸®µ¸®.",
    "add(a^b) ^ e^x + o^2 (a`b`) do? no. so. to' the. be' me? he. we. go. daddy, add, odd, ladder a^ e^ o^ i` u` o`",
    "越南中部遭遇暴雨，当局疏散居民。" * 5,
    "中文网页" * 40,
]


def writable(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (text, encoding)
        for text in OTHERS
        for encoding in ("utf-8", "cp1252", "latin-1", "gb18030", "utf-16")
        if writable(text, encoding)
    ],
)
def test_other_languages_are_left_as_they_are(text: str, encoding: str) -> None:
    body = (text + "\n") * 3

    assert from_legacy(body) is None
    assert decode(body.encode(encoding), f"text/html; charset={encoding}") == unicodedata.normalize("NFC", body)


def test_unicode_vietnamese_is_left_as_it_is_even_with_signs_of_the_old_ways() -> None:
    text = f"{PARAGRAPH} Xin chaøo caùc baïn ñaø ® µ ¸ dd a^ o` e^."

    assert from_legacy(text) is None
    assert decode(text.encode()) == text


@given(st.one_of(st.text(max_size=200), st.text(st.characters(max_codepoint=0xFF), max_size=300)))
@settings(max_examples=300, deadline=None)
def test_what_is_no_old_vietnamese_is_not_converted(text: str) -> None:
    assert from_legacy(text) is None
    assert decode(text.encode("utf-8", "replace")) == unicodedata.normalize(
        "NFC", text.encode("utf-8", "replace").decode()
    )


@pytest.mark.parametrize(
    ("text", "vietnamese"),
    [
        (PARAGRAPH, True),
        ("áo đỏ", False),
        (OTHERS[0], False),
        ("x" * 500, False),
        (f"{PARAGRAPH} {'word ' * 600}", False),
    ],
)
def test_vietnamese_is_told_by_the_form_of_its_syllables(text: str, vietnamese: bool) -> None:
    assert is_vietnamese(text) is vietnamese


@pytest.mark.slow
def test_no_real_page_is_taken_for_one_of_before_unicode(press: Path) -> None:
    folders = ("html", "feeds", "torture", "extraction/html")
    files = [path for folder in folders for path in (press / folder).rglob("*") if path.is_file()]
    read = 0
    for path in files:
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = body.decode("cp1252", "replace")
            assert from_legacy(text) is None, path
            continue
        read += 1
        assert decode(body) == unicodedata.normalize("NFC", text), path
    assert read > 1000
