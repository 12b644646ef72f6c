"""The commands that other programs rely on: names, formats, exit status."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from underthesea import word_tokenize

from tests.conftest import ROOT
from tests.office import Office

PAGE = (
    """<html><head><title>Khánh thành cầu</title>
<meta property="article:published_time" content="2026-11-20T07:30:00+07:00">
<meta name="description" content="Cầu dài 312 m nối hai bờ sông, giảm 14 km đường vòng cho học sinh."></head><body>
<h1>Khánh thành cầu mới qua sông</h1><div>"""
    + "".join(
        f"<p>Đoạn {n}: công trình hoàn thành sớm hai tháng, kinh phí 87,4 tỷ đồng từ ngân sách tỉnh và trung ương.</p>"
        for n in range(6)
    )
    + "</div></body></html>"
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office.set_up(tmp_path, 9)


def test_words_are_underthesea_s_one_line_for_one_line(office: Office) -> None:
    lines = [
        "Ngư dân Quảng Trị vươn khơi bám biển.",
        "",
        "Thuỷ điện Rào Quán xả lũ lúc 5h30, 12.699km2",
        "  hai  khoảng trắng ",
    ]
    done = office.run("words", stdin="\n".join(lines) + "\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [word_tokenize(one, format="text") for one in lines]


def test_extract_writes_one_object_for_each_file(office: Office) -> None:
    page, packed = office.folder / "cau.html", office.folder / "cau.html.gz"
    page.write_text(PAGE, encoding="utf-8")
    packed.write_bytes(gzip.compress(PAGE.encode()))
    made = [json.loads(line) for line in office.ok("extract", str(page), str(packed)).splitlines()]
    assert [row["file"] for row in made] == [str(page), str(packed)]
    assert made[0] | {"file": ""} == made[1] | {"file": ""}
    assert made[0].keys() == {"file", "url", "title", "lead", "text", "published", "lang", "method", "confidence"}
    assert made[0]["title"] == "Khánh thành cầu mới qua sông"
    assert made[0]["published"] == "2026-11-20T00:30:00+00:00"
    assert made[0]["text"].count("87,4 tỷ đồng") == 6


def test_extract_says_which_file_cannot_be_read(office: Office) -> None:
    done = office.run("extract", "khong-co.html")
    assert done.returncode == 2
    assert "khong-co.html" in done.stderr and "Traceback" not in done.stderr


FEED = (
    '<rss version="2.0"><channel><title>Báo Thử</title><item><title>Cầu mới</title><link>https://bao.example/cau</link>'
    "<description>Thông xe &lt;b&gt;sáng nay&lt;/b&gt;.</description><pubDate>20/11/2026 07:30</pubDate></item>"
    "<item><title>Không giờ</title><link>tuong-doi</link></item></channel></rss>"
)


def test_links_writes_one_object_for_each_file_and_a_hostile_file_costs_only_itself(office: Office) -> None:
    bodies = {
        "tin.xml": FEED.encode(),
        "tin.xml.gz": gzip.compress(FEED.encode()),
        "doc.xml": FEED.replace("</item>", "<AUTHOR>x@" + "a." * 300_000 + "</AUTHOR></item>", 1).encode(),
        "dut.xml": FEED[:-30].encode(),
        "tin.json": b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "url": "https://bao.example/1"}]}',
        "sitemap.xml": b"<urlset><url><loc>https://bao.example/1</loc></url></urlset>",
        "muc-luc.xml": b"<sitemapindex><sitemap><loc>https://bao.example/s.xml</loc></sitemap></sitemapindex>",
        "trang.html": b"<html></html>",
        "rong.xml": b"",
    }
    for name, body in bodies.items():
        (office.folder / name).write_bytes(body)
    made = [json.loads(line) for line in office.ok("links", *bodies).splitlines()]
    assert [row["file"] for row in made] == list(bodies)
    assert all(row.keys() == {"file", "kind", "links", "problem"} for row in made)
    kinds = ["rss", "rss", "unknown", "rss", "json", "sitemap", "sitemap", "unknown", "unknown"]
    assert [row["kind"] for row in made] == kinds
    assert made[0] | {"file": ""} == made[1] | {"file": ""}
    assert made[0]["problem"] == ""
    assert made[0]["links"] == [
        {
            "url": "https://bao.example/cau",
            "title": "Cầu mới",
            "summary": "Thông xe sáng nay .",
            "published": "2026-11-20T00:30:00+00:00",
        }
    ]
    assert [len(row["links"]) for row in made[2:]] == [0, 1, 1, 1, 0, 0, 0]
    assert made[4]["links"][0]["published"] is None
    assert [bool(row["problem"]) for row in made[2:]] == [True, True, False, False, True, True, True]
    assert "2 giây" in made[2]["problem"]


def test_links_says_which_file_cannot_be_read_and_writes_where_it_is_told(office: Office) -> None:
    done = office.run("links", "khong-co.xml")
    assert done.returncode == 2
    assert "khong-co.xml" in done.stderr and "Traceback" not in done.stderr
    (office.folder / "tin.xml").write_text(FEED, encoding="utf-8")
    assert office.ok("links", "tin.xml", "-o", "ra.jsonl") == ""
    assert json.loads((office.folder / "ra.jsonl").read_text(encoding="utf-8"))["kind"] == "rss"


def test_classify_gives_scores_flags_and_reasons(office: Office) -> None:
    items: list[dict[str, str | int]] = [
        {
            "id": "a",
            "title": "Quảng Trị phản đối tàu nước ngoài xâm phạm chủ quyền ở Hoàng Sa",
            "text": "Ngư dân bị xua đuổi.",
        },
        {
            "id": 7,
            "title": "Vietnam protests Chinese drills near Paracels",
            "text": "Hanoi cited its sovereignty.",
            "lang": "en",
        },
        {"id": "c", "title": "Đội tuyển thắng 3-0", "text": "Tiền đạo lập cú đúp trên sân Mỹ Đình."},
    ]
    done = office.run("classify", stdin="\n".join(json.dumps(item) for item in items))
    assert done.returncode == 0, done.stderr
    made = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in made] == ["a", 7, "c"]
    assert [row["lang"] for row in made] == ["vi", "en", "vi"]
    for row in made:
        assert row.keys() == {"id", "lang", "scores", "topics", "why", "model"}
        assert row["scores"].keys() == {"sovereignty", "human_rights", "provincial_reputation"}
        assert all(0 <= score <= 1 for score in row["scores"].values())
        assert row["why"].keys() == {*row["topics"], "sentence"}
    assert "sovereignty" in made[0]["topics"] and "sovereignty" in made[1]["topics"] and made[2]["topics"] == []
    assert any("hoàng_sa" in one["term"] for one in made[0]["why"]["sovereignty"])
    assert made[0]["why"]["sentence"] in (items[0]["title"], items[0]["text"])


@pytest.mark.parametrize("line", ["{}", "không phải JSON", '{"id": 1, "title": 3, "text": "x"}', "[]"])
def test_classify_says_which_line_is_wrong(office: Office, line: str) -> None:
    done = office.run("classify", stdin='{"id": 1, "title": "Tin", "text": "x"}\n' + line + "\n")
    assert done.returncode == 2
    assert "dòng 2" in done.stderr and "Traceback" not in done.stderr
    assert json.loads(done.stdout.splitlines()[0])["id"] == 1


def test_an_unknown_command_is_a_usage_error(office: Office) -> None:
    assert office.run("khong-co-lenh").returncode == 2


def test_a_day_that_is_none_is_told(office: Office) -> None:
    done = office.run("digest", "--day", "23/11/2026")
    assert done.returncode == 2 and "2026-11-23" in done.stderr


def test_an_unknown_source_is_told_with_the_known_ones(office: Office) -> None:
    done = office.run("crawl", "--source", "tuoi-tre")
    assert done.returncode == 2 and "tuoi-tre" in done.stderr and "truong-xuan" in done.stderr


def test_the_data_folder_can_be_named_by_option_and_environment(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.ok("process", "--data", "mot")
    monkeypatch.setenv("DIEMBAO_DATA", "hai")
    office.ok("process")
    assert (office.folder / "mot" / "diembao.duckdb").exists() and (office.folder / "hai" / "diembao.duckdb").exists()


def test_the_console_does_not_open_to_the_network_without_accounts(office: Office) -> None:
    done = office.run("serve", "--host", "0.0.0.0")  # noqa: S104 - this is what must be refused
    assert done.returncode == 2 and "127.0.0.1" in done.stderr


@pytest.mark.slow
def test_train_writes_a_model_and_its_card_the_same_each_time(office: Office) -> None:
    seed = ROOT / "models" / "seed" / "english.jsonl"
    for folder in ("mot", "hai"):
        office.ok("train", "--data", str(seed), "-o", folder)
    assert (office.folder / "mot/topics.skops").read_bytes() == (office.folder / "hai/topics.skops").read_bytes()
    assert seed.name in (office.folder / "mot/CARD.md").read_text()


@pytest.mark.slow
def test_the_shipped_model_scores_the_real_items(office: Office, gold: Path) -> None:
    figures = json.loads(office.ok("evaluate", str(gold)))
    assert figures["macro"]["average_precision"] >= 0.80
    assert figures["macro"]["f1"] >= 0.70
    assert all(figures[topic]["recall"] >= 0.75 for topic in ("sovereignty", "human_rights", "provincial_reputation"))
