"""Documents as the reading office gets them: in a browser, on a small screen, printed, and through LibreOffice."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.reports.digest import Digest, build
from pipeline.reports.docx import to_docx
from pipeline.reports.html import coverage_html, to_html
from tests.browsing import paper, visit
from tests.reports.made import COVERAGE, LONG, SENTENCE, SHOWN, SINCE, UNTIL, data, flag, item, row

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.slow


@pytest.fixture
def digest() -> Digest:
    """A full one, with names and titles longer than any screen."""
    flagged = (
        *data().flagged,
        item("dài", flag(sentence=LONG), title=LONG, lead=LONG, outlet=LONG, url=f"https://a.vn/{LONG}"),
    )
    return build(data(flagged=flagged, coverage=(*COVERAGE, row(LONG, pages_failed=1)), body=LONG))


def _page(folder: Path, kind: str, digest: Digest) -> str:
    path = folder / "điểm báo.html"
    rows = [*COVERAGE, row(LONG, entry_ok=0, entry_failed=1)]
    made = to_html(digest, SHOWN) if kind == "digest" else coverage_html(rows, SHOWN, SINCE, UNTIL)
    path.write_text(made, encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("kind", ["digest", "coverage"])
def test_a_page_opens_without_a_complaint_or_another_request(
    browser: Browser, tmp_path: Path, digest: Digest, kind: str
) -> None:
    url = _page(tmp_path, kind, digest)
    seen = visit(browser, url)
    assert seen.complaints == []
    assert [request for request in seen.requests if not request.startswith("data:")] == [url]
    assert seen.page.evaluate("document.fonts.check('600 20px \"Source Serif 4\"', 'Điểm báo ngày ễ ợ ỵ ₫')")
    loaded = seen.page.evaluate("[...document.fonts].filter(face => face.status === 'error').length")
    assert loaded == 0
    seen.page.close()


@pytest.mark.parametrize("width", [320, 768])
@pytest.mark.parametrize("kind", ["digest", "coverage"])
def test_a_page_fits_a_small_screen_whatever_the_length_of_its_words(
    browser: Browser, tmp_path: Path, digest: Digest, kind: str, width: int
) -> None:
    seen = visit(browser, _page(tmp_path, kind, digest), width=width)
    if kind == "digest":
        seen.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    assert seen.overflow == 0
    seen.page.close()


def test_a_digest_prints_to_a4_with_its_reasons_unfolded(browser: Browser, tmp_path: Path, digest: Digest) -> None:
    seen = visit(browser, _page(tmp_path, "digest", digest))
    path = tmp_path / "in.pdf"
    seen.page.pdf(path=str(path), prefer_css_page_size=True)
    seen.page.close()
    size, text = paper(path)
    assert "A4" in size
    words = " ".join(text.split())
    assert SENTENCE in words
    assert "Điểm báo ngày" in words
    # Paper has nothing to click on: why an item was flagged is printed.
    assert words.count(SHOWN.text("digest.terms")) == sum(len(one.reasons) for s in digest.sections for one in s.rows)


def test_the_docx_opens_in_libreoffice_with_its_vietnamese_intact(tmp_path: Path) -> None:
    if not shutil.which("soffice"):
        pytest.skip("no soffice (libreoffice-writer-nogui)")
    digest = build(data())
    source = tmp_path / "điểm báo.docx"
    source.write_bytes(to_docx(digest, SHOWN))
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--convert-to", "pdf",
         "--outdir", str(tmp_path), str(source)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    size, text = paper(source.with_suffix(".pdf"))
    assert "A4" in size
    words = " ".join(text.split())
    for said in (
        "UBND TỈNH QUẢNG TRỊ", "Độc lập - Tự do - Hạnh phúc", "Quảng Trị, ngày 23 tháng 11 năm 2026", "ĐIỂM BÁO NGÀY",
        SENTENCE, "Tin không giờ", SHOWN.text("digest.missed_unknown"), SHOWN.text("digest.sample_note"),
        *(f"{n}. {SHOWN.text(f'topic.{section.topic}')}" for n, section in enumerate(digest.sections, 1)),
    ):  # fmt: skip
        assert said in words, said
    pages = text.rstrip("\f").split("\f")
    assert len(pages) >= 2
    assert pages[0].split()[0] != "1"  # no number on the first page
    assert pages[1].split()[0] == "2"
