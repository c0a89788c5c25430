"""Which values are believed at once on a line without transaction numbers, and which are not."""

from pathlib import Path

import pytest

from agent.drivers.blocks import Compiled, Limits, compile_blocks
from agent.drivers.profiles import Profile, ProfileProblems, load_profile
from agent.drivers.registers import Point, Table
from agent.drivers.second_look import SecondLook
from agent.model import Quality, Value

FLOOR = Point(signal="car.floor", table=Table.HOLDING, address=0, max_step=2)
ZONE = Point(signal="car.door_zone", table=Table.HOLDING, address=1, bits=(0, 0))
LIMITS = Limits(readable={Table.HOLDING: (range(2),)})


class Story:
    """One block, polled once a line: `poll(floor, zone)` gives what is believed."""

    def __init__(self, *points: Point) -> None:
        self.on_line = self.own = 0
        self.look = SecondLook(lambda _: (self.on_line, self.own))
        (self.block,) = compile_blocks(points or (FLOOR, ZONE), LIMITS)
        assert isinstance(self.block, Compiled)
        self.t_us = 0

    def poll(self, *words: int) -> dict[str, Value | None]:
        self.t_us += 1
        return {r.signal: r.value for r in self.look.decode(self.block, words, self.t_us)}

    def silence(self, *, own: bool) -> None:
        self.on_line += 1
        self.own += own


def test_on_a_quiet_line_every_value_is_believed_at_once() -> None:
    story = Story()
    assert story.poll(1, 0) == {"car.floor": 1, "car.door_zone": False}
    assert story.poll(2, 1) == {"car.floor": 2, "car.door_zone": True}
    assert not story.look.is_waiting


def test_after_its_own_silence_two_polls_must_agree_for_two_polls() -> None:
    story = Story()
    story.poll(1, 1)
    story.silence(own=True)
    assert story.poll(1, 1) == {}  # may be the old answer, late
    assert story.look.is_waiting
    assert story.poll(1, 0) == {"car.floor": 1}
    assert story.poll(3, 1) == {"car.floor": 3, "car.door_zone": True}
    assert not story.look.is_waiting


def test_after_a_neighbours_silence_unchanged_values_pass_and_changed_ones_wait() -> None:
    story = Story()
    story.poll(1, 1)
    story.silence(own=False)
    assert story.poll(1, 0) == {"car.floor": 1}
    assert story.poll(1, 0) == {"car.floor": 1, "car.door_zone": False}
    assert story.poll(1, 1) == {"car.floor": 1, "car.door_zone": True}


def test_a_neighbour_that_stays_silent_delays_a_change_by_one_poll_and_no_more() -> None:
    story = Story()
    story.poll(1, 1)
    for zone, believed in ((0, None), (0, False), (0, False), (1, None), (1, True), (1, True)):
        story.silence(own=False)
        assert story.poll(1, zone).get("car.door_zone") is believed


def test_on_a_line_disturbed_all_the_time_every_third_poll_is_believed_as_it_is() -> None:
    story = Story()
    believed = []
    for zone in (0, 1, 0, 1, 0, 1):
        story.silence(own=True)
        believed.append("car.door_zone" in story.poll(1, zone))
    assert believed == [False, False, True, False, False, True]


def test_silence_before_the_first_answer_is_silence_too() -> None:
    story = Story()
    story.silence(own=True)
    assert story.poll(1, 1) == {}
    assert story.poll(1, 1) == {"car.floor": 1, "car.door_zone": True}


def test_values_that_never_repeat_are_believed_from_the_third_answer_on() -> None:
    story = Story(ZONE, Point(signal="car.speed_mm_s", table=Table.HOLDING, address=0))
    story.silence(own=True)
    assert "car.speed_mm_s" not in story.poll(500, 1)
    assert "car.speed_mm_s" not in story.poll(600, 1)
    assert story.poll(700, 1)["car.speed_mm_s"] == 700


def test_a_jump_beyond_max_step_waits_for_a_poll_that_agrees() -> None:
    story = Story()
    story.poll(3, 1)
    assert story.poll(5, 1)["car.floor"] == 5  # exactly max_step
    assert story.poll(8, 1) == {"car.door_zone": True}
    assert story.poll(5, 1)["car.floor"] == 5  # it was noise
    story.poll(11, 1)
    assert story.poll(13, 1)["car.floor"] == 13  # agrees: no further than max_step
    assert story.poll(12, 1)["car.floor"] == 12


def test_noise_that_never_agrees_is_asked_again_at_once_only_twice() -> None:
    story = Story()
    story.poll(0, 1)
    waiting = []
    for floor in (10, 20, 30, 40):
        assert "car.floor" not in story.poll(floor, 1)
        waiting.append(story.look.is_waiting)
    assert waiting == [True, True, False, False]


def test_an_implausible_value_is_no_number_to_step_from() -> None:
    speed = Point(signal="car.speed_mm_s", table=Table.HOLDING, address=0, most=2000, max_step=100)
    story = Story(speed, ZONE)
    story.poll(1000, 1)
    (bad, _) = story.look.decode(story.block, (60000, 1), 9)
    assert bad.quality is Quality.BAD
    assert story.poll(1050, 1)["car.speed_mm_s"] == 1050
    assert "car.speed_mm_s" not in story.poll(1300, 1)


PROFILE = """
title = "t"
source = "s"
[protocol]
readable = {{ holding = [[0, 9]] }}
[points."car.floor"]
table = "holding"
address = 0
source = "s"
max_step = {step}
[points."car.door_zone"]
table = "holding"
address = 1
bit = 0
source = "s"
{extra}
"""


def profile(tmp_path: Path, step: str, extra: str = "") -> Profile:
    path = tmp_path / "box.toml"
    path.write_text(PROFILE.format(step=step, extra=extra), encoding="utf-8")
    return load_profile(path)


def test_a_profile_says_how_far_a_number_may_step(tmp_path: Path) -> None:
    read = profile(tmp_path, "2.5")
    assert [point.max_step for point in read.points] == [2.5, None]
    assert compile_blocks(read.points, read.limits)[0].max_steps == (2.5, None)


@pytest.mark.parametrize(
    ("step", "extra", "says"),
    [
        ("0", "", 'points."car.floor".max_step: found 0; allowed: a number above 0'),
        ("-1", "", 'points."car.floor".max_step: found -1'),
        ('"2"', "", 'points."car.floor".max_step: found 2'),
        (
            "1",
            "max_step = 1",
            'points."car.door_zone".max_step: found 1; allowed: only for a number',
        ),
    ],
)
def test_a_step_that_means_nothing_is_a_problem(
    tmp_path: Path, step: str, extra: str, says: str
) -> None:
    with pytest.raises(ProfileProblems) as caught:
        profile(tmp_path, step, extra)
    assert says in caught.value.problems[0]
