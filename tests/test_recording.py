"""The form of a recording: what is read, what is refused, and how it says so (contract, 2)."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Quality, Reading
from agent.recording import RecordingError, batches, read_header, reading_line, time_line
from agent.replay import replay_events
from agent.settings import ElevatorSettings, Settings

FILE = Path("incident.jsonl")
SITE = Settings(elevator=ElevatorSettings(site="site", id="e01"))
SIGNALS = ["car.door_zone", "door.front", "car.floor", "machine_room.temperature_c"]
HEADER: dict[str, object] = {
    "recording": 1,
    "elevator": "e01",
    "boot_id": "b",
    "wall": "2026-11-23T08:00:00.000Z",
    "t": 0.0,
    "signals": SIGNALS,
}


def header(**changes):
    return json.dumps(HEADER | changes).encode()


def read(*lines):
    text = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return list(batches(FILE, iter([line + b"\n" for line in text]), SIGNALS))


def test_lines_of_equal_time_are_one_batch():
    assert read(
        {"t": 0.0, "signal": "car.door_zone", "value": True},
        {"t": 0.0, "signal": "door.front", "value": "closed"},
        {"t": 0.2, "signal": "door.front", "value": "opening"},
    ) == [
        (0, [Reading("car.door_zone", True, 0), Reading("door.front", "closed", 0)]),
        (200_000, [Reading("door.front", "opening", 200_000)]),
    ]


def test_time_has_six_decimals():
    assert [at for at, _ in read({"t": 1.0000014}, {"t": 1.000002}, {"t": 1.0000024})] == [
        1_000_001,
        1_000_002,
    ]


def test_a_line_with_time_alone_moves_time_on():
    assert read({"t": 3600.0}) == [(3_600_000_000, [])]


def test_a_quality_makes_a_value_unnecessary():
    assert read({"t": 7.4, "signal": "car.door_zone", "quality": "no_answer"}) == [
        (7_400_000, [Reading("car.door_zone", None, 7_400_000, Quality.NO_ANSWER)])
    ]
    bad = read({"t": 1, "signal": "car.floor", "value": 99, "quality": "bad"})
    assert bad[0][1][0].quality is Quality.BAD


def test_nothing_is_nothing():
    assert read() == []


def test_empty_lines_are_skipped():
    assert read(b"", {"t": 1.0}, b"  ") == [(1_000_000, [])]


def test_a_last_line_that_was_cut_ends_the_recording():
    lines = iter([b'{"t":1.0}\n', b'{"t":2.0,"sig'])
    assert list(batches(FILE, lines, SIGNALS)) == [(1_000_000, [])]


def test_a_whole_last_line_needs_no_newline():
    assert list(batches(FILE, iter([b'{"t":1.0}']), [])) == [(1_000_000, [])]


@pytest.mark.parametrize(
    ("line", "found", "allowed"),
    [
        ({"t": 1, "signal": "car.doorzone", "value": True}, "car.doorzone", "'car.door_zone'"),
        ({"t": 1, "signal": "car.light", "value": True}, "not in the header", "nearest"),
        ({"t": 1, "signal": "car.door_zone", "value": 1}, "car.door_zone = 1", "bool"),
        ({"t": 1, "signal": "car.door_zone"}, "car.door_zone = None", "a quality"),
        ({"t": 1, "signal": "car.floor", "value": True}, "car.floor = True", "int"),
        ({"t": 1, "signal": "car.floor", "value": 1.5}, "car.floor = 1.5", "int"),
        ({"t": 1, "signal": "door.front", "value": "ajar"}, "'ajar'", "closed, closing, fault"),
        ({"t": 1, "signal": "machine_room.temperature_c", "value": "hot"}, "'hot'", "float"),
        ({"t": 1, "signal": "car.floor", "quality": "stale"}, "not a line", '"t":0.2'),
        ({"t": "1"}, "not a line", '"t":0.2'),
        ({"signal": "car.floor", "value": 1}, "not a line", '"t":0.2'),
        ({"t": -1}, "t = -1", "rises from 0"),
        (b"[]", "not a line", '"t":0.2'),
        (b'{"t":1', "not a line", '"t":0.2'),
        (b"\xff\xfe", "not a line", '"t":0.2'),
        (b'{"t":1e999}', "not a line", '"t":0.2'),
        ({"t": 1e12}, "t = 1000000000000.0", "1e9"),
    ],
)
def test_a_wrong_line_says_where_what_and_what_is_allowed(line, found, allowed):
    with pytest.raises(RecordingError) as caught:
        read({"t": 0.0}, line, {"t": 9.0})
    assert (caught.value.file, caught.value.line) == (FILE, 3)
    assert found in caught.value.found.en
    assert allowed in caught.value.allowed.en
    assert "incident.jsonl, line 3: " in str(caught.value)


def test_time_that_goes_back_is_refused():
    with pytest.raises(RecordingError, match=r"line 3: t = 0.9. Time rises from 1.0"):
        read({"t": 1.0}, {"t": 0.9})


@pytest.mark.parametrize("value", [21, 21.5, -3])
def test_a_measured_value_may_be_a_whole_number(value):
    assert read({"t": 0, "signal": "machine_room.temperature_c", "value": value})


def test_no_signal_at_all_is_said_so():
    with pytest.raises(RecordingError, match="No signal is listed"):
        list(batches(FILE, iter([b'{"t":0,"signal":"car.floor","value":1}\n']), []))


# ---------------------------------------------------------------- header


def test_the_header_of_the_contract():
    got = read_header(FILE, header())
    assert (got.elevator, got.boot_id, got.signals) == ("e01", "b", tuple(SIGNALS))
    assert got.wall.isoformat() == "2026-11-23T08:00:00+00:00"
    assert got.drivers == {}


def test_a_family_s_signal_may_be_wired():
    assert read_header(FILE, header(signals=["intercom.car", "card.door"])).signals


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", "the header cannot be read"),
        (b"\n", "the header cannot be read"),
        (b"not json", "the header cannot be read"),
        (b"\xff", "the header cannot be read"),
        (b'{"t":0.0,"signal":"car.floor","value":1}', "the header cannot be read"),
        (header(recording=2), "recording version 2"),
        (header(recording="1"), "the header cannot be read"),
        (header(wall="yesterday"), "the header cannot be read"),
        (header(wall="2026-11-23T08:00:00"), "no time zone"),
        (header(wall="9999-12-31T23:59:59Z"), "wall"),
        (header(wall="0001-01-01T00:00:00+23:00"), "wall"),
        (header(signals="car.floor"), "the header cannot be read"),
        (header(signals=["car.flor"]), "unknown signal 'car.flor'"),
        (header(signals=["intercom."]), "unknown signal 'intercom.'"),
    ],
)
def test_a_wrong_header_says_what_is_wrong(text, found):
    with pytest.raises(RecordingError) as caught:
        read_header(FILE, text)
    assert caught.value.line == 1
    assert found in caught.value.found.en


def test_an_unknown_signal_in_the_header_names_the_nearest():
    with pytest.raises(RecordingError, match=r"The nearest is 'car\.floor'"):
        read_header(FILE, header(signals=["car.flor"]))


# ---------------------------------------------------------------- writing


def test_a_reading_as_a_line():
    assert json.loads(reading_line(Reading("car.floor", 3, 1_200_001), 200_000)) == {
        "t": 1.000001,
        "signal": "car.floor",
        "value": 3,
    }
    lost = Reading("car.floor", None, 200_000, Quality.NO_ANSWER)
    assert json.loads(reading_line(lost, 200_000)) == {
        "t": 0.0,
        "signal": "car.floor",
        "quality": "no_answer",
    }
    assert json.loads(time_line(3_600_000_000, 0)) == {"t": 3600.0}


@given(st.integers(0, 10**15 - 1))
def test_every_microsecond_survives_being_written(at_us):
    assert next(batches(FILE, iter([time_line(at_us, 0) + b"\n"]), []))[0] == at_us


# ---------------------------------------------------------------- hostile bytes


def survives(path, data):
    path.write_bytes(data)
    try:
        for _ in replay_events(path, SITE):
            pass
    except RecordingError:
        return


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=400))
def test_any_bytes_are_events_or_a_recording_error(data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "fuzz.jsonl"
    survives(path, data)
    survives(path, header() + b"\n" + data)
    survives(path, b"\x1f\x8b" + data)
    survives(path, gzip.compress(header() + b"\n" + data))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
LINE = st.dictionaries(st.sampled_from(["t", "signal", "value", "quality", "x"]), JSON)


@settings(max_examples=150, deadline=None)
@given(lines=st.lists(LINE, max_size=5), head=LINE)
def test_any_json_is_events_or_a_recording_error(lines, head, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "json.jsonl"
    text = "\n".join(json.dumps(line) for line in [HEADER | head, *lines]) + "\n"
    survives(path, text.encode())


@settings(max_examples=150, deadline=None)
@given(damage=st.dictionaries(st.integers(2, 90), st.integers(0, 255), min_size=1, max_size=4))
def test_a_packed_recording_damaged_anywhere_is_events_or_a_recording_error(
    damage, tmp_path_factory
):
    packed = bytearray(gzip.compress(header() + b"\n" + b'{"t":1.0}\n' * 50))
    for index, byte in damage.items():
        packed[index] = byte
    survives(tmp_path_factory.getbasetemp() / "damaged.jsonl.gz", bytes(packed))


@pytest.mark.parametrize("length", [0, 2, 10, 60, 120])
def test_a_packed_recording_cut_anywhere_is_what_was_written_or_a_recording_error(length, tmp_path):
    packed = gzip.compress(header() + b"\n" + b'{"t":1.0}\n' * 50)
    survives(tmp_path / "cut.jsonl.gz", packed[:length])
