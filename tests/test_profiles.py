"""Controller profiles: what a right one gives, and that a wrong one is told everything at once."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import Clock
from agent.drivers import table
from agent.drivers.blocks import compile_blocks
from agent.drivers.means import Means
from agent.drivers.profiles import (
    ProfileProblems,
    default_folders,
    find_profile,
    load_profile,
    profile_names,
)
from agent.model import Quality, Value
from agent.settings import GpioInput, GpioSettings, ModbusSettings
from agent.signals import signal_for

SHIPPED = Path(__file__).parents[1] / "config/controllers"
HEAD = """
title = "A box"
source = "Its manual"
[protocol]
readable = { holding = [[0, 9]], coil = [[0, 9]] }
"""
ZONE = '[points."car.door_zone"]\ntable = "holding"\naddress = 1\nbit = 2\nsource = "p. 1"\n'


def problems_of(folder: Path, text: str) -> tuple[str, ...]:
    path = folder / "box.toml"
    path.write_text(text, encoding="utf-8")
    try:
        load_profile(path)
    except ProfileProblems as error:
        return error.problems
    return ()


def only_problem(folder: Path, text: str) -> str:
    problems = problems_of(folder, text)
    assert len(problems) == 1, problems
    return problems[0]


def point(signal: str, *lines: str, **keys: str) -> str:
    stated = {"table": '"holding"', "address": "1", "source": '"p. 1"', **keys}
    body = [f"{key} = {value}" for key, value in stated.items() if value] + list(lines)
    return f'[points."{signal}"]\n' + "\n".join(body) + "\n"


# ------------------------------------------------------------------ the shipped car-top sensor


def car_top(status: int, motion: int = 0) -> Mapping[str, tuple[Value | None, Quality]]:
    profile = load_profile(SHIPPED / "car-top-sensor.toml")
    (compiled,) = compile_blocks(profile.points, profile.limits)
    assert (compiled.block.address, compiled.block.count) == (0x11, 2)
    return {r.signal: (r.value, r.quality) for r in compiled.decode([status, motion], 1)}


def test_every_shipped_profile_loads_and_says_where_each_fact_is_from() -> None:
    for path in SHIPPED.glob("*.toml"):
        profile = load_profile(path)
        assert profile.title
        assert all(point.source and signal_for(point.signal) for point in profile.points)


def test_the_car_top_box_says_where_the_car_is_and_how_it_moves() -> None:
    good = Quality.GOOD
    assert car_top(0x1600, 0x0312) == {
        "car.direction": ("down", good),
        "car.moving": (True, good),
        "car.door_zone": (True, good),
        "door.front": ("closed", good),
        "car.occupied": (True, good),
        "car.floor": (3, good),
        "car.speed_mm_s": (1800, good),
    }
    assert car_top(0x0800)["door.front"] == ("open", good)
    assert car_top(0x0100)["car.direction"] == ("up", good)
    assert car_top(0x0000)["car.moving"] == (False, good)


def test_the_car_top_box_s_jumps_no_car_can_make_are_looked_at_twice() -> None:
    profile = load_profile(SHIPPED / "car-top-sensor.toml")
    (compiled,) = compile_blocks(profile.points, profile.limits)
    steps = dict(zip(compiled.signals, compiled.max_steps, strict=True))
    assert steps.pop("car.floor") == 1
    free_fall_mm_s = 9810 * 0.2  # in a default poll
    assert free_fall_mm_s <= (steps.pop("car.speed_mm_s") or 0) < free_fall_mm_s + 100
    assert set(steps.values()) == {None}


def test_up_and_down_at_once_is_implausible() -> None:
    signals = car_top(0x0300)
    assert signals["car.direction"] == (None, Quality.BAD)
    assert signals["car.moving"] == (None, Quality.BAD)


def test_a_basement_is_bad_until_the_site_says_how_many_there_are() -> None:
    assert car_top(0, 0xE200)["car.floor"] == (-2, Quality.BAD)
    assert car_top(0, 0x0000)["car.floor"] == (0, Quality.GOOD)


def test_its_sensor_fault_byte_and_its_own_verdicts_change_nothing() -> None:
    assert car_top(0x00FF) == car_top(0)
    addresses = {p.address for p in load_profile(SHIPPED / "car-top-sensor.toml").points}
    assert addresses == {0x11, 0x12}


# ------------------------------------------------------------------ what is wrong


def test_a_right_profile_has_no_problems(tmp_path: Path) -> None:
    assert problems_of(tmp_path, HEAD + ZONE) == ()


def test_a_message_names_file_key_found_allowed_and_nearest(tmp_path: Path) -> None:
    text = only_problem(tmp_path, HEAD + point("car.dor_zone", bit="2"))
    assert f"{tmp_path / 'box.toml'}: " in text
    assert 'points."car.dor_zone": found car.dor_zone; allowed: a signal\'s name' in text
    assert 'nearest: "car.door_zone"' in text


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    text = only_problem(tmp_path, HEAD + ZONE + "invertt = true\n")
    assert 'points."car.door_zone".invertt' in text
    assert 'nearest: "invert"' in text


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    problems = problems_of(
        tmp_path,
        'tittle = "A box"\nsource = 3\n[protocol]\nreadable = { holding = [[0, 9]] }\n'
        "max_registers = 126\n"
        + point("car.door_zone")
        + point("door.front", values='{ 0 = "close" }')
        + point("car.mooving", bit="1")
        + point("car.floor", address="70000"),
    )
    keys = ["tittle", "title", "source", "protocol.max_registers"]
    keys += [f'points."{name}"' for name in ("car.door_zone", "door.front", "car.mooving")]
    keys += ['points."car.floor".address']
    for key in keys:
        assert any(f": {key}" in text for text in problems), (key, problems)
    assert len(problems) == len(keys)


@pytest.mark.parametrize(
    ("body", "key", "allowed"),
    [
        (point("car.door_zone"), "bit", "bit, or values"),
        (point("door.front", bit="1"), "values", "a table of raw number to value"),
        (point("car.direction", values='{ 0 = "upp" }'), "values.0", "down, none, up"),
        (point("car.floor", values='{ 0 = "one" }'), "values.0", "type int"),
        (point("car.floor", values="{ zero = 1 }"), "values", '"3" or "0x03"'),
        (point("car.floor", values='{ 1 = 1, "0x1" = 2 }'), "values", "each raw number once"),
        (point("car.floor", values="{ 2 = 1 }", bit="0"), "values.2", "0 to 1"),
        (point("car.floor", type='"u8"'), "byte", "high or low"),
        (point("car.floor", byte='"high"'), "byte", "only with type u8 or i8"),
        (point("car.floor", word_order='"low_first"'), "word_order", "u32 or i32"),
        (point("car.floor", bit="1", bits="[1, 2]"), "bit", "either bit or bits"),
        (point("car.floor", bits="[3, 2]"), "bits", "[first, last]"),
        (point("car.floor", bits="[0, 16]"), "bits", "[first, last]"),
        (point("car.floor", type='"u32"', bit="1"), "bit", "only with type u16"),
        (point("car.floor", invert="true"), "invert", "only for one bit"),
        (point("car.door_zone", bit="1", scale="2"), "scale", "only for a number"),
        (point("car.floor", scale="0"), "scale", "a number, not 0"),
        (point("car.floor", scale="nan"), "scale", "a number"),
        (point("car.floor", min="3", max="2"), "min", "at most max, 2"),
        (point("car.floor", sentinels="[65536]"), "sentinels", "0 to 65535"),
        (point("car.floor", type='"i16"', negative_from="224"), "negative_from", "unsigned"),
        (point("car.floor", address="10"), "address", "0x00 to 0x09"),
        (point("car.floor", address="9", type='"u32"'), "address", "0x00 to 0x09"),
        (point("car.floor", table='"input"'), "address", "nothing"),
        (point("car.floor", table='"coil"', type='"u16"'), "type", "a coil is one bit"),
        (point("car.floor", table='"holdings"'), "table", "coil, discrete, holding, input"),
        (point("car.floor", source=""), "source", "where this fact comes from"),
        (point("car.floor", stale_after_ms="499"), "stale_after_ms", "500 to 3600000"),
        (point("car.floor", shared='"yes"'), "shared", "true or false"),
    ],
)
def test_a_point_that_does_not_fit_names_its_key(
    tmp_path: Path, body: str, key: str, allowed: str
) -> None:
    text = only_problem(tmp_path, HEAD + body)
    assert f'".{key}: found' in text
    assert allowed in text.split("allowed:")[1]


def test_two_points_on_one_bit_must_both_say_that_they_mean_it(tmp_path: Path) -> None:
    moving = point("car.moving", values="{ 0 = false, 1 = true, 2 = true }", bits="[1, 2]")
    text = only_problem(tmp_path, HEAD + ZONE + moving)
    assert 'points."car.moving": found the bits of points."car.door_zone" at holding 0x01' in text
    assert only_problem(tmp_path, HEAD + ZONE + moving + "shared = true\n") == text
    assert not problems_of(tmp_path, HEAD + ZONE + "shared = true\n" + moving + "shared = true\n")


def test_neighbouring_bits_and_halves_do_not_overlap(tmp_path: Path) -> None:
    halves = point("car.floor", address="2", type='"u8"', byte='"high"')
    halves += point("car.speed_mm_s", address="2", type='"u8"', byte='"low"')
    assert not problems_of(tmp_path, HEAD + ZONE + point("car.moving", bit="3") + halves)


def test_a_long_number_overlaps_in_its_second_register(tmp_path: Path) -> None:
    long = point("controller.run_count", address="0", type='"u32"')
    assert "shared" in only_problem(tmp_path, HEAD + ZONE + long)


def test_a_profile_without_points_or_readable_addresses_says_so(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, 'title = "A"\nsource = "B"\n')
    assert [text.split(": ")[1] for text in problems] == ["protocol.readable", "points"]


def test_what_is_no_toml_no_text_or_no_file_is_one_problem(tmp_path: Path) -> None:
    assert "allowed: TOML" in only_problem(tmp_path, "title = \n")
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"')
    with pytest.raises(ProfileProblems, match="UTF-8"):
        load_profile(tmp_path / "latin.toml")
    with pytest.raises(ProfileProblems, match="a readable file"):
        load_profile(tmp_path / "none.toml")


toml_values = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
KEYS = ["table", "address", "type", "byte", "bit", "bits", "values", "scale", "min", "sentinels"]


def as_toml(value: object) -> str:
    """Write a value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return (
            '"' + "".join(f"\\U{ord(c):08X}" for c in value if not 0xD800 <= ord(c) < 0xE000) + '"'
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, dict):
        pairs = {as_toml(key): as_toml(item) for key, item in value.items()}
        return "{" + ", ".join(f"{key} = {item}" for key, item in pairs.items()) + "}"
    return str(value)


@given(st.dictionaries(st.sampled_from(KEYS), toml_values), toml_values, toml_values)
def test_any_toml_loads_or_is_told_its_problems(
    tmp_path_factory: pytest.TempPathFactory, keys: dict[str, object], head: object, ranges: object
) -> None:
    body = "".join(f"{key} = {as_toml(value)}\n" for key, value in keys.items())
    text = f"title = {as_toml(head)}\n[protocol]\nreadable = {as_toml(ranges)}\n"
    folder = tmp_path_factory.getbasetemp()
    assert problems_of(folder, text + '[points."car.floor"]\n' + body)


# ------------------------------------------------------------------ finding and using one


def test_the_site_s_own_profile_comes_before_the_shipped_one(tmp_path: Path) -> None:
    folders = default_folders(tmp_path / "agent.toml")
    assert find_profile("car-top-sensor", folders) is not None
    assert find_profile("no-such-device", folders) is None
    own = tmp_path / "controllers/car-top-sensor.toml"
    own.parent.mkdir()
    own.write_text(HEAD + ZONE, encoding="utf-8")
    assert find_profile("car-top-sensor", folders) == own
    assert "car-top-sensor" in profile_names(folders)


def modbus(**keys: object) -> ModbusSettings:
    settings = {"name": "c", "profile": "box", "url": "tcp://127.0.0.1:5020", **keys}
    return ModbusSettings(**settings)  # type: ignore[arg-type]


def test_a_value_may_be_three_polls_old_and_at_least_two_seconds(tmp_path: Path) -> None:
    own = point("car.floor", address="3", stale_after_ms="5000")
    (tmp_path / "box.toml").write_text(HEAD + ZONE + own, encoding="utf-8")
    folders = (tmp_path,)
    limits = {
        interval: dict(table.signals_of(modbus(poll_interval_ms=interval), folders))
        for interval in (200, 667, 2000)
    }
    assert limits[200] == {"car.door_zone": 2_000_000, "car.floor": 5_000_000}
    assert limits[667]["car.door_zone"] == 2_001_000
    assert limits[2000] == {"car.door_zone": 6_000_000, "car.floor": 6_000_000}


def test_a_slow_value_may_be_three_of_its_own_polls_old(tmp_path: Path) -> None:
    slow = point("controller.run_count", address="3", every_ms="60000")
    (tmp_path / "box.toml").write_text(HEAD + ZONE + slow, encoding="utf-8")
    polled = modbus(poll_interval_ms=200)
    assert table.signals_of(polled, (tmp_path,)) == {
        "car.door_zone": 2_000_000,
        "controller.run_count": 180_000_000,
    }
    assert table.paces_of(polled, (tmp_path,)) == {
        "car.door_zone": 200_000,
        "controller.run_count": 60_000_000,
    }


def test_a_pace_faster_than_the_polls_is_theirs(tmp_path: Path) -> None:
    quick = point("controller.run_count", address="3", every_ms="100")
    (tmp_path / "box.toml").write_text(HEAD + quick, encoding="utf-8")
    polled = modbus(poll_interval_ms=1000)
    assert table.paces_of(polled, (tmp_path,)) == {"controller.run_count": 1_000_000}
    assert table.signals_of(polled, (tmp_path,)) == {"controller.run_count": 3_000_000}


@pytest.mark.parametrize("every_ms", ["99", "3600001", "true", "1.5"])
def test_a_pace_out_of_its_bounds_is_told(tmp_path: Path, every_ms: str) -> None:
    slow = point("controller.run_count", address="3", every_ms=every_ms)
    assert "every_ms" in only_problem(tmp_path, HEAD + slow)


def test_contacts_may_be_three_re_reads_old() -> None:
    settings = GpioSettings(name="contacts", inputs={"alarm.button": GpioInput(pin=17)})
    assert table.signals_of(settings, ()) == {"alarm.button": 3_000_000}


def test_each_kind_of_settings_builds_its_driver_without_opening_anything() -> None:
    contacts = GpioSettings(name="contacts", inputs={"alarm.button": GpioInput(pin=17)})
    for settings in (modbus(profile="car-top-sensor"), contacts):
        driver = table.build(settings, Means(Clock(), (SHIPPED,)))
        assert driver.name == settings.name
        assert driver.signals == table.signals_of(settings, (SHIPPED,))


def test_a_folder_this_user_may_not_enter_has_no_profiles_for_it(tmp_path: Path) -> None:
    closed, user = tmp_path / "controllers", os.geteuid()
    closed.mkdir()
    (closed / "car-top-sensor.toml").write_text("theirs")
    closed.chmod(0)
    try:
        if user == 0:
            os.seteuid(65534)  # root may enter everywhere
        assert find_profile("car-top-sensor", [closed]) is None
        assert profile_names([closed]) == ()
    finally:
        os.seteuid(user)
        closed.chmod(0o700)
    assert find_profile("car-top-sensor", [closed]) is not None


def test_a_missing_profile_names_those_there_are_and_where_it_was_looked_for(
    tmp_path: Path,
) -> None:
    (tmp_path / "box.toml").write_text(HEAD + ZONE, encoding="utf-8")
    with pytest.raises(ProfileProblems) as caught:
        table.signals_of(modbus(profile="bocks"), (tmp_path,))
    assert 'no profile "bocks"; found: box; looked in: ' + str(tmp_path) in caught.value.problems[0]


@pytest.mark.parametrize(
    "url", ["tcp://:502", "tcp://host:0", "tcp://host:x", "tcp://[::1", "rtu+tcp://host"]
)
def test_an_address_without_host_or_port_is_a_problem_before_anything_is_opened(url: str) -> None:
    with pytest.raises(ProfileProblems, match="write it like"):
        table.signals_of(modbus(url=url), ())
