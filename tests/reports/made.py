"""A day's data for a digest, written for these tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipeline.catalogue import Shown, reason
from pipeline.records import HOME, CoverageRow, DayCount, Flag, FlaggedItem, Missed, PlainItem, Shift, Term
from pipeline.reports.digest import DigestData

UNTIL = datetime(2026, 11, 23, 0, 15, tzinfo=UTC)  # 07:15 in Vietnam
SINCE = UNTIL - timedelta(days=1)
SHOWN = Shown("vi", ZoneInfo("Asia/Ho_Chi_Minh"))
ENGLISH = Shown("en", ZoneInfo("Asia/Ho_Chi_Minh"))

SENTENCE = "Tàu lạ xâm phạm vùng biển của Quảng Trị."


def flag(topic: str = "sovereignty", score: float = 0.9, sentence: str = SENTENCE) -> Flag:
    start = max(sentence.find("xâm phạm"), 0)
    terms = (Term("xâm_phạm", 2.0), Term(f"{HOME} vùng_biển", 1.0), Term("#home_title", 0.5), Term("t:vùng_biển", 0.2))
    return Flag(topic, score, True, terms, sentence, ((start, start + 8),) if len(sentence) >= 8 else ())


def item(name: str, *flags: Flag, minutes_ago: int = 60, **changed: object) -> FlaggedItem:
    made = FlaggedItem(
        article_id=name, version_id=f"v-{name}", source_id="bao-a", outlet="Báo A", url=f"https://bao-a.vn/{name}.html",
        lang="vi", title=f"Tin {name}", lead=f"Mở đầu {name}.", published=UNTIL - timedelta(minutes=minutes_ago),
        first_seen=UNTIL - timedelta(minutes=30), versions=1, method="general", flags=flags or (flag(),),
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]  # names and values are the record's own


def row(name: str, **changed: object) -> CoverageRow:
    made = CoverageRow(
        source_id=name, name=f"Báo {name}", asked=9, entry_ok=2, entry_failed=0, links_new=20, pages_ok=7,
        pages_failed=0, unread=0, last_ok=UNTIL - timedelta(hours=1), expected_min=5, expected_max=60, reasons=(),
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]  # as above


def last_days(*counts: int | None) -> tuple[DayCount, ...]:
    """Days that end with the period; None: not read."""
    first = UNTIL.date() - timedelta(days=len(counts))
    return tuple(
        DayCount(first + timedelta(days=number), count or 0, known=count is not None)
        for number, count in enumerate(counts)
    )


SLOW = reason("fetch.timeout", seconds=30)
COVERAGE = (
    row("C"),
    row("Nửa", pages_failed=3, reasons=(SLOW,)),
    row("A im", entry_ok=0, entry_failed=2, last_ok=None, reasons=(reason("fetch.status", status=503),)),
    row("Chưa hỏi", asked=0, entry_ok=0, pages_ok=0, links_new=0, nothing=reason("coverage.not_due")),
    row("Thừa", links_new=2345),
    row("Lạ", unread=4),
    row(
        "Vơi",
        links_new=12,
        shift=Shift(date(2026, 11, 18), 25.2, 11.8),
        days=last_days(*[25] * 22, 12, None, 0, 12, 13, 12),
    ),
)


def data(**changed: object) -> DigestData:
    made = DigestData(
        province="Quảng Trị", body="Sở Văn hóa, Thể thao và Du lịch", superior="UBND tỉnh Quảng Trị", since=SINCE, until=UNTIL,
        oldest=UNTIL - timedelta(days=3), model="0123456789ab",
        counts={"seen": 12_345, "old": 1_234, "judged": 11_111, "flagged": 4},
        coverage=COVERAGE,
        flagged=(
            item("mới", flag(score=0.7), minutes_ago=5, versions=4),
            item("chắc", flag(score=0.97), minutes_ago=900),
            item("hai", flag("human_rights", 0.6), flag("provincial_reputation", 0.88), method="feed"),
            item("không giờ", flag("human_rights", 0.5), published=None, lang="en"),
        ),
        sample=tuple(
            PlainItem(f"p{n}", f"v{n}", f"Báo {n}", f"https://bao.vn/{n}", f"Tin thường {n}", "Chuyện thường.", UNTIL)
            for n in range(3)
        ),
        missed=MISSED, missed_days=28,
    )  # fmt: skip
    return replace(made, **changed)  # type: ignore[arg-type]  # as above


MISSED = Missed("", judged=0, worthy=0, unflagged=0, estimate=0.0, low=0.0, high=0.0, unjudged=11_107)

CONTROL = "\u202e\x00\x08\x1b"
HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>' & ]]> {{ 7*7 }} " + CONTROL
LONG = "https-khong-co-dau-cach-nao-ca-" * 20
