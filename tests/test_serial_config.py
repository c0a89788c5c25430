"""Serial links in the configuration and in profiles: what contradicts itself is said with its remedy."""

from pathlib import Path

import pytest

from agent.clock import Clock
from agent.config import ConfigProblems, Problem, load
from agent.drivers.blocks import compile_blocks
from agent.drivers.means import Means
from agent.drivers.profiles import Profile, ProfileProblems, load_profile, profile_names
from agent.drivers.registers import Table
from agent.drivers.serial_driver import SerialDriver
from agent.drivers.serial_listener import ListenDriver
from agent.drivers.table import build, signals_of
from agent.settings import ModbusSettings, SerialSettings

FOLDERS = (Path(__file__).parent.parent / "config/controllers",)
PORT = "serial:///dev/serial/by-id/usb-A?baudrate=9600&parity=N"


def table(name: str, kind: str, profile: str, url: str = PORT, mode: str = "") -> str:
    said = f'mode = "{mode}"\n' if mode else ""
    return f'[[drivers]]\nname = "{name}"\nkind = "{kind}"\nprofile = "{profile}"\nurl = "{url}"\n{said}'


def problems(tmp_path: Path, *tables: str) -> dict[str, Problem]:
    path = tmp_path / "agent.toml"
    path.write_text('[elevator]\nsite = "s"\nid = "e"\n' + "".join(tables), encoding="utf-8")
    try:
        load(
            path,
            signals_of=lambda driver: signals_of(driver, FOLDERS),
            profiles=lambda: profile_names(FOLDERS),
        )
    except ConfigProblems as wrong:
        return {problem.key: problem for problem in wrong.problems}
    return {}


@pytest.mark.parametrize("mode", ["request", "listen"])
def test_a_serial_link_is_configured_by_profile_and_url(mode: str, tmp_path: Path) -> None:
    assert problems(tmp_path, table("c", "serial", "hpmont-cic", PORT, mode)) == {}


def test_a_modbus_driver_cannot_speak_another_framing(tmp_path: Path) -> None:
    found = problems(tmp_path, table("c", "modbus", "hpmont-cic"))
    assert list(found) == ["drivers[0:c].kind"]
    problem = found["drivers[0:c].kind"]
    assert problem.allowed.en == '"serial" for this profile'
    assert 'Its framing is "cic": change the kind' in problem.remedy.en
    assert "cic" in problem.remedy.zh
    assert "此档案" in problem.allowed.zh


def test_a_serial_driver_cannot_speak_modbus(tmp_path: Path) -> None:
    found = problems(tmp_path, table("c", "serial", "car-top-sensor"))
    assert found["drivers[0:c].kind"].allowed.en == '"modbus" for this profile'


def test_a_serial_link_has_a_port_with_its_settings_and_a_profile_there_is(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        table("a", "serial", "hpmont-cic", "serial:///dev/a?baudrate=9600"),
        table("b", "serial", "hpmond-cic", "serial:///dev/b?baudrate=9600&parity=N"),
    )
    assert "baudrate=B&parity=P" in found["drivers[0:a].url"].allowed.en
    assert "hpmont-cic" in found["drivers[1:b].profile"].remedy.en


def test_a_listener_needs_a_port_of_this_computer(tmp_path: Path) -> None:
    found = problems(
        tmp_path, table("c", "serial", "hpmont-cic", "rtu+tcp://192.168.1.20:4001", "listen")
    )
    assert list(found) == ["drivers[0:c].url"]
    assert "opened for reading alone" in found["drivers[0:c].url"].remedy.en


def test_a_listener_shares_its_line_with_nobody(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        table("ears", "serial", "hpmont-cic", PORT, "listen"),
        table("box", "modbus", "car-top-sensor"),
    )
    assert "drivers[1:box] asks on it" in found["drivers[0:ears].url"].remedy.en


@pytest.mark.parametrize(
    ("url", "wrong"),
    [(PORT, True), ("rtu+tcp://192.168.1.20:4001", True), ("tcp://192.168.1.20:502", False)],
)
def test_on_an_rtu_line_nobody_answers_to_address_0(url: str, wrong: bool, tmp_path: Path) -> None:
    for device_id, told in ((0, wrong), (1, False)):
        box = table("box", "modbus", "car-top-sensor", url) + f"device_id = {device_id}\n"
        found = problems(tmp_path, box)
        assert list(found) == ["drivers[0:box].device_id"] * told
        assert all("none answers" in problem.remedy.en for problem in found.values())


def test_devices_of_two_framings_may_share_a_line(tmp_path: Path) -> None:
    found = problems(
        tmp_path, table("cic", "serial", "hpmont-cic"), table("box", "modbus", "car-top-sensor")
    )
    assert not [key for key in found if key.endswith("url")]


def test_the_mode_decides_which_driver_reads_the_profile() -> None:
    made = {
        mode: type(
            build(
                SerialSettings(name="c", profile="hpmont-cic", url=PORT, mode=mode),
                Means(Clock(), FOLDERS),
            )
        )
        for mode in ("request", "listen")
    }
    assert made == {"request": SerialDriver, "listen": ListenDriver}


# ------------------------------------------------------------------------- keys of a profile

HEAD = 'title = "t"\nsource = "s"\n[protocol]\n'
READABLE = "readable = { holding = [[0, 99]] }\n"
FLOOR = '[points."car.floor"]\ntable = "holding"\naddress = 3\nsource = "s"\n'
VALID = '[valid_when]\ntable = "holding"\naddress = 9\nequals = 1\notherwise = "o"\nsource = "s"\n'


def profile(tmp_path: Path, *parts: str) -> Profile:
    path = tmp_path / "box.toml"
    path.write_text("".join(parts), encoding="utf-8")
    return load_profile(path)


def refused(tmp_path: Path, *parts: str) -> str:
    with pytest.raises(ProfileProblems) as caught:
        profile(tmp_path, *parts)
    return "\n".join(caught.value.problems)


def test_framing_and_pause_have_defaults_and_are_read(tmp_path: Path) -> None:
    plain = profile(tmp_path, HEAD, READABLE, FLOOR)
    assert (plain.framing, plain.pause_us, plain.limits.valid) == ("modbus", 0, None)
    told = profile(tmp_path, HEAD, READABLE, 'framing = "cic"\npause_ms = 50\n', FLOOR)
    assert (told.framing, told.pause_us) == ("cic", 50_000)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((HEAD, READABLE, 'framing = "cik"\n', FLOOR), "allowed: one of modbus, cic"),
        ((HEAD, READABLE, "pause_ms = 1001\n", FLOOR), "protocol.pause_ms: found 1001"),
        (
            (HEAD, 'framing = "cic"\nreadable = { holding = [[0, 9]], coil = [[0, 9]] }\n', FLOOR),
            "protocol.readable: found coil; allowed: holding alone",
        ),
        ((HEAD, READABLE, "valid_when = 3\n", FLOOR), "valid_when"),
        ((HEAD, READABLE, FLOOR, VALID.replace("= 9", "= 200")), "inside protocol.readable.holding"),
        (
            (HEAD, READABLE, "max_registers = 87\n", VALID.replace("= 9", "= 90"), FLOOR),
            "raise max_registers",
        ),
        (
            (HEAD, "readable = { holding = [[0, 3], [9, 9]] }\n", VALID, FLOOR),
            "a register too far from car.floor",
        ),
        ((HEAD, READABLE, FLOOR, VALID.replace('otherwise = "o"\n', "")), "valid_when.otherwise"),
        ((HEAD, READABLE, FLOOR, "divide = 1\n"), "divide: found 1"),
        ((HEAD, READABLE, FLOOR, "any_of = 3\nbit = 1\n"), "as any_of reads every bit"),
        ((HEAD, READABLE, FLOOR.replace("3", "99"), "any_of = 2\n"), "inside protocol.readable"),
        (
            (HEAD, "readable = { coil = [[0, 9]] }\n", FLOOR.replace("holding", "coil"), "any_of=2\n"),
            "as a coil is one bit",
        ),
    ],
)  # fmt: skip
def test_a_key_that_means_nothing_is_a_problem(
    parts: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    assert says in refused(tmp_path, *parts)


def test_whatever_is_left_out_no_value_is_read_without_the_register_that_says_whether_it_counts(
    tmp_path: Path,
) -> None:
    bridge = FLOOR.replace("car.floor", "car.speed_mm_s").replace("= 3", "= 18")
    far = (
        FLOOR.replace("car.floor", "alarm.button").replace("= 3", "= 27")
        + "values = { 1 = true }\n"
    )
    read = profile(tmp_path, HEAD, READABLE, VALID, FLOOR, bridge, far)
    left = read.without(["car.floor", "car.speed_mm_s"])
    (compiled,) = compile_blocks(left.points, left.limits, 200_000)
    assert compiled.signals == ("alarm.button",)
    assert "holding 0x0009 is 0: o" in compiled.refutes([0] * compiled.block.count)


def test_groups_that_a_slow_driver_reads_together_keep_the_register(tmp_path: Path) -> None:
    def point(signal: str, address: int, more: str = "") -> str:
        return FLOOR.replace("car.floor", signal).replace("= 3", f"= {address}") + more

    slow = "every_ms = 1000\n"
    read = profile(
        tmp_path, HEAD, READABLE, "max_registers = 40\n", VALID.replace("= 9", "= 30"),
        point("car.floor", 0), point("car.speed_mm_s", 10), point("car.load_percent", 20),
        point("controller.run_count", 40, slow), point("controller.run_hours", 60, slow),
    )  # fmt: skip
    for poll_us in (200_000, 1_000_000):
        blocks = compile_blocks(read.points, read.limits, poll_us)
        assert all(compiled.valid is read.limits.valid for compiled in blocks)


def test_every_request_reads_the_register_that_says_whether_it_counts(tmp_path: Path) -> None:
    far = FLOOR.replace("car.floor", "car.speed_mm_s").replace("= 3", "= 15")
    slow = FLOOR.replace("car.floor", "controller.run_count").replace("= 3", "= 1")
    read = profile(tmp_path, HEAD, READABLE, "max_gap = 12\n", VALID, FLOOR, far,
                   slow, "every_ms = 60000\n")  # fmt: skip
    blocks = compile_blocks(read.points, read.limits, 1_000_000)
    assert len(blocks) == 2
    assert all(compiled.valid is read.limits.valid for compiled in blocks)
    for compiled in blocks:
        words = [0] * compiled.block.count
        assert "holding 0x0009 is 0: o" in compiled.refutes(words)
        words[9 - compiled.block.address] = 1
        assert compiled.refutes(words) == ""
        words[9 - compiled.block.address] = 2
        assert compiled.refutes(words)


CALL = FLOOR.replace("car.floor", "car.call_registered")


@pytest.mark.parametrize(
    ("words", "value"),
    [((0, 0, 0), False), ((1, 0, 0), True), ((0, 0x8000, 0), True), ((0, 0, 0xFFFF), True)],
)
def test_any_bit_of_several_registers_makes_a_point_true(
    words: tuple[int, ...], value: bool, tmp_path: Path
) -> None:
    (compiled,) = compile_blocks(*points_and_limits(tmp_path, CALL, "any_of = 3\n"))
    assert (compiled.block.table, compiled.block.count) == (Table.HOLDING, 3)
    assert compiled.decode(words, 1)[0].value is value
    (inverted,) = compile_blocks(
        *points_and_limits(tmp_path, CALL, "any_of = 3\ninvert = true\n")
    )  # fmt: skip
    assert inverted.decode(words, 1)[0].value is not value


def points_and_limits(tmp_path: Path, *parts: str):
    read = profile(tmp_path, HEAD, READABLE, *parts)
    return read.points, read.limits


@pytest.mark.parametrize(("raw", "value"), [(0, 0), (99, 0), (100, 1), (4199, 41), (65535, 655)])
def test_a_number_is_divided_without_a_rest(raw: int, value: int, tmp_path: Path) -> None:
    (compiled,) = compile_blocks(*points_and_limits(tmp_path, FLOOR, "divide = 100\n"))
    assert compiled.decode([raw], 1)[0].value == value


# ------------------------------------------------------------------------- what is left to others


def test_a_driver_leaves_signals_to_others(tmp_path: Path) -> None:
    shared = ("car.direction", "car.floor", "car.moving", "car.occupied", "door.front")
    box = table("box", "modbus", "car-top-sensor", "tcp://h:1")
    both = problems(tmp_path, box, table("cic", "serial", "hpmont-cic"))
    assert "without" in both["drivers[1:cic]"].remedy.en
    less = table("cic", "serial", "hpmont-cic") + f"without = {list(shared)}\n"
    assert problems(tmp_path, box, less) == {}
    settings = SerialSettings(name="c", profile="hpmont-cic", url=PORT, without=shared)
    given = signals_of(settings, FOLDERS)
    assert not given.keys() & set(shared)
    assert given.keys() == build(settings, Means(Clock(), FOLDERS)).signals.keys()


def test_what_is_left_out_must_be_there_and_something_must_remain(tmp_path: Path) -> None:
    box = table("box", "modbus", "car-top-sensor", "tcp://h:1")
    (problem,) = problems(tmp_path, box + 'without = ["car.flor"]\n').values()
    assert problem.key == "drivers[0:box].without"
    assert "car.floor" in problem.remedy.en
    names = list(
        signals_of(ModbusSettings(name="b", profile="car-top-sensor", url="tcp://h"), FOLDERS)
    )
    (problem,) = problems(tmp_path, box + f"without = {names}\n").values()
    assert "Nothing is left" in problem.remedy.en
