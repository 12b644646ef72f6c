"""diembao.toml: the shipped file is right, and every mistake in one is told with its line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.records import TOPICS
from pipeline.settings import Console, Settings, read_settings, read_toml, read_topics
from tests.conftest import ROOT

OFFICE = """
[office]
province = "Trường Xuân"
body = "Sở Văn hóa"
superior = "UBND tỉnh"
reading_office = "Ban Tuyên giáo"

[home]
gazetteer = "ten/tinh.tsv"
provinces = "/usr/share/tinh-thanh.tsv"
"""


@pytest.fixture
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIEMBAO_LANG", "en")


def written(folder: Path, source: str) -> Path:
    path = folder / "diembao.toml"
    path.write_text(source, encoding="utf-8")
    return path


def complaint(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    return str(caught.value)


def line_of(source: str, part: str) -> int:
    return source[: source.index(part)].count("\n") + 1


# --- right files


def test_the_shipped_configuration_is_valid_and_names_files_that_exist() -> None:
    office = read_settings(ROOT / "diembao.toml")
    for path in (office.home.gazetteer, office.home.provinces, office.sources, office.model):
        assert Path(path).exists(), path
    assert office.crawl.delay_seconds >= 1
    assert not office.crawl.allow_loopback
    assert office.console.host == "127.0.0.1"
    assert str(office.zone) == "Asia/Ho_Chi_Minh"


def test_the_shipped_topics_are_valid() -> None:
    assert {topic.id for topic in read_topics(ROOT / "models" / "topics.toml").topic} == set(TOPICS)


def test_paths_are_taken_from_the_folder_of_the_file(tmp_path: Path) -> None:
    office = read_settings(written(tmp_path, f'data = "kho"\n{OFFICE}'))
    assert office.home.gazetteer == str(tmp_path / "ten" / "tinh.tsv")
    assert office.home.provinces == "/usr/share/tinh-thanh.tsv"
    assert (office.data, office.sources) == (str(tmp_path / "kho"), str(tmp_path / "sources.toml"))


def test_only_the_office_and_the_home_province_must_be_given(tmp_path: Path) -> None:
    office = read_settings(written(tmp_path, OFFICE))
    assert office.office.contact == ""
    assert office.crawl == Settings.model_fields["crawl"].default


def test_a_whole_number_may_stand_where_a_number_with_a_fraction_may(tmp_path: Path) -> None:
    assert read_settings(written(tmp_path, f"{OFFICE}[crawl]\ndelay_seconds = 2\n")).crawl.delay_seconds == 2


# --- mistakes

MISTAKES = [
    # table, line, found, advice
    ("crawl", "delay_second = 2.0", "crawl.delay_second", 'Did you mean "delay_seconds"?'),
    ("crawl", "xyz = 2.0", "crawl.xyz", "Known keys: allow_loopback, delay_seconds, hosts_at_once,"),
    ("crawl", "delay_seconds = -1.0", "-1.0", "It must be 0.0 or more."),
    ("crawl", "delay_seconds = 61.0", "61.0", "It must be 60.0 or less."),
    ("crawl", "delay_seconds = nan", "nan", "It must be 60.0 or less."),
    ("crawl", "max_megabytes = inf", "inf", "It must be 100.0 or less."),
    ("crawl", "max_megabytes = 0", "0", "It must be more than 0"),
    ("crawl", "delay_seconds = '2'", "'2'", "Write a number."),
    ("crawl", "retries = 1.5", "1.5", "Write a whole number."),
    ("crawl", "retries = true", "True", "Write a whole number."),
    ("crawl", "hosts_at_once = 0", "0", "It must be 1 or more."),
    ("crawl", 'allow_loopback = "no"', "'no'", "Write true or false."),
    ("schedule", 'digest_at = "7:15"', "'7:15'", 'Write a time as "07:15".'),
    ("schedule", 'digest_at = "24:00"', "'24:00'", 'Write a time as "07:15".'),
    ("schedule", 'digest_at = "07:15\\n"', "07:15", 'Write a time as "07:15".'),
    ("schedule", "digest_at = 07:15:00", "datetime.time(7, 15)", "Write a string in quotes."),
    ("schedule", 'zone = "Hanoi"', "'Hanoi'", 'such as "Asia/Ho_Chi_Minh".'),
    ("schedule", 'zone = "../../etc/passwd"', "passwd", 'such as "Asia/Ho_Chi_Minh".'),
    ("console", 'language = "fr"', "'fr'", "Choose one of: 'vi', 'en'."),
    ("console", "port = 70000", "70000", "It must be 65535 or less."),
    ("mail", 'sender = "phong bao chi"', "'phong bao chi'", "Write a mail address such as"),
    ("mail", 'sender = "a@b.vn\\r\\nBcc: x@y.vn"', "Bcc", "Write a mail address such as"),
]


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(("table", "line", "found", "advice"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_a_mistake_is_told_with_file_line_value_and_advice(
    tmp_path: Path, table: str, line: str, found: str, advice: str
) -> None:
    source = f"{OFFICE}\n[digest]\nblind_sample = 5\n\n[{table}]  # ghi chú\n\n{line}\n"
    path = written(tmp_path, source)
    message = complaint(path)
    assert message.startswith(f"{path}:{line_of(source, line)}: {table}.{line.split(' ', maxsplit=1)[0]}: ")
    assert found in message
    assert advice in message
    assert "\n" not in message


@pytest.mark.usefixtures("in_english")
def test_all_mistakes_are_told_at_once_each_on_a_line_of_its_own(tmp_path: Path) -> None:
    source = f"dat = 'x'\n{OFFICE}[crawl]\nretries = 9\n\n[crwl]\n[console]\nport = 0\n".replace("body =", "bdy =")
    path = written(tmp_path, source)
    assert sorted(complaint(path).splitlines()) == sorted(
        [
            f'{path}:1: dat: unknown key. Did you mean "data"?',
            f'{path}:{line_of(source, "[office]")}: office.body: the key "body" is missing. Add it.',
            f'{path}:{line_of(source, "bdy")}: office.bdy: unknown key. Did you mean "body"?',
            f"{path}:{line_of(source, 'retries')}: crawl.retries: the value 9 will not do. It must be 5 or less.",
            f'{path}:{line_of(source, "[crwl]")}: crwl: unknown key. Did you mean "crawl"?',
            f"{path}:{line_of(source, 'port')}: console.port: the value 0 will not do. It must be 1 or more.",
        ]
    )


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    "written_as",
    [
        "[ crawl ]\nretries=9",
        "  [crawl]\n  retries   =   9  # nhiều",
        '[crawl]\n"retries" = 9',
        "[crawl]\n# retries = 1\nretries = 9",
        "crawl.retries = 9",
    ],
)
def test_the_line_is_right_however_the_key_is_written(tmp_path: Path, written_as: str) -> None:
    source = f"\n\n{written_as}\n{OFFICE}"
    path = written(tmp_path, source)
    assert complaint(path).startswith(f"{path}:{line_of(source, '9')}: crawl.retries: the value 9")


@pytest.mark.usefixtures("in_english")
def test_a_missing_table_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "")
    assert complaint(path).splitlines() == [
        f'{path}:1: office: the key "office" is missing. Add it.',
        f'{path}:1: home: the key "home" is missing. Add it.',
    ]


@pytest.mark.usefixtures("in_english")
def test_a_file_that_cannot_be_read_at_all_says_what_to_do(tmp_path: Path) -> None:
    assert complaint(tmp_path / "khong-co.toml").startswith(f"{tmp_path / 'khong-co.toml'}: no such file.")
    path = written(tmp_path, "")
    path.write_bytes("province = 'Quảng Trị'".encode("utf-16"))
    assert complaint(path) == f"{path}: not UTF-8. Save it as UTF-8."
    path = written(tmp_path, "[office]\nprovince = Quảng Trị\n")
    assert complaint(path).startswith(f"{path}:2: not valid TOML")
    path.write_bytes(b"\xef\xbb\xbf" + OFFICE.encode())  # as Notepad saves it
    assert read_settings(path).office.province == "Trường Xuân"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('province = "Trường Xuân"', 'province = ""'),
        (OFFICE[: OFFICE.index("[home]")], 'office = "Sở Văn hóa"\n'),
        ("[home]", '[crawl]\nretries = "x"\n[home]'),
        ("[home]", '[schedule]\nzone = "x"\n[home]'),
    ],
)
def test_advice_is_in_vietnamese_unless_english_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    monkeypatch.delenv("DIEMBAO_LANG", raising=False)
    message = complaint(written(tmp_path, OFFICE.replace(old, new)))
    assert "không được" in message
    assert "hould" not in message


def test_a_contact_that_cannot_stand_in_a_request_header_is_refused(tmp_path: Path) -> None:
    source = OFFICE.replace("[home]", 'contact = "báochí@tỉnh.vn"\n[home]')
    assert "office.contact" in complaint(written(tmp_path, source))


@settings(max_examples=60, deadline=None)
@given(port=st.integers(-10, 70_000) | st.sampled_from([0, 1, 65_535, 65_536]))
def test_a_port_is_taken_exactly_when_there_is_such_a_port(port: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "console.toml"
    path.write_text(f"port = {port}\n", encoding="utf-8")
    if 1 <= port <= 65_535:
        assert read_toml(path, Console).port == port
    else:
        with pytest.raises(ConfigError, match=f"{path.name}:1: port: .* {port} "):
            read_toml(path, Console)


@pytest.mark.usefixtures("in_english")
def test_a_topic_of_a_name_we_do_not_have_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "topics.toml"
    path.write_text('[[topic]]\nid = "weather"\ntarget_recall = 0.9\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"topics\.toml:2: topic\[1\]\.id: the value 'weather' will not do"):
        read_topics(path)


@pytest.mark.usefixtures("in_english")
def test_each_topic_must_be_there_once(tmp_path: Path) -> None:
    path = tmp_path / "topics.toml"
    path.write_text('[[topic]]\nid = "human_rights"\ntarget_recall = 0.9\nprevalence = 0.1\n' * 2, encoding="utf-8")
    with pytest.raises(ConfigError, match="Exactly these topics are needed, each once: sovereignty,"):
        read_topics(path)


# --- the command


def command(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("diembao")
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_a_mistake_in_either_file_ends_the_command_with_status_2_and_no_traceback(tmp_path: Path) -> None:
    path = written(tmp_path, OFFICE)
    (tmp_path / "sources.toml").write_text('[[source]]\nid = "bao"\nhme = "x"\n', encoding="utf-8")
    of_sources = command("coverage", folder=tmp_path)
    path.write_text(OFFICE + "[crawl]\nretries = 99\n", encoding="utf-8")
    of_settings = command("coverage", folder=tmp_path)
    path.unlink()
    missing = command("coverage", "--config", "khac.toml", folder=tmp_path)
    for done, place in (
        (of_sources, "sources.toml:3: source[1].hme: "),
        (of_settings, "diembao.toml:12: crawl.retries: "),
        (missing, "khac.toml: "),
    ):
        assert (done.returncode, done.stdout) == (2, "")
        assert place in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()
