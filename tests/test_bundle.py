"""The support archive: whole, without secrets, made whatever is broken, and opened by `replay`."""

import contextlib
import gzip
import io
import json
import stat
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.bundle import redact
from agent.bundle.archive import MANIFEST, NotABundleError, is_bundle, recordings_in, unpacked
from agent.recording import header_line
from tests.e2e import whole

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config/agent.example.toml"
NUMBER = "0012345678"
HEADER = {
    "recording": 1,
    "elevator": "e01",
    "wall": "2026-11-23T08:00:00.000Z",
    "t": 0.0,
    "signals": ["alarm.button", "card.duty"],
}
LINES: list[dict[str, object]] = [
    HEADER,
    {"t": 1.0, "signal": "card.duty", "value": NUMBER},
    {"t": 2.0, "signal": "alarm.button", "value": True},
    {"t": 5.0, "signal": "alarm.button", "value": False},
    {"t": 6.0, "signal": "card.duty", "value": NUMBER},
    {"t": 9.0},
]


def cli(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", *(str(each) for each in arguments)]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment},
    )


def installation(folder: Path, extra: str = "") -> Path:
    config = folder / "agent.toml"
    config.write_text(
        f'[elevator]\nsite = "here" # a note of the owner\nid = "e01"\n[outbox]\npath = "{folder}/outbox.db"\n'
        f'[control]\npath = "{folder}/control.sock"\n{extra}'
    )
    return config


def recording(
    folder: Path, name: str = "20261123T080000Z-critical-alarm_button-7f3a.jsonl.gz"
) -> Path:
    path = folder / "recordings" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(gzip.compress(b"".join(json.dumps(each).encode() + b"\n" for each in LINES)))
    return path


def contents(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        files = {about.name.partition("/")[2]: tar.extractfile(about) for about in tar}
        return {name: file.read() for name, file in files.items() if file is not None}


# ---------------------------------------------------------------- what leaves, and what does not


def test_a_configuration_without_comments_means_the_same() -> None:
    raw = EXAMPLE.read_text()
    redacted = redact.configuration(raw)
    assert tomllib.loads(redacted) == tomllib.loads(raw)
    assert not [line for line in redacted.splitlines() if line.startswith("#")]


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('name = "lift #3" # password: x', 'name = "lift #3"'),
        ("name = 'lift #3' # x", "name = 'lift #3'"),
        (r'name = "a \" # b" # x', r'name = "a \" # b"'),
        (r'name = "a \\" # x', r'name = "a \\"'),
        (r"name = 'a \' # x", r"name = 'a \'"),
        ('"alarm.button" = { pin = 17 } # x', '"alarm.button" = { pin = 17 }'),
        ("# x", ""),
    ],
)
def test_a_number_sign_within_quotes_is_no_comment(line: str, left: str) -> None:
    assert redact.configuration(line).strip() == left


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("see rtsp://admin:pass@10.0.0.9:554/1", "see rtsp://10.0.0.9:554/1"),
        ('url = "mqtts://u:pa@SECRET@h"', 'url = "mqtts://h"'),
        ('url = "rtsp://u:pa/SECRET@h/1"', 'url = "rtsp://h/1"'),
        ('address = "cam:SECRET@host:554"', 'address = "host:554"'),
        ('url = "tcp://h?password=SECRET&x=1"', 'url = "tcp://h?password=***&x=1"'),
        ("see tcp://127.0.0.1:5020, me@home", "see tcp://127.0.0.1:5020, me@home"),
        ("serial:///dev/ttyUSB0?baudrate=9600", "serial:///dev/ttyUSB0?baudrate=9600"),
    ],
)
def test_an_address_loses_its_user_and_password(said: str, left: str) -> None:
    assert redact.text(said) == left


BROKEN = '''\
[mqtt]
host = "broker" # SECRET
password = "SECRET"
token = 'SECRET'
pine=SECRET
host = "broker" SECRET
without = ["SECRET"]
key_text = """
-----SECRET
SECRET"""
port = 1883
-----BEGIN SECRET
[[drivers]]
inputs = { "alarm.button" = { pin = 17, active = "low", code = "SECRET" } }
address = "u:SECRET@h:1"
note = """SECRET
SECRET
'''


def test_of_a_refused_configuration_only_known_keys_keep_their_values() -> None:
    known = {"host", "port", "pin", "active", "inputs", "alarm.button", "address"}
    left = redact.broken_configuration(BROKEN, known)
    assert "SECRET" not in left
    for kept in ('host = "broker"', "port = 1883", "[[drivers]]", 'pin = 17, active = "low"'):
        assert kept in left
    assert 'password = "***"' in left


@given(st.text("ab=\"'#[]{}\\n ,@:/", max_size=60))
def test_no_line_with_an_unknown_key_keeps_its_value_whatever_stands_before(raw: str) -> None:
    left = redact.broken_configuration(f"x = {raw!r}\nkey = SECRET", {"x"})
    assert "SECRET" not in left


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "v", "value", "q", "signal"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(around=json_values, number=st.text("0123456789", min_size=6, max_size=12))
def test_no_card_number_is_left_wherever_it_stood(around: object, number: str) -> None:
    said = {
        "around": around,
        "signals": {"card.duty": {"v": number, "q": "good", "age_ms": 3}},
        "list": [{"signal": "card.other", "value": number}, {"card.third": number}],
    }
    cards = redact.Cards(b"secret")
    line = b"".join(cards.lines([json.dumps(said).encode()]))
    redacted = json.loads(line)
    mark = cards.stand_in(number)
    assert redacted["around"] == around
    assert redacted["signals"]["card.duty"] == {"v": mark, "q": "good", "age_ms": 3}
    assert redacted["list"] == [{"signal": "card.other", "value": mark}, {"card.third": mark}]
    assert number not in mark or len(number) < 7


def test_a_card_has_one_stand_in_within_an_archive_and_another_in_the_next() -> None:
    one, other = redact.Cards(b"a"), redact.Cards(b"b")
    assert one.stand_in(NUMBER) == one.stand_in(NUMBER) != other.stand_in(NUMBER)
    assert one.stand_in(NUMBER) != one.stand_in("0012345679")


def test_a_card_that_was_never_read_stays_unknown() -> None:
    (line,) = redact.Cards(b"a").lines([b'{"card.duty":{"v":null,"q":"no_answer"}}\n'])
    assert json.loads(line) == {"card.duty": {"v": None, "q": "no_answer"}}


def test_a_line_that_speaks_of_a_card_and_is_no_json_is_left_out() -> None:
    lines = [b'{"t":1,"signal":"card.duty","val\n', b'{"t":2.0}\n']
    assert list(redact.Cards(b"a").lines(lines)) == [b'{"t":2.0}\n']


# ---------------------------------------------------------------- beside a running service


def test_what_the_service_knows_is_in_it_and_replay_opens_it(tmp_path: Path) -> None:
    with whole(tmp_path) as bench:
        bench.agent.start()
        bench.press()
        bench.event("alarm_button")
        config = bench.agent.config
        assert cli("record", "save", "--config", config).returncode == 0
        made = cli("bundle", "--config", config, "--out", tmp_path / "b.tar.gz", "--json")
        told = json.loads(made.stdout)
        held = contents(tmp_path / "b.tar.gz")
        replayed = cli("replay", tmp_path / "b.tar.gz", "--json")
    assert {each["name"] for each in told["members"]} | {"README.txt", MANIFEST} == set(held)
    assert json.loads(held["status.json"])["elevator"]["id"] == "e01"
    assert "alarm_button.raised" in {
        json.loads(line)["type"] for line in held["events.jsonl"].splitlines()
    }
    assert json.loads(held["signals.json"])["signals"]
    assert tomllib.loads(held["configuration/agent.toml"].decode())["elevator"]["id"] == "e01"
    assert "alarm_button" in {
        json.loads(line)["data"]["code"] for line in replayed.stdout.splitlines()
    }
    assert replayed.returncode == 0


# ---------------------------------------------------------------- with no service, and with what is broken


def test_with_no_service_the_disk_is_still_told_of_and_what_is_missing_says_why(
    tmp_path: Path,
) -> None:
    recording(tmp_path)
    out = tmp_path / "b.tar.gz"
    made = cli("bundle", "--config", installation(tmp_path), "--out", out)
    held = contents(out)
    missing = {each["name"]: each["reason"] for each in json.loads(held[MANIFEST])["missing"]}
    assert made.returncode == 1
    assert "not running" in missing["status.json"]
    assert "journal" in missing["events.jsonl"]
    assert {"check.txt", "system.txt", "configuration/agent.toml"} <= set(held)
    assert b"note of the owner" not in held["configuration/agent.toml"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.glob("*.part")] == []


def test_a_broken_configuration_is_no_reason_to_have_no_archive(tmp_path: Path) -> None:
    config = installation(tmp_path, '[mqtt]\nprot = 1883\npassword = "SECRET"\n')
    made = cli("bundle", "--config", config, "--out", tmp_path / "b.tar.gz", "--lang", "zh")
    held = contents(tmp_path / "b.tar.gz")
    assert made.returncode == 1
    assert b'prot = "***"' in held["configuration/agent.toml"]
    assert b"SECRET" not in b"".join(held.values())
    missing = {each["name"]: each["reason"] for each in json.loads(held[MANIFEST])["missing"]}
    assert "prot" in held.get("check.txt", b"").decode() + missing.get("check.txt", "")


def test_no_card_number_leaves_in_a_recording(tmp_path: Path) -> None:
    recording(tmp_path)
    cli("bundle", "--config", installation(tmp_path), "--out", tmp_path / "b.tar.gz")
    held = contents(tmp_path / "b.tar.gz")
    (packed,) = [content for name, content in held.items() if name.startswith("recordings/2")]
    lines = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    marks = {line["value"] for line in lines if line.get("signal") == "card.duty"}
    assert not [name for name, content in held.items() if NUMBER.encode() in content]
    assert NUMBER.encode() not in gzip.decompress(packed)
    assert len(marks) == 1
    assert [line for line in lines if line.get("signal") != "card.duty"] == [
        line for line in LINES if line.get("signal") != "card.duty"
    ]


def test_replay_takes_the_newest_and_names_the_others(tmp_path: Path) -> None:
    old = recording(tmp_path, "20261101T080000Z-major-signal_lost-0001.jsonl.gz").name
    new = recording(tmp_path).name
    out = tmp_path / "b.tar.gz"
    cli("bundle", "--config", installation(tmp_path), "--out", out)
    plain, asked = cli("replay", out), cli("replay", out, "--recording", old)
    unknown = cli("replay", out, "--recording", "other")
    assert f"Replaying {new}" in plain.stderr
    assert old in plain.stderr
    assert f"Replaying {old}" in asked.stderr
    assert plain.returncode == asked.returncode == 0
    assert unknown.returncode == 2
    assert new in unknown.stderr


def test_an_archive_without_recordings_says_how_to_read_the_rest(tmp_path: Path) -> None:
    out = tmp_path / "b.tar.gz"
    cli("bundle", "--config", installation(tmp_path), "--out", out)
    said = cli("replay", out)
    assert said.returncode == 2
    assert "tar xzf" in said.stderr


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "nowhere" / "b.tar.gz"
    said = cli("bundle", "--config", installation(tmp_path), "--out", out)
    assert said.returncode == 2
    assert "--out" in said.stderr
    assert not out.parent.exists()


# ---------------------------------------------------------------- archives from elsewhere


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return path


@pytest.mark.parametrize("holds", [None, b"[elevator]\nsight = 1\n"])
def test_without_a_usable_configuration_the_defaults_replay_it(
    tmp_path: Path, holds: bytes | None
) -> None:
    members = {"b/recordings/a.jsonl.gz": recording(tmp_path).read_bytes()}
    if holds is not None:
        members["b/configuration/agent.toml"] = holds
    said = cli("replay", archive(tmp_path / "b.tar.gz", members), "--json")
    assert said.returncode == 0
    assert "defaults" in said.stderr
    assert "alarm_button" in said.stdout


def test_names_that_point_outside_are_passed_over(tmp_path: Path) -> None:
    hostile = archive(
        tmp_path / "b.tar.gz",
        {
            "b/../../recordings/x.jsonl.gz": b"",
            "/recordings/../y.jsonl.gz": b"",
            "b/configuration/controllers/../../../z.toml": b"",
            "b/recordings/a.jsonl.gz": b"a",
        },
    )
    assert recordings_in(hostile) == ["a.jsonl.gz"]
    with unpacked(hostile, "a.jsonl.gz") as (file, config):
        assert file.read_bytes() == b"a"
        assert not config.exists()
        assert [each.name for each in file.parents[1].rglob("*") if each.is_file()] == [
            "a.jsonl.gz"
        ]
    assert not file.exists()


def test_a_recording_is_no_archive_and_nothing_is(tmp_path: Path) -> None:
    assert not is_bundle(recording(tmp_path))
    assert not is_bundle(tmp_path / "nothing")
    (tmp_path / "plain.jsonl").write_bytes(header_line.__name__.encode())
    assert not is_bundle(tmp_path / "plain.jsonl")


@given(data=st.data())
def test_a_damaged_archive_is_said_to_be_one(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("b") / "b.tar.gz"
    whole_ = archive(path, {"b/recordings/a.jsonl.gz": bytes(range(256)) * 8}).read_bytes()
    raw = bytearray(whole_[: data.draw(st.integers(2, len(whole_)))])
    raw[data.draw(st.integers(2, len(raw))) - 1] ^= data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    if is_bundle(path):
        with contextlib.suppress(NotABundleError):
            assert len(recordings_in(path)) <= 1
