"""Documents as DOCX: A4 and Times New Roman, after the decree on administrative documents."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import datetime

from docx import Document
from docx.document import Document as DocumentObject
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from pipeline.catalogue import Shown
from pipeline.reports.digest import LETTERS, Digest, Row, issues, missed_line, outside_lines, shift_lines

_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def to_docx(digest: Digest, shown: Shown) -> bytes:
    """An internal paper of the office: A4, Times New Roman, no official number (điểm báo is not among the 29 types)."""
    document = _paper()
    _heading(document, digest, shown)
    _line(document, shown.text("digest.not_seen"), bold=True, size=14, before=10)
    lines = issues(digest, shown)
    if not lines:
        _line(document, shown.text("digest.all_read", n=digest.sources))
    for name, what, why in lines:
        paragraph = _line(document, f"{name}: ", bold=True, style="List Bullet")
        _text(paragraph, what + (f" ({why})" if why else ""))
    for words in shift_lines(digest, shown):
        _line(document, words)
    for words in outside_lines(digest, shown):
        _line(document, words, size=11)
    _line(document, _summary(digest, shown), before=6)
    for number, section in enumerate(digest.sections, 1):
        _line(
            document,
            f"{number}. {shown.text(f'topic.{section.topic}')} ({shown.number(len(section.rows))})",
            bold=True,
            size=14,
            before=12,
        )
        if not section.rows:
            _line(document, shown.text("digest.no_items"))
        for row in section.rows:
            _item(document, row, shown)
    _line(document, shown.text("digest.sample_title"), bold=True, size=14, before=12)
    _line(document, shown.text("digest.sample_note" if digest.sample else "digest.sample_empty"))
    for item in digest.sample:
        paragraph = _line(document, "", style="List Bullet")
        _link(paragraph, item.title, item.url)
        _text(paragraph, f" ({item.outlet}, {shown.moment(item.published)})")
    _line(document, shown.text("digest.method_note", model=digest.model), italic=True, size=11, before=12)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _paper() -> DocumentObject:
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(15)
    section.different_first_page_header_footer = True  # the number is not shown on page 1
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(13)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "Times New Roman")
    style.paragraph_format.space_after = Pt(4)
    style.paragraph_format.line_spacing = 1.1
    number = section.header.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for kind, code in (("begin", None), (None, "PAGE"), ("end", None)):
        run = number.add_run()
        run.font.size = Pt(13)
        element = OxmlElement("w:instrText" if code else "w:fldChar")
        if code:
            element.text = code
        else:
            element.set(qn("w:fldCharType"), kind)
        run._r.append(element)
    return document


def _heading(document: DocumentObject, digest: Digest, shown: Shown) -> None:
    table = document.add_table(rows=1, cols=2)
    table.autofit = False
    left, right = table.rows[0].cells
    for column, cell, width in ((table.columns[0], left, Mm(75)), (table.columns[1], right, Mm(90))):
        column.width = cell.width = width
    for cell, lines in (
        (left, ((digest.superior.upper(), False, 12), (digest.body.upper(), True, 12))),
        (
            right,
            (
                (shown.text("document.motto_state"), True, 12),
                (shown.text("document.motto"), True, 13),
                (
                    shown.text("document.place_date", place=digest.province, **_date_parts(digest.until, shown)),
                    False,
                    13,
                ),
            ),
        ),
    ):
        for index, (words, bold, size) in enumerate(lines):
            paragraph = cell.paragraphs[0] if index == 0 else cell.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_after = Pt(0)
            run = _text(paragraph, words, bold=bold, size=size, italic=index == 2)
            run.underline = index == 1 and cell is right  # the line under the motto is as long as the motto
        if cell is left:
            _short_rule(cell.add_paragraph())
    title = _line(document, shown.text("digest.title").upper(), bold=True, size=14, before=14)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    period = _line(document, _period(digest, shown), bold=True)
    period.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _short_rule(paragraph: Paragraph) -> None:
    """A line under the issuing body, a third of its width."""
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Mm(26)
    paragraph.paragraph_format.line_spacing = Pt(3)
    border = OxmlElement("w:pBdr")
    line = OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "auto")):
        line.set(qn(f"w:{name}"), value)
    border.append(line)
    paragraph._p.get_or_add_pPr().append(border)


def _date_parts(moment: datetime, shown: Shown) -> Mapping[str, str]:
    local = shown.local(moment)
    # A leading zero for days below 10 and for January and February, as the decree on documents has it.
    return {
        "day": f"{local.day:02}",
        "month": f"{local.month:02}" if local.month < 3 else str(local.month),
        "year": str(local.year),
    }


def _period(digest: Digest, shown: Shown) -> str:
    return shown.text("digest.period", since=shown.moment(digest.since), until=shown.moment(digest.until))


def _summary(digest: Digest, shown: Shown) -> str:
    return (
        shown.text(
            "digest.summary",
            seen=shown.number(digest.seen),
            flagged=shown.number(digest.flagged),
            old=shown.number(digest.old),
            read=shown.number(digest.sources_read),
            sources=shown.number(digest.sources),
        )
        + " "
        + missed_line(digest, shown)
    )


def _item(document: DocumentObject, row: Row, shown: Shown) -> None:
    head = _line(document, "", before=8)
    head.paragraph_format.keep_with_next = True
    _text(head, "".join(f"[{LETTERS[topic]}]" for topic in row.topics) + " ", bold=True)
    _link(head, row.title, row.url, bold=True)
    notes = [row.outlet, shown.moment(row.published)]
    if row.changed:
        notes.append(shown.text("digest.changed", n=row.changed))
    if row.announced_only:
        notes.append(shown.text("digest.announced_only"))
    _line(document, " · ".join(notes), size=11)
    _line(document, row.lead).alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    for reason in row.reasons:
        why = _line(
            document, f"{shown.text(f'topic.{reason.topic}')}, {shown.text(f'certainty.{reason.certainty}')}: ", size=11
        )
        why.paragraph_format.left_indent = Mm(6)
        for piece, marked in ((reason.opening, False), *reason.sentence, (reason.closing, False)):
            _text(why, piece, size=11, italic=True, bold=marked)


def _line(
    document: DocumentObject,
    words: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: float = 13,
    before: float = 0,
    style: str | None = None,
) -> Paragraph:
    paragraph = document.add_paragraph(style=style)
    paragraph.paragraph_format.space_before = Pt(before)
    if words:
        _text(paragraph, words, bold=bold, italic=italic, size=size)
    return paragraph


def _text(paragraph: Paragraph, words: str, *, bold: bool = False, italic: bool = False, size: float = 13) -> Run:
    run = paragraph.add_run(_NO_XML.sub("", words))
    run.bold, run.italic, run.font.size = bold, italic, Pt(size)
    return run


def _link(paragraph: Paragraph, words: str, url: str, *, bold: bool = False) -> None:
    run = _text(paragraph, words, bold=bold)
    if not url:
        return
    target = paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    run.font.color.rgb = RGBColor(0x1C, 0x1B, 0x19)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), target)
    link.append(run._r)
    paragraph._p.append(link)
