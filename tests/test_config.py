"""The configuration: what is accepted, and that every mistake is named at once with its remedy."""

import math
import os
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from agent import config, config_rules
from agent.config import ConfigProblems, Problem, config_path, load, password
from agent.config_problem import Report
from agent.config_shape import draft_of
from agent.drivers import table
from agent.drivers.profiles import ProfileProblems, default_folders, profile_names
from agent.settings import (
    DriverSettings,
    ElevatorSettings,
    GpioInput,
    GpioSettings,
    IntercomSettings,
    MqttSettings,
    Settings,
)

EXAMPLE = Path(__file__).parent.parent / "config" / "agent.example.toml"
MINIMAL = '[elevator]\nsite = "s"\nid = "e01"\n'


def written(tmp_path, text):
    path = tmp_path / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(tmp_path, text, **callables) -> dict[str, Problem]:
    with pytest.raises(ConfigProblems) as caught:
        load(written(tmp_path, text), **callables)
    found = {problem.key: problem for problem in caught.value.problems}
    assert all(problem.file.endswith("agent.toml") for problem in found.values())
    return found


def signals_of(driver):
    if isinstance(driver, IntercomSettings):
        return (f"intercom.{driver.station}",)
    return driver.inputs if isinstance(driver, GpioSettings) else ("car.moving", "car.door_zone")


# ---- what is accepted ----


def test_site_and_id_are_enough(tmp_path):
    loaded = load(written(tmp_path, MINIMAL))
    assert loaded == Settings(elevator=ElevatorSettings(site="s", id="e01"))


def test_a_mark_before_the_first_key_does_not_matter(tmp_path):
    assert load(written(tmp_path, "\ufeff" + MINIMAL)).elevator.id == "e01"


def test_a_whole_number_is_taken_for_a_limit_in_seconds(tmp_path):
    loaded = load(written(tmp_path, MINIMAL + "[monitor]\ntrapped_off_level_s = 20\n"))
    assert loaded.monitor.trapped_off_level_s == 20


@pytest.mark.parametrize("signal", ["alarm.button", "door.front", "door.rear", "intercom.pit"])
def test_a_contact_gives_a_bool_or_a_door(tmp_path, signal):
    driver = f'[[drivers]]\nname = "c"\nkind = "gpio"\ninputs = {{ "{signal}" = {{ pin = 0 }} }}\n'
    loaded = load(written(tmp_path, MINIMAL + driver), signals_of=signals_of, profiles=list)
    assert loaded.drivers == (GpioSettings(name="c", inputs={signal: GpioInput(pin=0)}),)


# ---- the example ----


def test_the_example_loads_with_every_check_and_shows_every_kind():
    folders = default_folders(EXAMPLE)
    loaded = load(
        EXAMPLE,
        signals_of=lambda driver: table.signals_of(driver, folders),
        profiles=lambda: profile_names(folders),
    )
    assert [type(driver) for driver in loaded.drivers] == list(get_args(DriverSettings))


def shown_values(kind: Any, tree: Any) -> Any:
    """Every (field, value in the example) of a struct and the structs within it."""
    for field in kind.fields:
        value = tree.get(field.encode_name, msgspec.UNSET)
        yield kind.cls.__name__, field, value
        if isinstance(field.type, inspect.StructType):
            yield from shown_values(field.type, value)
        elif isinstance(field.type, inspect.VarTupleType):
            structs: Any = getattr(field.type.item_type, "types", ())
            for struct, item in zip(structs, value if structs else (), strict=True):
                assert item["kind"] == struct.tag
                yield from shown_values(struct, item)
        elif isinstance(field.type, inspect.DictType):
            yield from shown_values(field.type.value_type, next(iter(value.values())))


def is_scalar(kind):
    return not isinstance(kind, (inspect.StructType, inspect.VarTupleType, inspect.DictType))


def test_the_example_shows_every_key_and_the_defaults_of_the_code():
    text = EXAMPLE.read_text(encoding="utf-8")
    seen = 0
    for struct, field, value in shown_values(inspect.type_info(Settings), tomllib.loads(text)):
        seen += 1
        if field.default is None:
            assert re.search(rf"^# {field.encode_name} = ", text, re.MULTILINE), (
                struct,
                field.encode_name,
            )
            continue
        assert value is not msgspec.UNSET, (struct, field.encode_name)
        if is_scalar(field.type) and not field.required:
            assert value == field.default, (struct, field.encode_name)
    assert seen > 50


def test_the_commented_keys_of_the_example_are_valid_too(tmp_path):
    text = re.sub(
        r"^# (floors|rated_\w+) = ",
        r"\1 = ",
        EXAMPLE.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert load(written(tmp_path, text)).elevator.rated_speed_mm_s == 1750


# ---- every problem at once ----

TWENTY = """
[elevator]
sit = "pingluo-01"
id = "e 1"
rescue_code = 640001
rated_speed_mm_s = 5
floors = "18"
[mqtt]
port = 70000
password = "secret"
protocol = "4"
window = 17
prefix = "/elevator"
[outboks]
[control]
path = "/run/{long}"
[monitor]
trapped_off_level_s = 0.4
clear_s = true
presence_total_s = 200
[[drivers]]
name = "a"
kind = "modbuss"
profile = "car-top-sensr"
url = "tcp://host:99999"
[[drivers]]
name = "a"
kind = "gpio"
[drivers.inputs]
"alarm.buton" = { pin = 17 }
"alarm.button" = { pin = 17, active = "lo" }
"car.moving" = { pin = 28 }
"""


def test_a_file_with_twenty_mistakes_names_all_twenty(tmp_path):
    text = TWENTY.replace("{long}", "x" * 110)
    found = problems_of(tmp_path, text, signals_of=signals_of, profiles=lambda: ["car-top-sensor"])
    expected = {
        "elevator.sit": 'Did you mean "site"?',
        "elevator.site": "Add site = … below [elevator].",
        "elevator.id": "Choose a value",
        "elevator.rescue_code": 'Put it in quotes: "640001".',
        "elevator.rated_speed_mm_s": "Choose a value",
        "elevator.floors": "without quotes",
        "mqtt.port": "Choose a value",
        "mqtt.password": 'Did you mean "password_file"?',
        "mqtt.protocol": "Write one of them",
        "mqtt.window": "Choose a value",
        "mqtt.prefix": "Choose a value",
        "outboks": 'Did you mean "outbox"?',
        "control.path": "shorter folder",
        "monitor.trapped_off_level_s": "Choose a value",
        "monitor.clear_s": "Choose a value",
        "monitor.presence_total_s": "could never hold",
        "drivers[0:a].kind": 'Did you mean "modbus"?',
        "drivers[0:a].profile": 'Did you mean "car-top-sensor"?',
        "drivers[0:a].url": "tcp://192.168.1.10:502",
        "drivers[1:a].name": "drivers[0:a] has that name",
        'drivers[1:a].inputs."alarm.buton"': 'Did you mean "alarm.button"?',
        'drivers[1:a].inputs."alarm.button".pin': '"alarm.buton" reads it',
        'drivers[1:a].inputs."alarm.button".active': 'Did you mean "low"?',
        'drivers[1:a].inputs."car.moving".pin': "Choose a value",
    }
    assert set(found) == set(expected)
    for key, remedy in expected.items():
        assert remedy in found[key].remedy.en, key
    for problem in found.values():
        for lang in ("en", "zh"):
            assert 1 < len(problem.text(lang).splitlines()) <= 2
            assert problem.found.in_(lang)
            assert problem.allowed.in_(lang)
            assert problem.remedy.in_(lang)


def test_what_stands_in_an_unknown_key_is_not_shown(tmp_path):
    found = problems_of(tmp_path, MINIMAL + '[mqtt]\npassword = "hunter2"\n')
    assert "hunter2" not in found["mqtt.password"].text()


def test_a_syntax_error_is_alone_and_names_line_and_column(tmp_path):
    (problem,) = problems_of(tmp_path, "[elevator]\nsite = pingluo\nbad = 1\n").values()
    assert "line 2, column 8" in problem.found.en


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 100_000, "a = " + "9" * 5000, "a=1\na=2", "[elevator", "x" * 300_000],
    ids=["nesting", "digits", "twice", "open", "size"],
)
def test_hostile_text_is_one_problem(tmp_path, text):
    assert len(problems_of(tmp_path, text)) == 1


def test_bytes_that_are_not_utf8_are_one_problem(tmp_path):
    path = tmp_path / "agent.toml"
    path.write_bytes(b'[elevator]\nsite = "\xff"\n')
    with pytest.raises(ConfigProblems, match="UTF-8"):
        load(path)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(ConfigProblems, match=r"No such file.*\n.*--config"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigProblems, match="directory"):
        load(tmp_path)


def test_a_missing_elevator_names_what_it_needs(tmp_path):
    assert set(problems_of(tmp_path, "")) == {"elevator.site", "elevator.id"}


def test_a_key_in_the_wrong_table_is_sent_home(tmp_path):
    found = problems_of(tmp_path, MINIMAL + "[outbox]\nkeepalive_s = 20\n")
    assert "mqtt.keepalive_s" in found["outbox.keepalive_s"].remedy.en


def test_single_brackets_for_a_driver_are_explained_and_its_content_is_still_checked(tmp_path):
    text = (
        MINIMAL
        + '[drivers]\nname = "a"\nkind = "gpio"\n[drivers.inputs]\n"pit.water" = { pn = 1 }\n'
    )
    found = problems_of(tmp_path, text)
    assert "[[drivers]]" in found["drivers"].allowed.en
    assert 'Did you mean "pin"?' in found['drivers[0:a].inputs."pit.water".pn'].remedy.en


def test_a_driver_without_kind_is_checked_as_the_kind_it_resembles(tmp_path):
    text = MINIMAL + '[[drivers]]\nname = "a"\nprofile = "p"\nurl = "tcp://h"\ndevice_id = 300\n'
    assert set(problems_of(tmp_path, text)) == {"drivers[0:a].kind", "drivers[0:a].device_id"}


def test_a_driver_that_is_no_table_is_a_problem(tmp_path):
    assert set(problems_of(tmp_path, "drivers = [1]\n" + MINIMAL)) == {"drivers[0]"}
    text = MINIMAL + '[[drivers]]\nname = "a"\nkind = "gpio"\ninputs = 3\n'
    assert set(problems_of(tmp_path, text)) == {"drivers[0:a].inputs"}


def modbus(name, url="tcp://h:502", **more):
    lines = [f'[[drivers]]\nname = "{name}"\nkind = "modbus"\nprofile = "p"\nurl = "{url}"']
    return "\n".join([*lines, *(f"{key} = {value}" for key, value in more.items())]) + "\n"


def gpio(name, **pins):
    inputs = ", ".join(
        f'"{signal.replace("__", ".")}" = {{ pin = {pin} }}' for signal, pin in pins.items()
    )
    return f'[[drivers]]\nname = "{name}"\nkind = "gpio"\ninputs = {{ {inputs} }}\n'


def test_a_pin_of_two_gpio_drivers_is_a_contradiction(tmp_path):
    text = MINIMAL + gpio("a", alarm__button=17) + gpio("b", pit__water=17)
    found = problems_of(tmp_path, text)
    assert set(found) == {'drivers[1:b].inputs."pit.water".pin'}
    assert 'drivers[0:a].inputs."alarm.button"' in next(iter(found.values())).remedy.en


def test_a_signal_of_two_drivers_is_a_contradiction_only_where_the_drivers_signals_are_known(
    tmp_path,
):
    text = MINIMAL + modbus("m") + gpio("b", car__moving=17)
    load(written(tmp_path, text))
    found = problems_of(tmp_path, text, signals_of=signals_of)
    assert set(found) == {'drivers[1:b].inputs."car.moving"'}


def test_a_profile_that_is_itself_wrong_is_a_problem_like_any_other(tmp_path):
    def broken(driver):
        raise ProfileProblems(["p.toml: fields overlap"])

    found = problems_of(tmp_path, MINIMAL + modbus("m"), signals_of=broken)
    assert "fields overlap" in found["drivers[0:m].profile"].found.en

    def with_problems(driver):
        raise ConfigProblems((Problem("p.agent.toml", "fields[2]", *[found_say] * 3),))

    found_say = found["drivers[0:m].profile"].found
    assert "fields[2]" in problems_of(tmp_path, MINIMAL + modbus("m"), signals_of=with_problems)


@pytest.mark.parametrize("url", ["tcp://h:0", "tcp://h:65536", "tcp://[h", "tcp://:5"])
def test_an_address_that_cannot_be_connected_is_a_problem(tmp_path, url):
    assert set(problems_of(tmp_path, MINIMAL + modbus("m", url))) == {"drivers[0:m].url"}


@pytest.mark.parametrize("url", ["tcp://h", "tcp://h:1", "tcp://h:65535", "tcp://[::1]:502"])
def test_an_address_that_can_be_connected_is_none(tmp_path, url):
    load(written(tmp_path, MINIMAL + modbus("m", url)))


@pytest.mark.parametrize("length", [107, 108])
def test_a_socket_path_has_at_most_107_bytes(tmp_path, length):
    # Counted in bytes: the two letters of 电梯 are six.
    path = "/run/电梯/" + "x" * (length - len("/run//") - 6)
    assert len(os.fsencode(path)) == length
    text = MINIMAL + f'[control]\npath = "{path}"\n'
    if length == 107:
        assert load(written(tmp_path, text)).control.path == path
    else:
        assert set(problems_of(tmp_path, text)) == {"control.path"}


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("0.5", True),
        ("0.49", False),
        ("600", True),
        ("600.1", False),
        ("nan", False),
        ("inf", False),
    ],
)
def test_a_limit_is_bounded_on_both_sides(tmp_path, value, good):
    text = MINIMAL + f"[monitor]\ntrapped_at_level_s = {value}\n"
    if good:
        load(written(tmp_path, text))
    else:
        assert set(problems_of(tmp_path, text)) == {"monitor.trapped_at_level_s"}


@pytest.mark.parametrize("site", ["a\\n", "a\\u0000", "a/b", "", "x" * 65, "#"])
def test_a_site_that_would_break_a_topic_is_a_problem(tmp_path, site):
    assert set(problems_of(tmp_path, f'[elevator]\nsite = "{site}"\nid = "e"\n')) == {
        "elevator.site"
    }


def test_a_date_where_text_belongs_is_put_in_quotes(tmp_path):
    found = problems_of(tmp_path, MINIMAL + "installed_on = 2020-05-01\n")
    assert 'Put it in quotes: "2020-05-01".' in found["elevator.installed_on"].remedy.en


@pytest.mark.parametrize(
    "signal", ["car.floor", "car.mode", "host.temp", "nothing", "intercom.a/b"]
)
def test_a_contact_cannot_give_a_number_or_an_unknown_signal(tmp_path, signal):
    text = (
        MINIMAL
        + f'[[drivers]]\nname = "a"\nkind = "gpio"\ninputs = {{ "{signal}" = {{ pin = 1 }} }}\n'
    )
    assert len(problems_of(tmp_path, text)) == 1


def test_mqtt_3_takes_no_password_without_a_user(tmp_path):
    text = MINIMAL + '[mqtt]\nprotocol = "3.1.1"\npassword_file = "/p"\n'
    assert set(problems_of(tmp_path, text)) == {"mqtt.username"}
    load(written(tmp_path, text.replace("3.1.1", "5")))
    load(written(tmp_path, text + 'username = "u"\n'))


@pytest.mark.parametrize(
    "host",
    ["broker..local", "a" * 64, "x." + "b" * 64 + ".y", ".local", "mqtt://broker", "broker:1883",
     "a b", "br\\u0000ker", "[::1]", ".", "1.2.3.4/24"],
)  # fmt: skip
def test_a_broker_s_host_that_no_resolver_takes_is_refused(tmp_path, host):
    text = MINIMAL + f'[mqtt]\nhost = "{host}"\n'
    assert set(problems_of(tmp_path, text)) == {"mqtt.host"}


@pytest.mark.parametrize(
    "host",
    ["broker", "broker.local", "broker.local.", "a" * 63, "my_broker-1.x", "192.168.1.2", "::1",
     "fe80::1%eth0", "电梯.example", "localhost"],
)  # fmt: skip
def test_a_broker_s_host_is_a_name_or_an_address(tmp_path, host):
    load(written(tmp_path, MINIMAL + f'[mqtt]\nhost = "{host}"\n'))


def test_a_password_everybody_may_read_is_told_and_read_by_who_asks_to_be_told(tmp_path):
    path = secret(tmp_path / "p", mode=0o644)
    told: list[Problem] = []
    mqtt = MqttSettings(password_file=str(path))
    assert password(mqtt, exposed=told.append) == "pass word"
    assert [problem.remedy.en for problem in told] == [f"chmod 640 {path}"]
    with pytest.raises(ConfigProblems, match="no usable password"):
        password(MqttSettings(password_file=str(secret(path, "", 0o644))), exposed=told.append)


# ---- anything at all ----

SCALARS = st.one_of(
    st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates(), st.just(10**400),
    st.sampled_from(["modbus", "gpio", "alarm.button", "p", "tcp://h:1", "low"]),
    st.sampled_from([date(2020, 1, 1), math.nan]),
)  # fmt: skip
KEYS = st.sampled_from(
    ["elevator", "mqtt", "outbox", "control", "monitor", "drivers", "site", "id", "name",
     "kind", "inputs", "pin", "active", "profile", "url", "path", "port", "alarm.button",
     "door.front", "clear_s"]
) | st.text(max_size=6)  # fmt: skip
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
        max_leaves=25,
    ),
    max_size=6,
)


@settings(max_examples=400, deadline=None)
@given(TREES)
def test_no_tree_raises_anything_but_its_problems(tree):
    report = Report("agent.toml")
    sections = draft_of(Settings, tree, report)
    config_rules.check(sections, report, signals_of, lambda: ["p"])
    for problem in report.problems:
        assert problem.text("en")
        assert len(problem.text("zh").splitlines()) == 2
    if not report.problems:
        assert isinstance(msgspec.convert(tree, Settings), Settings)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_raise_anything_but_problems(tmp_path_factory, raw):
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_bytes(raw)
    with pytest.raises(ConfigProblems):  # nothing this short names site and id by chance
        load(path)


# ---- where the file is ----


def test_the_option_goes_before_the_environment_before_the_default(monkeypatch):
    monkeypatch.setenv("ELEVATOR_AGENT_CONFIG", "/env.toml")
    assert config_path("/option.toml") == Path("/option.toml")
    assert config_path(None) == Path("/env.toml")
    monkeypatch.delenv("ELEVATOR_AGENT_CONFIG")
    assert config_path(None) == Path("/etc/elevator-agent/agent.toml")


# ---- the password ----


def secret(path, text="pass word\n", mode=0o640):
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_no_password_file_is_no_password():
    assert password(MqttSettings()) is None


def test_the_password_is_the_file_without_its_last_line_end(tmp_path):
    path = secret(tmp_path / "p")
    assert password(MqttSettings(password_file=str(path))) == "pass word"


def test_a_bare_name_is_a_systemd_credential(tmp_path, monkeypatch):
    secret(tmp_path / "mqtt")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert password(MqttSettings(password_file="mqtt")) == "pass word"
    with pytest.raises(ConfigProblems, match="No such file"):
        password(MqttSettings(password_file="./mqtt"))


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [("x", 0o644, "chmod 640"), ("", 0o600, "no usable password"), ("\n", 0o600, "no usable"),
     ("a\0b", 0o600, "no usable"), ("x" * 5000, 0o600, "no usable")],
)  # fmt: skip
def test_an_unusable_password_file_says_why(tmp_path, text, mode, says):
    path = secret(tmp_path / "p", text, mode)
    with pytest.raises(ConfigProblems, match=says):
        password(MqttSettings(password_file=str(path)))


def test_the_problems_are_sorted_into_one_text():
    assert str(ConfigProblems(())) == ""
    assert config.DEFAULT_PATH.endswith("agent.toml")
