"""The parts of the demonstration that need no process of it: judging, pacing, drawing, texts; and its subscriber."""

import json
import re
import string
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from agent.cli.layout import columns
from hil.broker import Mosquitto
from hil.demo_facts import BUTTON, INTERCOM, TRAPPED, Delivery, Entry, Facts, Seen
from hil.demo_observer import CLIENT_ID, Observer
from hil.demo_stage import Stage
from hil.embedded_broker import EmbeddedBroker
from hil.screen_line import wrap
from hil.screen_panels import View, draw
from hil.story_lines import Lines
from hil.story_outcome import judge
from hil.story_script import STORY, Play
from hil.story_texts import TEXTS, Lang, Words
from hil.truth import signals_of
from hil.world import World

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ROOT = "elevator/v1/here/e01"


def entry(seq: int, code: str, transition: str) -> Entry:
    titles = {"en": code.replace("_", " "), "zh": "困人报警事件"}
    return Entry(seq, code, transition, "critical", None, titles, 100.0 + seq, 85.0 + seq)


JOURNAL = {
    each.seq: each
    for each in (
        entry(1, "agent_started", "notice"),
        entry(2, TRAPPED, "raised"),
        entry(3, BUTTON, "raised"),
        entry(4, TRAPPED, "cleared"),
        entry(5, BUTTON, "cleared"),
        entry(6, INTERCOM, "raised"),
        entry(7, INTERCOM, "cleared"),
    )
}


ALL = tuple(JOURNAL)


def but(*seqs: int) -> tuple[int, ...]:
    return tuple(seq for seq in ALL if seq not in seqs)


def facts(
    journal: dict[int, Entry] = JOURNAL,
    delivered: tuple[int, ...] = ALL,
    alarms: frozenset[str] = frozenset(),
    at_s: float = 0.0,
    status: dict[str, Any] | None = None,
) -> Facts:
    """A demonstration at its good end, unless said otherwise."""
    world = World(interval_s=None)
    signals = signals_of(world)
    events = {seq: Delivery(journal[seq], journal[seq].wall_s + 0.5) for seq in delivered}
    names = ("car.direction", "car.moving", "car.floor", "door.front", "alarm.button")
    return Facts(
        at_s=at_s,
        broker_on=True,
        modbus_on=True,
        elevator={**world.state(), "signals": signals},
        status=status or {"standing": [], "mqtt": {"connected": True}},
        signals={name: {"v": signals[name], "q": "good", "age_ms": 120} for name in names},
        journal=journal,
        seen=Seen(events, alarms, "online"),
    )


def without(*seqs: int) -> dict[int, Entry]:
    return {seq: each for seq, each in JOURNAL.items() if seq not in seqs}


def standing(code: str) -> dict[str, Any]:
    titles = {"en": "Passengers trapped", "zh": "困人"}
    alarm = {"code": code, "instance": None, "severity": "critical", "title": titles, "age_s": 12}
    return {"standing": [alarm], "mqtt": {"connected": True}}


# ---------------------------------------------------------------- the outcome


def test_a_story_that_went_well_is_fine_in_every_point() -> None:
    assert [check.name for check in judge(facts())] == [
        "raised", "raised", "cleared", "cleared", "raised", "heard", "gap_free", "nothing_stands",
    ]  # fmt: skip
    assert all(check.fine for check in judge(facts()))
    assert judge(facts())[0].values["after_s"] == 15.0
    assert judge(facts())[0].values["late_s"] == 0.5


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (facts(without(2), but(2)), {"not_raised", "gap"}),
        (facts(delivered=but(2)), {"raise_not_delivered", "gap"}),
        (facts(without(7), but(7)), {"not_cleared"}),
        (facts(delivered=but(5)), {"clear_not_delivered", "gap"}),
        (facts(delivered=but(1)), {"gap"}),
        (facts({}, ()), {"not_raised", "not_cleared", "gap"}),
        (facts(alarms=frozenset({TRAPPED})), {"still_stands"}),
        (facts(status=standing(TRAPPED)), {"still_stands"}),
    ],
)
def test_whatever_is_missing_is_named(seen: Facts, wrong: set[str]) -> None:
    assert {check.name for check in judge(seen) if not check.fine} == wrong
    lines = list(Lines(Words("en"), "a broker").outcome(judge(seen), None))
    assert sum("MISSING" in line for line in lines) >= len(wrong)
    assert "something is missing" in lines[-1]


def test_a_late_double_delivery_is_counted_and_is_no_fault() -> None:
    good = facts()
    twice = {**good.seen.events, 4: replace(good.seen.events[4], times=2)}
    check = judge(replace(good, seen=replace(good.seen, events=twice)))[6]
    assert (check.name, check.values["twice"]) == ("gap_free", 1)


# ---------------------------------------------------------------- the beats


class FakeStage:
    """Notes what is done to it."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.elevator = self.client = self

    def do(self, what: str, **_arguments: object) -> None:
        self.done.append(what)


def play(dwell_s: float) -> tuple[Play, FakeStage]:
    stage = FakeStage()
    return Play(cast("Stage", stage), dwell_s), stage


def test_a_beat_follows_when_it_was_seen_and_read() -> None:
    story, stage = play(dwell_s=4)
    online = facts()
    assert story.step(replace(online, at_s=0.0))
    for at_s in (0.2, 3.9):
        assert not story.step(replace(online, at_s=at_s))
    assert stage.done == []
    assert story.step(replace(online, at_s=4.0))
    assert stage.done == ["board"]


def test_what_comes_late_is_left_to_be_seen_though_it_passes() -> None:
    story, stage = play(dwell_s=4)
    silent = replace(facts(), signals={})
    story.step(replace(silent, at_s=0.0))
    for at_s, seen in ((10.0, facts()), (10.2, silent), (11.9, silent)):
        assert not story.step(replace(seen, at_s=at_s))
    assert story.step(replace(silent, at_s=12.0))
    assert stage.done == ["board"]


def test_a_beat_that_is_not_seen_in_time_ends_the_story_and_is_named() -> None:
    story, stage = play(dwell_s=0)
    silent = replace(facts(), signals={})
    story.step(replace(silent, at_s=0.0))
    over = []
    for at_s in (30.0, 30.1):
        assert not story.step(replace(silent, at_s=at_s))
        over.append(story.over)
    assert over == [False, True]
    assert story.missed is STORY[0]
    assert stage.done == []
    line, end = Lines(Words("en"), "a broker").outcome([], story.missed)
    assert "not come to this within 30 s" in line
    assert "missing" in end


# ---------------------------------------------------------------- texts and lines


@pytest.mark.parametrize("beat", STORY, ids=lambda beat: beat.name)
def test_every_beat_has_a_caption_of_two_lines_in_both_languages(beat: Any) -> None:
    for words in (Words("en"), Words("zh")):
        caption = Lines(words, "mosquitto, MQTT 5").caption(beat)
        assert len(wrap(caption, 77)) <= 2


def test_both_languages_fill_in_the_same_values() -> None:
    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text)} - {None}

    for key, (en, zh) in TEXTS.items():
        assert names(en) == names(zh), key


def test_a_happening_is_told_once() -> None:
    lines = Lines(Words("en"), "a broker")
    first = list(lines.happened(facts(delivered=(1, 2, 3))))
    assert sum("RAISED" in line for line in first) == 3
    assert sum("delivered" in line for line in first) == 3
    assert "connected" in first[0]
    assert [line[10:19] for line in lines.happened(facts())] == ["delivered"] * 4
    assert list(lines.happened(facts())) == []


# ---------------------------------------------------------------- the screen


def rows(drawn: str) -> list[str]:
    return CODES.sub("", drawn).split("\n")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("size", [(80, 24), (200, 60), (40, 10), (1, 1)])
def test_a_screen_fits_the_terminal_and_keeps_its_last_line(
    lang: Lang, size: tuple[int, int]
) -> None:
    view = View("Something happens " * 20, alarming=True, broker_name="mosquitto, MQTT 5")
    drawn = rows(draw(facts(status=standing(TRAPPED)), view, Words(lang), size))
    assert len(drawn) == min(24, size[1])
    assert max(columns(row) for row in drawn) <= size[0] - 1
    if size[0] >= 80:
        assert drawn[-1].rstrip().endswith(Words(lang)("key.q"))


def test_the_screen_says_when_the_agent_does_not_answer() -> None:
    view = View("", alarming=False, broker_name="")
    gone = replace(facts(), status=None, signals={})
    drawn = "\n".join(rows(draw(gone, view, Words("en"), (80, 24))))
    assert drawn.count("the agent does not answer") == 2
    assert "agent OFF" in drawn


@pytest.mark.parametrize(
    ("position_m", "in_zone", "row"),
    [(0.0, True, 14), (0.19, True, 14), (0.6, False, 13), (2.4, False, 13), (3.0, True, 12)],
)
def test_the_car_is_drawn_where_it_is(position_m: float, in_zone: bool, row: int) -> None:
    world = World(interval_s=None)
    world.car.position_m = position_m
    seen = replace(facts(), elevator=world.state())
    assert seen.car["car.door_zone"] is in_zone
    drawn = rows(draw(seen, View("", alarming=False, broker_name=""), Words("en"), (80, 24)))
    assert [index for index, line in enumerate(drawn) if "|[" in line] == [row]


def test_text_is_broken_at_blanks_and_chinese_anywhere() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("一二三四五", 4) == ["一二", "三四", "五"]
    assert wrap("", 4) == [""]


# ---------------------------------------------------------------- the subscriber


def message(seq: int) -> bytes:
    data = {
        "code": TRAPPED, "transition": "raised", "severity": "critical", "instance": None,
        "title": {"en": "Passengers trapped", "zh": "困人"}, "since": None,
    }  # fmt: skip
    said = {"sequence": f"{seq:012d}", "time": "2026-11-23T08:00:31.200Z", "data": data}
    return json.dumps(said).encode()


class Publisher:
    """Somebody who publishes as the agent does."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        info = self._client.publish(f"{ROOT}/{topic}", payload, qos=1, retain=retain)
        info.wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@pytest.mark.broker
@pytest.mark.parametrize("kind", ["mosquitto", "embedded"])
def test_the_subscriber_counts_repeats_and_misses_nothing_over_an_outage(kind: str) -> None:
    broker: Any = (
        Mosquitto(persistence=True)
        if kind == "mosquitto"
        else EmbeddedBroker((CLIENT_ID, f"{ROOT}/#"))
    )
    broker.start()
    observer = Observer(broker.host, broker.port, ROOT)
    try:
        observer.wait()
        agent = Publisher(broker.port)
        agent.say("event/critical/x", message(1))
        agent.say("event/critical/x", message(1))
        agent.say(f"alarm/{TRAPPED}", message(1), retain=True)
        until(lambda: observer.seen().alarms == {TRAPPED})
        assert observer.seen().events[1].times == 2
        agent.close()
        broker.stop()
        broker.start()
        agent = Publisher(broker.port)  # before the subscriber, which looks once a second
        agent.say("event/critical/x", message(2))
        agent.say(f"alarm/{TRAPPED}", b"", retain=True)
        agent.say("status", b'{"state":"online"}', retain=True)
        until(lambda: observer.seen().status == "online")
        assert set(observer.seen().events) == {1, 2}
        until(lambda: not observer.seen().alarms)
        agent.close()
    finally:
        observer.close()
        broker.close()
