from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ModelError
from pipeline.learning.registry import (
    LOG,
    SHIPPED,
    Change,
    candidates,
    champion,
    changes,
    current,
    folder,
    keep_report,
    promote,
    rollback,
)

T0 = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LEAD = "Trần Thị Ngọc Ánh"


def _make(data: Path, version: str, against: str = SHIPPED, reasons: tuple[str, ...] = (), hour: int = 0) -> None:
    """A candidate with the report of its gate."""
    made = folder(data) / version
    made.mkdir(parents=True, exist_ok=True)
    gate = {"against": against, "open": not reasons, "reasons": list(reasons)}
    keep_report(made, {"made_at": (T0 + timedelta(hours=hour)).isoformat(), "items": 9, "gate": gate})


def _promote(data: Path, *versions: str) -> None:
    """Each candidate made against the model at work, and put to work."""
    for version in versions:
        _make(data, version, current(data))
        promote(data, version, LEAD, T0)


def _log(data: Path) -> Path:
    return folder(data) / LOG


def test_without_a_log_the_model_that_came_with_the_software_is_at_work(tmp_path: Path) -> None:
    assert (current(tmp_path), changes(tmp_path), list(candidates(tmp_path))) == (SHIPPED, [], [])
    assert champion(tmp_path, tmp_path / "came") == tmp_path / "came"
    with pytest.raises(ModelError):
        rollback(tmp_path, LEAD, T0)
    assert not folder(tmp_path).exists()  # a refusal writes nothing


def test_a_promoted_candidate_is_at_work_and_the_log_says_who_put_it_there(tmp_path: Path) -> None:
    _make(tmp_path, "m1")
    assert current(tmp_path) == SHIPPED  # to be made is not to be at work
    here = T0.astimezone(timezone(timedelta(hours=7)))
    change = promote(tmp_path, "m1", LEAD, here)
    assert change == Change(T0, LEAD, "promote", "m1", SHIPPED)
    assert change.at.tzinfo is UTC
    assert changes(tmp_path) == [change]
    assert champion(tmp_path, tmp_path / "came") == folder(tmp_path) / "m1"
    assert LEAD in _log(tmp_path).read_text(encoding="utf-8")  # readable by eye


def test_going_back_is_one_more_line_and_no_model_is_lost(tmp_path: Path) -> None:
    _promote(tmp_path, "m1")
    before = _log(tmp_path).read_bytes()
    assert rollback(tmp_path, "an", T0) == Change(T0, "an", "rollback", SHIPPED, "m1")
    assert _log(tmp_path).read_bytes().startswith(before)
    assert champion(tmp_path, tmp_path / "came") == tmp_path / "came"
    assert [version for version, _ in candidates(tmp_path)] == ["m1"]


def test_going_back_twice_goes_back_two_steps_and_not_to_and_fro(tmp_path: Path) -> None:
    _promote(tmp_path, "m1", "m2")
    assert [rollback(tmp_path, LEAD, T0).version for _ in range(2)] == ["m1", SHIPPED]
    with pytest.raises(ModelError):
        rollback(tmp_path, LEAD, T0)
    assert len(changes(tmp_path)) == 4


def test_after_going_back_another_candidate_follows_on_the_model_gone_back_to(tmp_path: Path) -> None:
    _promote(tmp_path, "m1", "m2")
    rollback(tmp_path, LEAD, T0)
    _promote(tmp_path, "m3")
    assert [rollback(tmp_path, LEAD, T0).version for _ in range(2)] == ["m1", SHIPPED]  # m2 was taken back for good


def test_a_model_gone_back_from_may_be_promoted_again(tmp_path: Path) -> None:
    _promote(tmp_path, "m1", "m2")
    rollback(tmp_path, LEAD, T0)
    promote(tmp_path, "m2", LEAD, T0)
    assert current(tmp_path) == "m2"
    assert rollback(tmp_path, LEAD, T0).version == "m1"


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=12))
def test_whatever_the_order_of_steps_the_log_leads_to_where_a_pile_of_models_would(
    tmp_path_factory: pytest.TempPathFactory, steps: list[bool]
) -> None:
    data = tmp_path_factory.mktemp("data")
    pile = [SHIPPED]
    for number, forward in enumerate(steps):
        if forward:
            _promote(data, f"m{number}")
            pile.append(f"m{number}")
        elif len(pile) > 1:
            pile.pop()
            rollback(data, LEAD, T0)
        else:
            with pytest.raises(ModelError):
                rollback(data, LEAD, T0)
        assert current(data) == pile[-1]


def _refused(data: Path, version: str, *said: str) -> None:
    before = changes(data)
    with pytest.raises(ModelError) as refused:
        promote(data, version, LEAD, T0)
    assert [word for word in said if word not in str(refused.value)] == []
    assert changes(data) == before


def test_a_candidate_whose_gate_is_shut_is_refused_with_its_reasons(tmp_path: Path) -> None:
    _make(tmp_path, "m1", reasons=("Chủ quyền: F1 kém hơn", "Cặp tin: 93%"))
    _refused(tmp_path, "m1", "m1", "Chủ quyền: F1 kém hơn", "Cặp tin: 93%")


def test_a_gate_passed_against_another_model_than_the_present_one_is_stale(tmp_path: Path) -> None:
    _make(tmp_path, "m2")
    _promote(tmp_path, "m1")
    _refused(tmp_path, "m2", "m2", SHIPPED, "m1")
    rollback(tmp_path, LEAD, T0)
    promote(tmp_path, "m2", LEAD, T0)  # compared with what is at work again
    assert current(tmp_path) == "m2"


def test_what_is_unknown_unfinished_or_at_work_already_is_refused(tmp_path: Path) -> None:
    _refused(tmp_path, "m1", "m1")
    (folder(tmp_path) / "half").mkdir(parents=True)  # training was killed before the report was written
    (folder(tmp_path) / "half" / "topics.skops").touch()
    _promote(tmp_path, "m1")
    _refused(tmp_path, "half", "half", "m1")
    _refused(tmp_path, "m1", "m1")
    _refused(tmp_path, SHIPPED, SHIPPED)


def test_candidates_come_oldest_first_with_their_reports(tmp_path: Path) -> None:
    for version, hour in (("b", 2), ("c", 1), ("a", 2)):
        _make(tmp_path, version, hour=hour)
    assert [version for version, _ in candidates(tmp_path)] == ["c", "a", "b"]
    assert [report["items"] for _, report in candidates(tmp_path)] == [9, 9, 9]
    assert [path.name for path in (folder(tmp_path) / "a").iterdir()] == ["candidate.json"]


def test_a_last_line_torn_anywhere_by_a_power_cut_never_was(tmp_path: Path) -> None:
    """Also inside a letter of a name."""
    _promote(tmp_path, "m1")
    whole = _log(tmp_path).read_bytes()
    torn = Change(T0, LEAD, "promote", "m2", "m1").line().encode()
    for cut in range(len(torn) + 1):
        _log(tmp_path).write_bytes(whole + torn[:cut])
        assert current(tmp_path) == "m1"
    for cut in (1, torn.index("Ầ".lower().encode()) + 1, len(torn)):
        _log(tmp_path).write_bytes(whole + torn[:cut])
        rollback(tmp_path, LEAD, T0)
        assert [change.version for change in changes(tmp_path)] == ["m1", SHIPPED]
        assert _log(tmp_path).read_bytes().startswith(whole + b"{")


def test_a_log_that_is_nothing_but_a_torn_line_is_empty_and_can_be_written_to(tmp_path: Path) -> None:
    _make(tmp_path, "m1")
    _log(tmp_path).write_bytes(b'{"at": "2026')
    assert changes(tmp_path) == []
    promote(tmp_path, "m1", LEAD, T0)
    assert [change.version for change in changes(tmp_path)] == ["m1"]


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"{}",
        b"[]",
        b"3",
        b"hai",
        b"\xff",
        b'{"at": "h\xc3\xb4m qua", "who": "", "action": "", "version": "", "before": ""}',
    ],
)
def test_any_other_line_that_cannot_be_read_is_named_by_file_and_line(tmp_path: Path, bad: bytes) -> None:
    """Which model is at work is not guessed."""
    _promote(tmp_path, "m1", "m2")
    first, second, _ = _log(tmp_path).read_bytes().split(b"\n")
    _log(tmp_path).write_bytes(b"\n".join((first, bad, second, b"")))
    with pytest.raises(ModelError) as refused:
        current(tmp_path)
    assert f"{_log(tmp_path)}:2:" in str(refused.value)


def test_a_line_whose_action_nobody_knows_is_an_unreadable_line(tmp_path: Path) -> None:
    _promote(tmp_path, "m1")
    _log(tmp_path).write_bytes(_log(tmp_path).read_bytes().replace(b"promote", b"demote"))
    with pytest.raises(ModelError, match=f"{LOG}:1:"):
        rollback(tmp_path, LEAD, T0)
