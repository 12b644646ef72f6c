"""What the model says of tokens, and the copy of its tables."""

from __future__ import annotations

import multiprocessing
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from underthesea_core import CRFFeaturizer

from pipeline.text import crf, tables
from pipeline.text.crf import MODEL, UnknownModel, installed_tables, read_tables
from pipeline.text.segmenter import Segmenter
from pipeline.text.tables import Tables, facts

MADE = read_tables()
FEATURIZER = CRFFeaturizer(joblib.load(MODEL / "features.bin"), joblib.load(MODEL / "dictionary.bin"))


def said(token: str) -> tuple[str, bool, bool]:
    """What underthesea's own featurizer, with all its templates, says of a token."""
    features = dict(one.split("=", 1) for one in FEATURIZER.process([[[token]]])[0][0])
    return features["T[0].lower"], features["T[0].istitle"] == "True", features["T[0].isdigit"] == "True"


def test_underthesea_says_of_every_plain_character_what_we_say() -> None:
    plain = [chr(code) for code in range(sys.maxunicode + 1) if tables._PLAIN.fullmatch(chr(code))]
    assert len(plain) > 200
    assert [facts(one) for one in plain] == [said(one) for one in plain]
    assert [facts(f"a{one}") for one in plain] == [said(f"a{one}") for one in plain]


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.from_regex(tables._PLAIN, fullmatch=True),
        st.from_regex(r"[+-]?[0-9]{1,25}", fullmatch=True),
        st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=8),
    )
)
def test_underthesea_says_of_any_token_what_we_say(token: str) -> None:
    assert facts(token) == said(token)


@pytest.mark.parametrize(
    "token", ["2147483647", "2147483648", "999999999", "-5", "+5", "-", "00000000000000000001", "٣"]
)
def test_its_numbers_are_numbers_here(token: str) -> None:
    assert facts(token) == said(token)


def equal(one: Tables, two: Tables) -> bool:
    return (one.ids, one.prefixes, one.triples, one.steps) == (two.ids, two.prefixes, two.triples, two.steps) and all(
        np.array_equal(getattr(one, name), getattr(two, name)) for name in ("rows", "entries", "worth")
    )


def test_a_copy_is_the_same_tables(tmp_path: Path) -> None:
    MADE.save(tmp_path / "new" / "copy.npz")
    copy = Tables.load(tmp_path / "new" / "copy.npz")
    assert copy is not None and equal(copy, MADE)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["copy.npz"]
    assert Tables.load(tmp_path / "none.npz") is None


@pytest.mark.parametrize("where", [0, 0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_damaged_copy_is_none(tmp_path: Path, where: float) -> None:
    path = tmp_path / "copy.npz"
    MADE.save(path)
    whole = path.read_bytes()
    at = int(where * len(whole))
    path.write_bytes(whole[:at] + bytes(byte ^ 0xFF for byte in whole[at : at + 8]) + whole[at + 8 :])
    flipped = Tables.load(path)
    assert flipped is None or equal(flipped, MADE)  # what only fills the file matters to nobody
    path.write_bytes(whole[:at])
    assert Tables.load(path) is None


def test_tables_are_made_once_and_made_anew_where_the_copy_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def made() -> Tables:
        asked.append(1)
        return MADE

    monkeypatch.setattr(crf, "read_tables", made)
    assert installed_tables(tmp_path) is MADE
    (copy,) = tmp_path.iterdir()
    assert equal(installed_tables(tmp_path), MADE) and len(asked) == 1
    copy.write_bytes(copy.read_bytes()[:1000])
    assert installed_tables(tmp_path) is MADE and len(asked) == 2
    assert equal(installed_tables(tmp_path), MADE) and len(asked) == 2


def test_where_nothing_can_be_written_tables_are_made_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crf, "read_tables", lambda: MADE)
    (tmp_path / "file").write_text("not a folder")
    assert installed_tables(tmp_path / "file") is MADE
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert installed_tables() is MADE


def make_words(folder: str) -> str | None:
    return Segmenter(installed_tables(Path(folder))).words("ngư dân ra khơi")


@pytest.mark.slow
def test_processes_that_start_at_once_do_not_stand_in_each_other_s_way(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(make_words, [str(tmp_path)] * 4, chunksize=1) == ["ngư_dân ra khơi"] * 4
    assert [path.suffix for path in tmp_path.iterdir()] == [".npz"]


@pytest.mark.parametrize("damage", ["empty", "other", "cut", "templates", "labels"])
def test_a_model_of_another_form_is_refused(tmp_path: Path, damage: str) -> None:
    for path in MODEL.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    model = (MODEL / "models.bin").read_bytes()
    match damage:
        case "empty":
            (tmp_path / "models.bin").write_bytes(b"")
        case "other":
            (tmp_path / "models.bin").write_bytes(b"lCRF" + bytes(60))
        case "cut":
            (tmp_path / "models.bin").write_bytes(model[: len(model) // 2])
        case "labels":
            (tmp_path / "models.bin").write_bytes(model.replace(b"B-W", b"B-X"))
        case "templates":
            joblib.dump(["T[0]", "T[-3,0].lower"], tmp_path / "features.bin")
    with pytest.raises(UnknownModel):
        read_tables(tmp_path)
