"""Those who teach the model, by the real commands: a queue is labelled in a spreadsheet, a candidate is made and put to work."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.demo.server import serving
from pipeline.records import TOPICS
from tests.conftest import ROOT
from tests.office import Office, free_ports

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office that has read the fictional press once."""
    port = free_ports()
    with serving(port, datetime.now(UTC)):
        made = Office.set_up(tmp_path_factory.mktemp("office"), port)
        made.ok("run")
    yield made


def sheet(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";"))


def fill(path: Path, rows: list[dict[str, str]], answer: str) -> None:
    """As a person would in a spreadsheet: three answers a row."""
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        table = csv.DictWriter(out, list(rows[0]), delimiter=";")
        table.writeheader()
        table.writerows(row | dict.fromkeys(TOPICS, answer) for row in rows)


def queue(office: Office, who: str, size: int) -> list[dict[str, str]]:
    path = office.folder / f"{who}.csv"
    office.ok("label", "export", "--queue", "--who", who, "--size", str(size), "-o", str(path))
    return sheet(path)


def test_a_day_of_labelling(office: Office) -> None:
    first = queue(office, "lan", 20)
    assert len(first) == 20
    assert {row["drawn"] for row in first} >= {"blind", "uncertain", "high"}
    assert all(row["title"] and row["who"] == "lan" and not row["sovereignty"] for row in first)
    assert not any(char in row["text"] for row in first for char in "\ufeff")

    path = office.folder / "lan.csv"
    fill(path, first, "không")
    assert "60" in office.run("label", "import", str(path)).stderr  # answers
    again = office.run("label", "import", str(path))
    assert again.returncode == 0
    assert "60" in again.stderr  # each of them was there already, at the same moment or a new one

    assert not {row["id"] for row in queue(office, "lan", 20)} & {row["id"] for row in first}

    others = queue(office, "minh", 60)
    shared = [row for row in others if row["id"] in {one["id"] for one in first}]
    assert {row["drawn"] for row in shared} <= {"second", "disagree"}
    assert shared
    both = office.folder / "minh.csv"
    fill(both, shared, "1")
    office.ok("label", "import", str(both))
    told = [json.loads(line) for line in office.ok("label", "agreement").splitlines()]
    assert {row["topic"] for row in told if "coefficient" in row} == set(TOPICS)
    undecided = {row["undecided"] for row in told if "undecided" in row}
    assert undecided == {row["id"] for row in shared}
    # What two differ on goes to a third person before anything else of its kind.
    third = [row["id"] for row in queue(office, "hoa", 200) if row["drawn"] == "second"]
    assert set(third[: len(undecided)]) == undecided


def test_labels_come_out_in_every_format_and_go_in_again(office: Office, tmp_path: Path) -> None:
    for name in ("nhan.jsonl", "nhan.csv", "nhan.json"):
        path = tmp_path / name
        office.ok("label", "export", "-o", str(path))
        other = Office.set_up(tmp_path / f"office-{name}", 9)
        other.ok("label", "import", str(path), "--who", "ai đó")
        back = tmp_path / f"lại-{name}"
        other.ok("label", "export", "-o", str(back))
        if name != "nhan.json":  # Label Studio has no place for a guide's version
            assert back.read_bytes() == path.read_bytes()
        assert len(back.read_bytes()) > 1_000


def test_a_file_with_one_bad_row_is_refused_whole(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "hỏng.csv"
    before = office.ok("label", "agreement")
    path.write_text("id;title;sovereignty;human_rights;provincial_reputation\na;Tin;1;0;0\nb;Tin;1;có lẽ;0\n", "utf-8")
    done = office.run("label", "import", str(path), "--who", "lan")
    assert done.returncode == 2
    assert "hỏng.csv:3" in done.stderr
    assert office.ok("label", "agreement") == before
    nameless = tmp_path / "không tên.jsonl"
    nameless.write_text(json.dumps({"id": "a", "title": "Tin", "sovereignty": 1}), "utf-8")
    assert office.run("label", "import", str(nameless)).returncode == 2


def test_the_estimate_of_missed_items_rests_on_the_judged_blind_sample(office: Office) -> None:
    told = [json.loads(line) for line in office.ok("label", "missed", "--days", "2").splitlines()]
    assert [row["topic"] for row in told] == [*TOPICS, ""]
    for row in told:
        assert row["judged"] > 0
        assert 0 <= row["low"] <= row["estimate"] <= row["high"] <= row["unflagged"]


def test_a_candidate_is_made_compared_promoted_and_rolled_back(office: Office) -> None:
    # Something true to learn, so that the candidate is neither the model that came with the software nor a worse one.
    plain = [row for row in queue(office, "mai", 30) if row["drawn"] == "blind"]
    fill(office.folder / "mai.csv", plain, "không")
    office.ok("label", "import", str(office.folder / "mai.csv"))
    done = office.run("train")
    assert done.returncode == 0, done.stderr
    (version,) = [path.name for path in (office.data / "models").iterdir() if path.is_dir()]
    report = json.loads((office.data / "models" / version / "candidate.json").read_text("utf-8"))
    card = (office.data / "models" / version / "CARD.md").read_text("utf-8")
    assert report["gate"]["against"] == "shipped"
    assert {row["topic"] for row in report["gate"]["differences"]} == set(TOPICS)
    assert version in card
    assert report["gate"]["open"], report["gate"]
    assert version in office.ok("models", "list")
    assert office.digest()["model"] != version

    nobody = office.run("models", "promote", version, "--lead", " ")
    assert nobody.returncode == 2
    assert office.run("models", "promote", "0" * 12, "--lead", "Hoa").returncode == 1
    office.ok("models", "promote", version, "--lead", "Hoa")
    assert office.run("models", "promote", version, "--lead", "Hoa").returncode == 1
    office.ok("rebuild", "--from", "flags")
    assert office.digest()["model"] == version
    assert f"* {version}" in office.ok("models", "list")
    item = json.dumps({"id": "x", "title": "Tàu lạ áp sát tàu cá ở Hoàng Sa", "text": "Ngư dân kể lại."})
    assert json.loads(office.run("classify", stdin=item).stdout)["model"] == version

    office.ok("models", "rollback", "--lead", "Hoa")
    assert office.run("models", "rollback", "--lead", "Hoa").returncode == 1
    assert json.loads(office.run("classify", stdin=item).stdout)["model"] != version
    log = (office.data / "models" / "log.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["action"] for line in log] == ["promote", "rollback"]


def test_training_on_named_files_learns_from_these_and_nothing_else(office: Office, tmp_path: Path) -> None:
    """Here --data names label files, not the data folder."""
    rows = (ROOT / "models" / "seed" / "english.jsonl").read_text("utf-8").splitlines()
    parts = [tmp_path / "một.jsonl", tmp_path / "hai.jsonl"]
    parts[0].write_text("\n".join(rows[:50]) + "\n", "utf-8")
    parts[1].write_text("\n".join(rows[50:]) + "\n", "utf-8")
    office.ok("train", "--data", str(parts[0]), "--data", str(parts[1]), "-o", str(tmp_path / "model"))
    card = (tmp_path / "model" / "CARD.md").read_text("utf-8")
    assert "| một.jsonl | " in card and "| hai.jsonl | " in card
    assert f"{len(rows)} tin, " in card
    missing = office.run("train", "--data", str(tmp_path / "không có.jsonl"))
    assert missing.returncode == 2
    assert "không có.jsonl" in missing.stderr


def test_drift_is_told_week_by_week(office: Office) -> None:
    weeks = [json.loads(line) for line in office.ok("models", "drift", "--weeks", "3").splitlines()]
    assert len(weeks) == 3
    assert all(row["stability"] is None and row["warnings"] == [] for row in weeks)  # the office began this week


def test_the_weights_of_why_and_the_rest_sum_to_the_score(office: Office) -> None:
    import math

    item = {
        "id": "x",
        "title": "Philippines phản đối tàu hải cảnh ở bãi cạn Scarborough",
        "text": "Tàu bị phun vòi rồng trên Biển Đông.",
    }
    for told in (item, item | {"text": ""}):
        made = json.loads(office.run("classify", stdin=json.dumps(told)).stdout)
        assert made["topics"] == ["sovereignty"]
        total = sum(term["weight"] for term in made["why"]["sovereignty"])
        assert 1 / (1 + math.exp(-total)) == pytest.approx(made["scores"]["sovereignty"], abs=1e-4)


def test_evaluate_prints_figures_with_intervals(office: Office) -> None:
    made = json.loads(office.ok("evaluate", str(ROOT / "models" / "frozen.jsonl")))
    for topic in TOPICS:
        low, high = made[topic]["f1_interval"]
        assert low <= made[topic]["f1"] <= high
