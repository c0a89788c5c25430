"""The live view's parts without a terminal: the picture, the words, the pages, and how few bytes they cost."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.cli.layout import columns
from agent.cli.parts import Line
from agent.cli.signals import Signal
from agent.cli.texts import Words
from agent.cli.watching.car import ABOVE, BELOW, Trail, half_floors
from agent.cli.watching.changes import changes, said
from agent.cli.watching.facts import Fault, Seen, Watch
from agent.cli.watching.grid import Row, patch, rows_of
from agent.cli.watching.pages import View, draw, fault_text
from agent.cli.watching.panels import coarse_age, listed
from agent.cli.watching.shaft import shaft
from agent.cli.watching.show import Canvas, pressed
from agent.model import Instant
from tests.watched import AT_REST, ENTRAPMENT, FINE, STATUS, TRAPPED, event, signal

EN, ZH = Words("en"), Words("zh")
NOW = Instant(uptime_us=60_000_000, wall_us=1_795_000_000_000_000, synchronised=True)
COLOURS = {"critical": "1;31", "major": "31", "bold": "1", "dim": "2", "good": "32"}


def signals(**changed: Any) -> dict[str, Signal]:
    """The car at rest on landing 3, with signals changed by short names (`floor=5`), or taken away (`floor=...`)."""
    names = {name.split(".")[1]: name for name in AT_REST} | {"label": "car.floor_label", "rear": "door.rear",
             "load": "car.load_percent", "speed": "car.speed_mm_s", "locked": "landing_doors.locked"}  # fmt: skip
    raw = dict(AT_REST)
    for short, value in changed.items():
        if value is ...:
            del raw[names[short]]
        else:
            raw[names[short]] = signal(value) if value is not None else signal(None, "no_answer")
    return msgspec.convert(raw, dict[str, Signal], strict=False)


def watch(raw: Any = FINE) -> Watch:
    return msgspec.convert(raw, Watch)


def seen(raw: Any = FINE) -> Seen:
    return Seen(at=NOW, answer=watch(raw))


def texts(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def picture(
    height: int = 22, floors: int | None = 6, trail: Trail | None = None, **changed: Any
) -> str:
    found = signals(**changed)
    known = (trail or Trail()).after(Seen(at=NOW, answer=Watch(watch().status, found)))
    return "\n".join(texts(shaft(found, known, height, floors, "")))


# ---- the picture ----


def test_a_car_at_a_landing_stands_at_its_sill_with_its_doors() -> None:
    drawn = picture()
    assert "  3 =|| |      | ||=" in drawn
    assert len(drawn.splitlines()) == 13


@pytest.mark.parametrize(
    ("state", "leaves"),
    [("open", "|      |"), ("closed", "   ||   "), ("opening", "|<>|"), ("closing", "|><|"), ("stopped", "|  |"),
     ("not_closed", "|..|"), ("fault", "|!!|"), (None, "|??|"), ("new word", "|??|")],
)  # fmt: skip
def test_each_state_of_a_door_is_drawn(state: str | None, leaves: str) -> None:
    assert leaves in picture(front=state)


def test_of_two_doors_the_one_that_is_not_closed_is_drawn() -> None:
    assert "|!!|" in picture(front="closed", rear="fault")
    assert "   ||   " in picture(front="closed", rear="closed")
    assert "|          |" in picture(front=...)


@pytest.mark.parametrize(
    ("occupied", "mark"), [(True, "|o"), (False, "| |"), (None, "|?"), (..., "| |")]
)
def test_who_is_inside_is_drawn_and_unknown_is_a_question_mark(occupied: Any, mark: str) -> None:
    assert mark in picture(occupied=occupied)


def test_a_pressed_alarm_button_is_drawn() -> None:
    assert "*|" in picture(button=True)
    assert "*" not in picture(button=False) + picture(button=None)


@pytest.mark.parametrize(
    ("moving", "direction", "mark"),
    [(True, "up", "^^"), (True, "down", "vv"), (False, "up", ""), (True, "none", ""), (None, "up", "^^")],
)  # fmt: skip
def test_arrows_show_a_car_that_moves(moving: bool | None, direction: str, mark: str) -> None:
    cabin = next(
        line for line in picture(moving=moving, direction=direction).splitlines() if "3 =" in line
    )
    assert cabin.endswith(f"={mark}")


def test_outside_the_zone_the_car_hangs_between_its_landing_and_the_next_on_its_way() -> None:
    up = picture(door_zone=False, direction="up").splitlines()
    down = picture(door_zone=False, direction="down").splitlines()
    assert up[4] == "     || |      | ||"  # above landing 3
    assert down[6] == "     || |      | ||"


@pytest.mark.parametrize(
    ("floor", "zone", "side", "top", "half"),
    [(3, True, ABOVE, 5, 6), (3, None, ABOVE, 5, 6), (3, ..., ABOVE, 5, 6), (3, False, ABOVE, 5, 7),
     (3, False, BELOW, 5, 5), (0, False, BELOW, 5, 1), (5, False, ABOVE, 5, 9), (..., True, ABOVE, 5, 0),
     (..., False, BELOW, 5, 1)],
)  # fmt: skip
def test_the_height_of_the_car(floor: Any, zone: Any, side: int, top: int, half: int) -> None:
    found = signals(floor=floor, door_zone=zone)
    assert half_floors(found, Trail(side=side), top) == half


def test_an_unknown_landing_is_drawn_where_it_was_last_seen_and_says_so() -> None:
    known = Trail().after(seen())
    drawn = picture(trail=known, floor=None)
    assert "  3 =|| |      | ||=??" in drawn
    assert "-----" not in picture(floor=None)  # never seen: no car


def test_without_a_landing_signal_there_is_a_car_and_no_numbers() -> None:
    drawn = picture(floor=..., floors=None)
    assert "| |      | |" in drawn
    assert not re.search(r"\d", drawn)


def test_landings_are_called_as_displayed() -> None:
    trail = Trail().after(Seen(at=NOW, answer=Watch(watch().status, signals(floor=0, label="B1"))))
    assert " B1 =|" in picture(trail=trail)


@pytest.mark.parametrize("floor", [0, 1, 2, 23, 24, 25, 46, 47])
@pytest.mark.parametrize("height", [7, 8, 21, 22, 38])
@pytest.mark.parametrize("zone", [True, False])
def test_of_48_landings_those_around_the_car_are_drawn(floor: int, height: int, zone: bool) -> None:
    drawn = picture(height=height, floors=48, floor=floor, door_zone=zone).splitlines()
    assert len(drawn) == height
    assert any("|| |      | ||" in line for line in drawn)
    assert any("'----------'" in line for line in drawn)
    assert any(".----------." in line for line in drawn)
    if zone:
        assert any(f"{floor:>3} =|| |" in line for line in drawn)
    assert any("  : " in line for line in drawn) or height % 2 == 0


def test_a_car_that_rides_through_a_page_costs_no_new_page() -> None:
    at = [picture(height=22, floors=48, floor=floor).splitlines() for floor in (20, 21)]
    changed = sum(one != other for one, other in zip(*at, strict=True))
    assert changed <= 6


def test_where_nobody_says_how_many_landings_there_are_the_shaft_goes_on_above() -> None:
    drawn = picture(floors=None).splitlines()
    assert drawn[0].startswith("  : ")
    assert len(drawn) == 9  # as high as it was seen


# ---- words and pages ----


def page(raw: Any = FINE, words: Words = EN, size: tuple[int, int] = (80, 24), **view: Any) -> str:
    trail = Trail().after(seen(raw))
    return "\n".join(texts(draw(seen(raw), trail, View(words=words, **view), *size)))


def test_what_is_unknown_is_said() -> None:
    unknown = {name: signal(None, "no_answer") for name in AT_REST} | {
        "car.load_percent": signal(None, "bad")
    }
    drawn = page({**FINE, "signals": unknown})
    for part in ("landing unknown", "door zone unknown", "movement unknown", "front unknown", "alarm button unknown",
                 "occupancy unknown", "load unknown", "Mode    unknown", "NO ANSWER", "BAD"):  # fmt: skip
        assert part in drawn


def test_what_is_not_wired_is_not_spoken_of() -> None:
    drawn = page({**FINE, "signals": {"alarm.button": signal(False)}})
    for part in ("Car ", "Doors", "Mode", "unknown"):
        assert part not in drawn


def test_the_car_in_words() -> None:
    more = {"car.floor_label": signal("4F"), "car.speed_mm_s": signal(980), "car.moving": signal(True),
            "car.direction": signal("down"), "door.rear": signal("fault"), "landing_doors.locked": signal(False),
            "car.load_percent": signal(35), "car.call_registered": signal(True), "visit.active": signal(True)}  # fmt: skip
    drawn = page({**FINE, "signals": {**AT_REST, **more}}, size=(110, 24))
    for part in ("landing 3 (4F), in the door zone, moving down, 980 mm/s", "rear FAULT, LANDING DOOR UNLOCKED",
                 "nobody seen, load 35 %, call pending", "normal, maintenance visit"):  # fmt: skip
        assert part in drawn


def on_terminal(width: int, height: int, raw: Any = ENTRAPMENT, words: Words = EN) -> list[str]:
    """The car's page on a terminal of that size, of which the last column stays free."""
    return texts(draw(seen(raw), Trail().after(seen(raw)), View(words=words), width - 1, height))


@pytest.mark.parametrize(
    ("width", "height", "named"),
    [(20, 4, 1), (20, 5, 1), (20, 6, 2), (24, 8, 3), (40, 10, 3), (60, 9, 3)],
)
def test_on_a_small_screen_what_stands_raised_outranks_the_rest(
    width: int, height: int, named: int
) -> None:
    lines = on_terminal(width, height)
    assert len(lines) == height
    raised = [n for n, line in enumerate(lines) if line.endswith("3 (2 critical)")]
    titles = ("Passengers trapped", "Alarm button", "Intercom silent")
    for number, title in enumerate(titles[:named], start=raised[0] + 1):
        assert title in lines[number]


def test_the_smallest_screen_is_20_by_4_and_the_picture_begins_at_56_columns() -> None:
    assert "too small" in on_terminal(19, 4)[0]
    assert "too small" in on_terminal(20, 3)[0]
    assert "pingluo" in on_terminal(20, 4)[0]
    assert ".----------." not in "\n".join(on_terminal(55, 24))
    assert ".----------." in "\n".join(on_terminal(56, 24))


def test_the_columns_there_are_go_to_the_words() -> None:
    """Sixty columns: names whole up to their age, and what is too wide goes on below."""
    drawn = on_terminal(60, 20)
    assert any(line.endswith("critical Passengers trapped   45 s") for line in drawn)
    assert any(line.endswith("OUTSIDE THE DOOR ZONE,") for line in drawn)
    assert any(line.endswith("stopped") and "landing" not in line for line in drawn)
    taken = {**TRAPPED, "acknowledged": {"by": "Li Wei"}}
    raw = {**ENTRAPMENT, "status": {**ENTRAPMENT["status"], "standing": [taken]}}
    assert any(line.endswith("45 s ack") for line in on_terminal(60, 20, raw))


def test_lines_go_on_below_only_where_nothing_is_lost_for_it() -> None:
    drawn = "\n".join(on_terminal(40, 20))
    assert "controller up" in drawn


def test_critical_events_stand_first_and_what_has_no_room_is_counted() -> None:
    many = [{**TRAPPED, "severity": "minor", "instance": str(n)} for n in range(20)] + [TRAPPED]
    raw = {**FINE, "status": {**STATUS, "standing": many}}
    lines = page(raw).splitlines()
    at = next(n for n, line in enumerate(lines) if "Raised  21 (1 critical)" in line)
    assert "critical Passengers trapped" in lines[at + 1]
    assert "… and 14 more" in "\n".join(lines)
    assert "controller" in "\n".join(lines)


def test_an_acknowledged_alarm_says_so() -> None:
    taken = {**TRAPPED, "acknowledged": {"seq": 9, "at": "x", "by": "li"}}
    assert "47 s" not in page(
        {**FINE, "status": {**STATUS, "standing": [taken]}}
    )  # ages come in steps
    assert "45 s ack" in page({**FINE, "status": {**STATUS, "standing": [taken]}})


def test_a_service_that_does_not_answer_shows_nothing_old() -> None:
    fault = Fault("error.not_running", "/run/x.sock", "gone", NOW)
    later = Instant(uptime_us=NOW.uptime_us + 12_000_000, wall_us=NOW.wall_us, synchronised=True)
    down = Seen(at=later, fault=fault)
    drawn = "\n".join(texts(draw(down, Trail().after(seen()), View(words=EN), 80, 24)))
    assert "/run/x.sock (gone)" in drawn
    assert "nothing seen for 12 s" in drawn
    assert "landing" not in drawn
    assert "gone" in fault_text(fault, ZH)
    first = draw(Seen(at=NOW), Trail(), View(words=EN), 80, 24)
    assert "Asking the service" in "\n".join(texts(first))


def test_a_critical_event_is_told_through_a_pause() -> None:
    view = View(words=EN, paused=seen())
    still = texts(draw(seen(), Trail(), view, 100, 24))
    assert "PAUSED" in still[0]
    assert "CRITICAL" not in still[0]
    later = texts(draw(seen(ENTRAPMENT), Trail(), view, 100, 24))
    assert "PAUSED, CRITICAL RAISED" in later[0]
    assert "Raised  nothing" in "\n".join(later)


def test_events_are_leafed_through_newest_first() -> None:
    found = tuple(msgspec.json.encode(event(seq)) for seq in range(1, 51))
    shown = Seen(at=NOW, answer=watch(), events=found)
    view = View(words=EN, page="events")
    lines = texts(draw(shown, Trail(), view, 80, 24))
    assert "no. 50" in lines[2]
    view = pressed(view, "↓", shown)
    assert "no. 49" in texts(draw(shown, Trail(), view, 80, 24))[2]
    for _ in range(9):
        view = pressed(view, " ", shown)
    assert "no. 1 " in texts(draw(shown, Trail(), view, 100, 24))[22]
    empty = Seen(at=NOW, answer=watch())
    assert "none yet" in "\n".join(texts(draw(empty, Trail(), view, 80, 24)))


def test_keys() -> None:
    view, now = View(words=EN), seen()
    assert pressed(view, "s", now).page == "signals"
    assert pressed(pressed(view, "s", now), "s", now).page == "car"
    assert pressed(pressed(view, "s", now), "e", now).page == "events"
    assert pressed(view, "p", now).paused is now
    assert pressed(pressed(view, "p", now), "p", now).paused is None
    assert pressed(view, "l", now).words.lang == "zh"
    assert pressed(pressed(view, "l", now), "l", now).words.lang == "en"
    assert pressed(view, "k", now).down == 0
    assert pressed(view, "x", now) == view


@given(
    st.integers(1, 140), st.integers(1, 60), st.sampled_from(["car", "signals", "events", "help"]),
    st.sampled_from([EN, ZH]), st.sampled_from([FINE, ENTRAPMENT]), st.integers(0, 300),
)  # fmt: skip
def test_every_page_fits_every_screen(
    width: int, height: int, name: str, words: Words, raw: Any, down: int
) -> None:
    shown = Seen(at=NOW, answer=watch(raw), events=(msgspec.json.encode(event(1)),) * 30)
    lines = draw(
        shown, Trail().after(shown), View(words=words, page=name, down=down), width, height
    )
    assert len(lines) <= max(1, height)
    rows = rows_of(lines, width, height)
    assert len(rows) == height
    assert all(len(row) == width for row in rows)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "-"), (0.3, "< 2 s"), (1.9, "< 2 s"), (2, "2 s"), (4.9, "4 s"), (5, "5 s"), (47, "45 s"), (119.9, "115 s"),
     (120, "2 min"), (7200, "2 h"), (200_000, "2 d")],
)  # fmt: skip
def test_ages_come_in_steps(seconds: float | None, text: str) -> None:
    assert coarse_age(seconds, EN) == text


def test_a_list_without_room_says_how_much_is_missing() -> None:
    lines: list[Line] = [[(str(n), "")] for n in range(5)]
    assert texts(listed(lines, 5, EN)) == ["0", "1", "2", "3", "4"]
    assert texts(listed(lines, 3, EN)) == ["0", "1", "  … and 3 more"]
    assert listed(lines, 0, EN) == []
    assert listed(lines, -2, EN) == []


# ---- what is sent ----


class Screen:
    """Obeys what is sent like a terminal; knows no more than what the live view uses."""

    def __init__(self, width: int, height: int) -> None:
        self.rows = [[(" ", "")] * width for _ in range(height)]
        self._row = self._column = 0
        self._colour = ""

    def take(self, text: str) -> None:
        for escape, letter in re.findall("\x1b\\[([0-9;]*[A-Za-z])|([^\x1b])", text):
            if letter:
                self._put(letter)
            else:
                self._obey(escape[:-1], escape[-1])

    def _put(self, letter: str) -> None:
        width = columns(letter)
        if width == 0:
            before = next(n for n in range(self._column - 1, -1, -1) if self.rows[self._row][n][0])
            text, colour = self.rows[self._row][before]
            self.rows[self._row][before] = (text + letter, colour)
            return
        cells = [(letter, self._colour if letter != " " else ""), ("", self._colour)][:width]
        self.rows[self._row][self._column : self._column + width] = cells
        self._column += width

    def _obey(self, number: str, what: str) -> None:
        match what:
            case "H":
                row, column = number.split(";")
                self._row, self._column = int(row) - 1, int(column) - 1
            case "C":
                self._column += int(number)
            case "K":
                width = len(self.rows[0])
                self.rows[self._row][self._column :] = [(" ", "")] * (width - self._column)
            case "J":
                self.rows = [[(" ", "")] * len(row) for row in self.rows]
            case "m":
                self._colour = number.removeprefix("0;")
            case _:
                raise AssertionError(what)


def shown_as(rows: list[Row], colours: dict[str, str]) -> list[list[tuple[str, str]]]:
    return [[(letter, colours.get(kind, "")) for letter, kind in row] for row in rows]


PARTS = st.tuples(
    st.text(st.sampled_from("ab 困人é"), max_size=9), st.sampled_from(["", "major", "dim"])
)
PICTURES = st.lists(st.lists(PARTS, max_size=4), max_size=5)


@given(st.lists(PICTURES, min_size=1, max_size=4), st.integers(1, 30), st.booleans())
def test_what_is_sent_turns_one_screen_into_the_next(
    pictures: list[list[Line]], width: int, coloured: bool
) -> None:
    colours = COLOURS if coloured else {}
    terminal, canvas = Screen(width, 4), Canvas(colours)
    for lines in pictures:
        terminal.take(canvas.sent(lines, (width + 1, 4)))
        assert terminal.rows == shown_as(rows_of(lines, width, 4), colours)


def test_nothing_is_sent_when_nothing_changed() -> None:
    rows = rows_of(draw(seen(), Trail().after(seen()), View(words=EN), 79, 24), 79, 24)
    assert patch(rows, rows, COLOURS) == ""


def test_a_change_of_size_sends_everything() -> None:
    canvas = Canvas(COLOURS)
    lines = draw(seen(), Trail().after(seen()), View(words=EN), 79, 24)
    first = canvas.sent(lines, (80, 24))
    assert canvas.sent(lines, (80, 24)) == ""
    assert canvas.sent(lines, (80, 25)).startswith("\x1b[m\x1b[2J")
    assert len(first.encode()) < 1920  # a full screen is less than its letters


def test_a_look_at_a_moving_car_costs_less_than_a_fifth_of_a_second_of_9600_baud() -> None:
    canvas, trail = Canvas(COLOURS), Trail()
    costs: list[int] = []
    for step in range(40):
        at = Instant(
            uptime_us=step * 500_000, wall_us=NOW.wall_us + step * 500_000, synchronised=True
        )
        riding = {"car.floor": signal(step // 4), "car.door_zone": signal(step % 4 == 0), "car.moving": signal(True),
                  "car.direction": signal("up"), "car.speed_mm_s": signal(900 + step)}  # fmt: skip
        now = Seen(at=at, answer=watch({**FINE, "floors": 12, "signals": {**AT_REST, **riding}}))
        trail = trail.after(now)
        lines = draw(now, trail, View(words=EN), 79, 24)
        costs.append(len(canvas.sent(lines, (80, 24)).encode()))
    assert max(costs[1:]) < 960  # a page of the shaft is drawn anew
    assert sum(costs[1:]) / (len(costs) - 1) < 192


# ---- a line for each change ----


def lines_of(before: Any, after: Any, words: Words = EN) -> list[str]:
    return [said(change, words) for change in changes(before and watch(before), watch(after))]


def test_at_first_everything_is_a_change() -> None:
    told = lines_of(None, ENTRAPMENT)
    for part in ("RAISED critical: Passengers trapped", "RAISED major: Intercom silent [duty_room]",
                 "the service is degraded storage_failed", "link duty-room: DOWN no route to host",
                 "link contacts: up", "MQTT: NOT CONNECTED connection refused", "owed: 2 critical, 5 other",
                 "car.floor = 3", "alarm.button = true", "intercom.duty_room = ? (NO ANSWER)"):  # fmt: skip
        assert part in told
    assert "MQTT：未连接 连接被拒绝" in lines_of(None, ENTRAPMENT, ZH)


def test_then_only_what_changed() -> None:
    assert lines_of(FINE, FINE) == []
    moved = {
        **FINE,
        "signals": {**AT_REST, "car.floor": signal(4), "door.front": signal("open", age_ms=900)},
    }
    assert lines_of(FINE, moved) == ["car.floor = 4"]
    told = lines_of(ENTRAPMENT, FINE)
    assert {
        "cleared: Passengers trapped",
        "the service is online",
        "link duty-room: up",
        "MQTT: connected",
    } <= set(told)


def test_what_is_urgent_stands_first() -> None:
    assert lines_of(FINE, ENTRAPMENT)[0].startswith("RAISED")
