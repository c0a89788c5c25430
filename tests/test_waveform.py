"""A recording drawn as text: what a column shows, which part and which signals are chosen, and whole screens as kept."""

import json
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.__main__ import main
from agent.cli.texts import TEXTS
from agent.model import SECOND_US, Event, Fact, Quality, Reading, Severity, Transition
from agent.signals import MODES
from agent.waveform import ASCII, BLOCKS, Axis, Traces, row_of
from agent.waveform_pick import WHOLE_MOST_US, instant_of, signals_shown, stretch
from agent.waveform_screen import MARKS, label_width, mark_of, screen
from tests.histories import histories

RECORDINGS = Path(__file__).parent / "recordings"
EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "entrapment.jsonl"


def s(seconds):
    return round(seconds * SECOND_US)


def drawn(signal, *changes, columns=10, glyphs=BLOCKS, start=0.0, end=10.0):
    """One signal's row; a change is (second, value), None for unknown."""
    traces = Traces([signal], Axis(s(start), s(end), columns))
    for second, value in changes:
        quality = Quality.NO_ANSWER if value is None else Quality.GOOD
        traces.take(s(second), [Reading(signal, value, s(second), quality)])
    return row_of(signal, traces.columns(signal), glyphs)


# ---- one row ----


def test_a_contact_is_low_high_or_both_and_unknown_before_it_speaks():
    row = drawn("car.moving", (1, False), (3.5, True), (6, False), (8, None))
    assert row.text[0] == "·"
    assert row.text[2:8] == "▁▄██▄▁"
    assert row.text[9] == "·"


def test_a_pulse_shorter_than_a_column_is_seen():
    row = drawn("alarm.button", (0, False), (5.2, True), (5.4, False))
    assert row.text == "▁▁▁▁▁▄▁▁▁▁"


def test_a_change_at_a_column_s_first_instant_counts_into_it():
    assert drawn("car.moving", (0, True), (5, False)).text == "█████▄▁▁▁▁"
    assert drawn("car.moving", (0, True), (0, False)).text == "▁" * 10  # the last of one instant


def test_doors_show_what_they_are_doing():
    row = drawn(
        "door.front", (0, "closed"), (1, "opening"), (2.5, "open"), (4, "closing"), (5, "stopped"),
        (6, "fault"), (7, "not_closed"), (8, "closed"), (9.5, "open"),
    )  # fmt: skip
    assert row.text == "▁/█" + "█\\s!n▁▄"
    assert row.letters == {
        "/": "opening", "\\": "closing", "s": "stopped", "!": "fault", "n": "not_closed"
    }  # fmt: skip
    assert drawn("door.rear", (0, "closed")).letters == {}


def test_enumerations_are_letters_of_their_own_and_the_row_says_which():
    row = drawn("car.mode", (0, "inspection"), (3, "independent"), (6, "normal"), (8, None))
    assert row.text == "IIINNNOO··"
    assert row.letters == {"I": "inspection", "N": "independent", "O": "normal"}


def test_every_mode_has_a_letter_of_its_own():
    changes = [(n / 2, mode) for n, mode in enumerate(MODES)]
    row = drawn("car.mode", *changes, columns=20)
    assert len(row.letters) == len(MODES)


def test_a_direction_is_an_arrow():
    changes = [(0, "none"), (3, "up"), (6, "down")]
    assert drawn("car.direction", *changes).text == "---↑↑↑↓↓↓↓"
    assert drawn("car.direction", *changes, glyphs=ASCII).text == "---^^^vvvv"


def test_numbers_are_scaled_from_their_lowest_to_their_highest_in_sight():
    row = drawn("car.speed_mm_s", (0, 0), (2, 350), (5, 700), (8, None))
    assert row.text == "▁▁▅▅▅████·"  # the column in which it was lost shows what came before
    assert row.scale == (0, 700)
    assert drawn("car.speed_mm_s", (0, 0), (2, 700), glyphs=ASCII).text == "__########"


def test_a_peak_within_a_column_is_seen_and_never_forgotten_for_many_others():
    many = [(5 + n / 100, n) for n in (50, 90, *range(1, 40))]
    row = drawn("car.speed_mm_s", (0, 0), *many, (5.9, 3))
    assert row.text == "▁▁▁▁▁█▁▁▁▁"
    assert row.scale == (0, 90)


def test_a_number_that_stands_still_and_one_that_is_unknown():
    assert drawn("car.floor", (0, 4)).scale == (4, 4)
    assert drawn("car.floor").text == "·" * 10
    assert drawn("car.floor").scale is None


def test_many_unknowns_and_texts_in_a_column_keep_the_last():
    words = [(5 + n / 50, f"{n}") for n in range(20)]
    assert drawn("car.floor_label", (0, "B1"), *words, (5.9, None)).text == "B1   ·····"
    lost = [(5 + n / 50, n if n % 2 else None) for n in range(40)]
    assert drawn("car.floor", (0, 0), *lost).text == "▁▁▁▁▁█████"


def test_a_text_stands_where_it_begins():
    row = drawn("car.floor_label", (0, "B1"), (3, "12"), (4, "13"), (7, None))
    assert row.text == "B1 113 ···"


def test_what_happened_before_the_stretch_is_known_and_what_comes_after_it_is_not_drawn():
    assert drawn("car.moving", (0, True), (5, False), start=2, end=4).text == "█" * 10
    assert drawn("car.moving", (0, True), (4, False), start=2, end=4).text == "█" * 9 + "▄"


def test_only_changes_within_the_stretch_count_as_such():
    traces = Traces(["car.moving", "car.floor"], Axis(s(1), s(9), 8))
    for second, value in ((0, True), (1, False), (2, False), (3, True), (9.5, False)):
        traces.take(s(second), [Reading("car.moving", value, s(second)), Reading("x", 1, 0)])
    assert traces.changed == {"car.moving": 1, "car.floor": 0}
    assert traces.columns("car.moving")[0] == [False]  # what it became at the first instant


@given(histories(), st.integers(1, 60), st.floats(0, 1), st.floats(0, 1))
def test_every_row_is_as_wide_as_the_axis(history, columns, one, other):
    end_us = history[-1][0]
    from_us, to_us = sorted((round(one * end_us), round(other * end_us)))
    names = ["car.moving", "door.front", "car.mode", "car.load_percent", "car.floor"]
    for glyphs in (BLOCKS, ASCII):
        traces = Traces(names, Axis(from_us, to_us, columns))
        for at_us, readings in history:
            traces.take(at_us, readings)
        for name in names:
            assert len(row_of(name, traces.columns(name), glyphs).text) == columns


# ---- which part ----


def event(code, seconds, severity=Severity.CRITICAL, transition=Transition.RAISED, since=None, **m):
    since_us = None if since is None else s(since)
    return Event(
        code=code, transition=transition, severity=severity, at_us=s(seconds), since_us=since_us, **m
    )  # fmt: skip


DAY = s(86_400)


def test_a_short_recording_is_shown_whole_and_a_long_one_without_events_too():
    assert stretch([event("a", 5)], WHOLE_MOST_US, None, None) == (0, WHOLE_MOST_US)
    assert stretch([], DAY, None, None) == (0, DAY)


def test_a_long_one_is_shown_around_its_gravest_raise_until_that_is_over():
    events = [
        event("mains_lost", 100, Severity.MAJOR),
        event("trapped_passengers", 5000, since=4910),
        event("trapped_passengers", 5200, transition=Transition.CLEARED),
        event("alarm_button", 6000),
    ]
    assert stretch(events, DAY, None, None) == (s(4865), s(5210))
    assert stretch(events[:2], DAY, None, None) == (s(4865), s(5060))
    assert stretch([event("a", 9000), event("a", 20_000, transition=Transition.CLEARED)], DAY, None, None) == (
        s(8955), s(9555),
    )  # fmt: skip
    notice = event("mode_changed", 9000, Severity.INFO, Transition.NOTICE)
    assert stretch([notice], DAY, None, None) == (s(8955), s(9060))
    early = event("a", 3)
    assert stretch([early], DAY, None, None)[0] == 0


def test_what_was_asked_for_is_shown_as_far_as_there_is_any():
    assert stretch([event("a", 5)], DAY, s(10), None) == (s(10), DAY)
    assert stretch([], DAY, None, s(20)) == (0, s(20))
    assert stretch([], s(60), s(30), s(600)) == (s(30), s(60))
    assert stretch([], s(60), s(30), s(30)) == (s(30), s(31))  # a second is the least
    assert stretch([], 0, s(5), None) == (0, s(1))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("75", 75), ("75s", 75), ("1.5m", 90), ("2h", 7200), ("1d", 86_400), ("0", 0),
        ("16:00:35", 35), ("16:01", 60), ("16:00:00.25", 0.25), ("15:59:59", 86_399),
        ("24:00", None), ("16:60", None), ("16:00:60", None), ("soon", None), ("", None), ("-5", None),
    ],
)  # fmt: skip
def test_an_instant_is_a_span_from_the_beginning_or_a_time_of_day(text, seconds):
    expected = None if seconds is None else s(seconds)
    assert instant_of(text, s(16 * 3600)) == expected


def test_signals_that_decided_come_first_then_those_that_changed():
    facts = {"car.door_zone": Fact(v=False), "car.moving": Fact(v=False)}
    events = [
        event("mains_lost", 1, Severity.MAJOR, evidence={"power.mains": Fact(v=False)}),
        event("trapped_passengers", 5, evidence=facts, unknown=("car.load_percent",)),
    ]
    changed = {"car.floor": 3, "car.moving": 1, "car.door_zone": 1, "power.mains": 0,
               "car.load_percent": 0, "alarm.button": 0}  # fmt: skip
    in_order = ["car.door_zone", "car.moving", "car.load_percent", "power.mains", "car.floor"]
    assert signals_shown(events, changed, 10) == (in_order, 0)
    assert signals_shown(events, changed, 3) == (in_order[:3], 2)
    assert signals_shown([], {"car.floor": 0}, 3) == (["car.floor"], 0)
    assert signals_shown(events, {"car.floor": 0}, 3) == (["car.floor"], 0)  # not wired here


# ---- a whole screen ----


def say(key):
    return TEXTS[key][0]


def lines(axis, events=(), rows=(), day=0.0, glyphs=ASCII):
    return screen(rows, events, axis, s(day), label_width([r.signal for r in rows]), glyphs, say)


def test_times_stand_at_round_instants_of_the_day():
    times, ticks = lines(Axis(s(3), s(63), 60), day=8 * 3600 + 57)
    assert times == " 08:01:00  08:01:10  08:01:20  08:01:30  08:01:40  08:01:50"
    assert [i for i, sign in enumerate(ticks) if sign == "|"] == [1, 11, 21, 31, 41, 51]


@pytest.mark.parametrize("seconds", [1, 5, 59, 600, 3600, 86_400, 40 * 86_400])
@pytest.mark.parametrize("columns", [20, 61, 120])
def test_times_never_touch_and_never_leave_the_screen(seconds, columns):
    times, ticks, *_ = lines(Axis(0, s(seconds), columns), day=3)
    assert len(times) <= columns + 1
    assert len(times.split()) == ticks.count("|")
    assert all(len(each) == 8 for each in times.split())


def test_marks_of_one_column_stand_below_each_other_as_far_as_there_is_room():
    events = [event("a", 5) for _ in range(6)] + [event("b", 9)]
    marks = lines(Axis(0, s(10), 20), events)[2:]
    assert [line.strip() for line in marks] == ["1       7", "2", "3", "4"]
    assert mark_of(0) == "1"
    assert mark_of(len(MARKS)) == "*"


def test_a_long_name_keeps_the_end_that_tells_it_from_others():
    rows = [drawn("machine_room.temperature_c", (0, 1.5)), drawn("car.moving", (0, True))]
    told = lines(Axis(0, s(10), 10), rows=rows)
    assert told[2].startswith("~ne_room.temperature_c ")
    assert told[3].startswith("car.moving             █")


def test_the_legend_explains_what_occurs_and_nothing_else():
    rows = [
        drawn("door.front", (0, "closed"), (5, "opening"), glyphs=ASCII),
        drawn("car.mode", (0, "normal"), glyphs=ASCII),
        drawn("car.floor", (0, 1), (3, 4), (8, None), glyphs=ASCII),
    ]
    assert lines(Axis(0, s(10), 10), rows=rows)[-3:] == [
        "_ false, closed  / opening  ? unknown",
        "car.mode: N normal",
        "car.floor: _ 1  # 4",
    ]
    assert lines(Axis(0, s(10), 10)) == [" 00:00:00", " |"]


# ---- the verb ----


@pytest.fixture
def replay(tmp_path, monkeypatch, capfd):
    """Draw a recording as the verb does, with clocks in Shanghai."""
    config = tmp_path / "agent.toml"
    config.write_text('[elevator]\nsite = "site"\nid = "e01"\n', encoding="utf-8")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    time.tzset()

    def run(file, *options, lang="en", code=0):
        ended = main(["--lang", lang, "replay", str(file), "--config", str(config), *options])
        assert ended == code
        return capfd.readouterr()

    yield run
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("width", [80, 120])
def test_the_entrapment_can_be_seen(replay, lang, width):
    """The screens as they were looked at and found good; rewrite them only after looking again."""
    out = replay(EXAMPLE, "--width", str(width), lang=lang).out
    kept = RECORDINGS / f"entrapment.{lang}.{width}.txt"
    assert out == kept.read_text(encoding="utf-8")


def test_a_part_says_that_it_is_one_and_shows_only_what_was_asked_for(replay):
    out = replay(
        EXAMPLE, "--from", "20s", "--to", "00:10:33", "--signals", "door.*, car.moving",
        "--width", "60",
    ).out.splitlines()  # fmt: skip
    assert "part of a recording of 35 s" in out[1]
    assert [line.split()[0] for line in out[5:7]] == ["door.front", "car.moving"]
    assert all(len(line) <= 60 for line in out)
    listed = [line for line in out if "critical" in line]
    assert [line[0] for line in listed] == ["1", "2", " ", " "]  # those outside have no mark


def test_what_is_not_in_the_recording_is_answered_with_what_is(replay):
    told = replay(EXAMPLE, "--signals", "car.mode", code=2)
    assert "car.mode: no such signal" in told.err
    assert "door.front" in told.err
    assert "'soon' is no instant" in replay(EXAMPLE, "--from", "soon", code=2).err


def test_more_signals_than_fit_are_counted(replay, tmp_path):
    file = tmp_path / "many.jsonl"
    names = [f"camera.c{n}" for n in range(20)]
    quoted = ",".join(f'"{name}"' for name in names)
    text = f'{{"recording":1,"wall":"2026-11-23T08:00:00Z","signals":[{quoted}]}}\n'
    for t, value in ((0, "true"), (1, "false")):
        text += "".join(f'{{"t":{t}.0,"signal":"{n}","value":{value}}}\n' for n in names)
    file.write_text(text)
    out = replay(file).out
    assert "6 more signals changed" in out
    assert "No events." in out


def test_a_recording_that_breaks_off_is_shown_as_far_as_it_goes(replay, tmp_path):
    file = tmp_path / "broken.jsonl"
    file.write_bytes(EXAMPLE.read_bytes() + b"nonsense\n")
    told = replay(file, "--width", "80", code=2)
    assert "Passengers trapped" in told.out
    assert "car.door_zone       ████" in told.out
    assert "broken.jsonl, line" in told.err
    file.write_bytes(EXAMPLE.read_bytes().split(b"\n")[0] + b"\nnonsense\n")
    assert "No events." in replay(file, code=2).out


def test_a_terminal_without_blocks_gets_ascii(replay, monkeypatch, tmp_path):
    config = tmp_path / "agent.toml"
    done = subprocess.run(
        [sys.executable, "-m", "agent", "replay", str(EXAMPLE), "--config", str(config)],
        env={"PYTHONIOENCODING": "ascii", "PATH": "/usr/bin", "LANG": "C"},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.isascii()
    assert b"|__" in done.stdout
    assert b"\x1b" not in done.stdout


HOSTILE = "\x1b]52;c;QUFB\x07\x1b[2J\x9b31m\u202e\u2066x"


def hostile(folder, last=""):
    """A recording whose every free text would be obeyed by a terminal."""
    lines = [
        {"recording": 1, "elevator": HOSTILE, "wall": "2026-11-23T08:00:00Z",
         "signals": ["card.machine_room", "car.floor_label"]},
        {"t": 0.0, "signal": "card.machine_room", "value": HOSTILE},
        {"t": 1.0, "signal": "car.floor_label", "value": HOSTILE},
        {"t": 60.0},
    ]  # fmt: skip
    file = folder / "hostile.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in lines) + last)
    return file


def obeyed(told):
    return [each for each in told.out + told.err if not each.isprintable() and each != "\n"]


def test_nothing_in_a_recording_is_obeyed_by_the_terminal(replay, tmp_path):
    told = replay(hostile(tmp_path))
    assert not obeyed(told)
    assert "?]52;c;QUFB??[2J?31m" in told.out  # shown, as far as it can be
    wrong = json.dumps({"t": 61.0, "signal": HOSTILE, "value": 1}, ensure_ascii=False) + "\n"
    told = replay(hostile(tmp_path, wrong), code=2)
    assert not obeyed(told)
    assert "QUFB" in told.err
    asked = replay(hostile(tmp_path), "--signals", HOSTILE, "--from", HOSTILE, code=2)
    assert not obeyed(asked)


def test_nothing_in_a_recording_of_an_archive_is_obeyed_either(replay, tmp_path):
    packed = tmp_path / "a.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(hostile(tmp_path), "a/recordings/20261123T080000Z-manual-0.jsonl.gz")
        manifest = tmp_path / "manifest.json"
        manifest.write_text('{"bundle":1}')
        archive.add(manifest, "a/manifest.json")
    told = replay(packed)
    assert not obeyed(told)
    assert "QUFB" in told.out
