"""Which keys belong to which probe: what is missing or too much is a problem with its remedy, in both languages."""

import re
from pathlib import Path

import pytest

from agent.clock import Clock
from agent.config import ConfigProblems, Problem, load
from agent.drivers import table
from agent.drivers.means import Means
from agent.settings import IntercomSettings
from agent.uplink.hearing import Hearing

HEAD = '[elevator]\nsite = "s"\nid = "e"\n'
GOOD = {
    "sip": 'address = "h:5060"',
    "tcp": 'address = "h:80"',
    "icmp": 'address = "h"',
    "udp": 'address = "0.0.0.0:5099"',
    "mqtt": 'topic = "intercom/pit"',
    "contact": "pin = 5",
}


def station(probe: str, keys: str, name: str = "d", where: str = "pit") -> str:
    head = f'[[drivers]]\nname = "{name}"\nkind = "intercom"\nstation = "{where}"\n'
    return f'{head}probe = "{probe}"\n{keys}\n'


def drivers_of(tmp_path, *tables: str):
    path = tmp_path / "agent.toml"
    path.write_text(HEAD + "".join(tables), encoding="utf-8")
    return load(path, signals_of=lambda one: table.signals_of(one, []), profiles=list).drivers


def problems(tmp_path, *tables: str) -> dict[str, Problem]:
    with pytest.raises(ConfigProblems) as caught:
        drivers_of(tmp_path, *tables)
    found = {each.key: each for each in caught.value.problems}
    assert len(found) == len(caught.value.problems), "one problem a key"
    for each in found.values():
        assert each.text("en") != each.text("zh")
    return found


@pytest.mark.parametrize("probe", GOOD)
def test_its_own_key_is_all_that_a_probe_needs_and_a_driver_can_be_made(tmp_path, probe):
    (settings,) = drivers_of(tmp_path, station(probe, GOOD[probe]))
    driver = table.build(settings, Means(Clock(), broker=Hearing()))
    assert list(driver.signals) == ["intercom.pit"]
    assert driver.name == "d"


@pytest.mark.parametrize("probe", GOOD)
def test_without_its_key_the_probe_is_refused_with_an_example(tmp_path, probe):
    name = GOOD[probe].partition(" ")[0]
    found = problems(tmp_path, station(probe, ""))
    assert list(found) == [f"drivers[0:d].{name}"]
    assert found[f"drivers[0:d].{name}"].remedy.en.startswith(f"Add it, such as {name} = ")


@pytest.mark.parametrize(
    ("probe", "more", "key"),
    [
        ("sip", "pin = 5", "pin"),
        ("sip", 'topic = "a/b"', "topic"),
        ("sip", 'sender = "192.168.1.30"', "sender"),
        ("tcp", 'transport = "tcp"', "transport"),
        ("tcp", 'active = "high"', "active"),
        ("icmp", "debounce_ms = 100", "debounce_ms"),
        ("udp", "timeout_s = 2", "timeout_s"),
        ("mqtt", 'address = "h:1"', "address"),
        ("contact", 'address = "h:1"', "address"),
        ("contact", "timeout_s = 2", "timeout_s"),
    ],
)
def test_a_key_of_another_probe_is_refused_and_its_owner_named(tmp_path, probe, more, key):
    found = problems(tmp_path, station(probe, f"{GOOD[probe]}\n{more}"))
    assert list(found) == [f"drivers[0:d].{key}"]
    assert "it belongs to" in found[f"drivers[0:d].{key}"].remedy.en


@pytest.mark.parametrize("address", ["h:5060", "[fd00::1]:7", "192.168.1.30:1"])
def test_a_ping_has_no_port(tmp_path, address):
    found = problems(tmp_path, station("icmp", f'address = "{address}"'))
    assert "a ping has no port" in found["drivers[0:d].address"].allowed.en


@pytest.mark.parametrize("address", ["h", "[fd00::1]", "192.168.1.30"])
def test_a_ping_asks_a_host(tmp_path, address):
    (settings,) = drivers_of(tmp_path, station("icmp", f'address = "{address}"'))
    assert settings.address == address


@pytest.mark.parametrize("probe", ["sip", "tcp"])
@pytest.mark.parametrize("address", ["h", "[fd00::1]"])
def test_others_need_the_port(tmp_path, probe, address):
    found = problems(tmp_path, station(probe, f'address = "{address}"'))
    assert "Add the port" in found["drivers[0:d].address"].remedy.en


@pytest.mark.parametrize("address", ["0.0.0.0:1024", "[::]:5099", "192.168.1.2:65535"])
def test_a_port_of_our_own_may_be_any_from_1024_on(tmp_path, address):
    assert drivers_of(tmp_path, station("udp", f'address = "{address}"'))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0:1023",
        "0.0.0.0",
        "localhost:5099",
        "[fd00::1]",
        "[:::]:5099",
        "[1.2.3.4]:5099",
        "239.1.1.1:5099",
    ],
)
def test_a_name_a_low_port_or_none_cannot_be_listened_on(tmp_path, address):
    found = problems(tmp_path, station("udp", f'address = "{address}"'))
    assert "0.0.0.0:5099" in found["drivers[0:d].address"].remedy.en


@pytest.mark.parametrize("sender", ["192.168.1.300", "1", "::g", "192.168.1.30:5060", "duty-room"])
def test_a_sender_is_an_address_in_numbers(tmp_path, sender):
    found = problems(tmp_path, station("udp", f'{GOOD["udp"]}\nsender = "{sender}"'))
    assert list(found) == ["drivers[0:d].sender"]


@pytest.mark.parametrize(
    ("address", "sender"),
    [
        ("0.0.0.0", "192.168.1.30"),
        ("0.0.0.0", "::ffff:192.168.1.30"),
        ("192.168.1.2", "192.168.1.30"),
        ("[fd00::2]", "fd00::1"),
        ("[::]", "fd00::1"),
        ("[::]", "192.168.1.30"),
    ],
)
def test_a_sender_that_can_reach_the_port_is_taken(tmp_path, address, sender):
    keys = f'address = "{address}:5099"\nsender = "{sender}"'
    assert drivers_of(tmp_path, station("udp", keys))


@pytest.mark.parametrize(
    ("address", "sender"),
    [("0.0.0.0", "fd00::1"), ("[fd00::2]", "192.168.1.30"), ("0.0.0.0", "224.0.0.1"),
     ("0.0.0.0", "0.0.0.0"), ("[::]", "::")],
)  # fmt: skip
def test_a_sender_that_would_never_be_heard_is_refused(tmp_path, address, sender):
    keys = f'address = "{address}:5099"\nsender = "{sender}"'
    assert list(problems(tmp_path, station("udp", keys))) == ["drivers[0:d].sender"]


@pytest.mark.parametrize("probe", ["sip", "tcp", "icmp"])
@pytest.mark.parametrize(
    "host",
    ["999.1.1.1", "192.168.1.300", "1.2.3.4.5", "123", "[:::]", "[1.2.3.4]", "a..b", "[fe80::30]"],
)
def test_what_is_no_host_is_refused_and_not_found_out_later(tmp_path, probe, host):
    address = host if probe == "icmp" else f"{host}:5060"
    found = problems(tmp_path, station(probe, f'address = "{address}"'))
    assert list(found) == ["drivers[0:d].address"]
    assert "up to 255" in found["drivers[0:d].address"].remedy.en


@pytest.mark.parametrize("host", ["[:::]", "192.168.1.300"])
def test_a_camera_is_at_a_host_too(tmp_path, host):
    camera = '[[drivers]]\nname = "c"\nkind = "camera"\ncamera = "car"\n'
    found = problems(tmp_path, camera + f'address = "{host}:554"\n')
    assert list(found) == ["drivers[0:c].address"]


@pytest.mark.parametrize(
    "address",
    ["rtsp://admin:Geheim99@192.168.1.40:554/stream1", "admin:Geheim99@192.168.1.40:554",
     "rtsp://admin:Ge@heim/99@192.168.1.40", "rtsp://192.168.1.40/user=admin&password=Geheim99&c=1",
     "rtsp://192.168.1.40/user=admin_password=Geheim99_channel=1"],
)  # fmt: skip
def test_a_password_pasted_with_an_address_is_not_repeated(tmp_path, address):
    camera = '[[drivers]]\nname = "c"\nkind = "camera"\ncamera = "car"\n'
    (found,) = problems(tmp_path, camera + f'address = "{address}"\n').values()
    for lang in ("en", "zh"):
        assert "heim" not in found.text(lang)
        assert "192.168.1.40" in found.text(lang)


@pytest.mark.parametrize("topic", ["a/#", "+/b", "$SYS/x", "主" * 4096])
def test_a_topic_is_one_topic(tmp_path, topic):
    found = problems(tmp_path, station("mqtt", f'topic = "{topic}"'))
    assert list(found) == ["drivers[0:d].topic"]


def test_what_the_agent_says_itself_is_no_heartbeat(tmp_path):
    found = problems(tmp_path, station("mqtt", 'topic = "elevator/v1/s/e/status"'))
    assert "outside elevator/v1/s/e" in found["drivers[0:d].topic"].allowed.en
    assert drivers_of(tmp_path, station("mqtt", 'topic = "elevator/v1/s/e2/status"'))


@pytest.mark.parametrize(
    ("probe", "key", "first", "second"),
    [
        ("mqtt", "topic", "a/b", "a/b"),
        ("udp", "address", "0.0.0.0:5099", "127.0.0.1:5099"),
        ("sip", "address", "gateway:5060", "Gateway:5060"),
        ("tcp", "address", "h:80", "h:80"),
        ("icmp", "address", "192.168.1.30", "192.168.1.30"),
    ],
)
def test_two_stations_cannot_share_one_heartbeat_or_answer(tmp_path, probe, key, first, second):
    found = problems(
        tmp_path,
        station(probe, f'{key} = "{first}"'),
        station(probe, f'{key} = "{second}"', "d2", "car"),
    )
    assert list(found) == [f"drivers[1:d2].{key}"]
    assert "drivers[0:d] has it" in found[f"drivers[1:d2].{key}"].remedy.en


def test_two_stations_with_heartbeats_of_their_own_are_fine(tmp_path):
    assert drivers_of(
        tmp_path,
        station("udp", 'address = "0.0.0.0:5098"', "a", "car"),
        station("udp", 'address = "0.0.0.0:5099"', "b", "pit"),
        station("mqtt", 'topic = "x"', "c", "car_top"),
        station("mqtt", 'topic = "y"', "d", "duty_room"),
        station("contact", "pin = 0", "e", "machine_room"),
    )


def test_the_pin_of_a_contact_is_used_once(tmp_path):
    contacts = (
        '[[drivers]]\nname = "c"\nkind = "gpio"\n[drivers.inputs]\n"alarm.button" = { pin = 5 }\n'
    )
    found = problems(tmp_path, contacts, station("contact", "pin = 5"))
    assert list(found) == ["drivers[1:d].pin"]


def test_a_key_that_is_wrong_in_itself_is_reported_once(tmp_path):
    assert list(problems(tmp_path, station("sip", 'address = "h:0"'))) == ["drivers[0:d].address"]
    assert list(problems(tmp_path, station("contact", "pin = 28"))) == ["drivers[0:d].pin"]
    assert list(problems(tmp_path, station("mqtt", "topic = 5"))) == ["drivers[0:d].topic"]


def test_a_station_whose_name_is_wrong_hides_no_other_mistake(tmp_path):
    found = problems(
        tmp_path,
        station("mqtt", 'topic = "a/#"', "d", "pitt"),
        station("icmp", 'address = "h:1"', "d2", "carr"),
    )
    assert set(found) == {
        "drivers[0:d].station",
        "drivers[0:d].topic",
        "drivers[1:d2].station",
        "drivers[1:d2].address",
    }


def test_cameras_whose_names_are_wrong_are_not_said_to_be_the_same(tmp_path):
    camera = '[[drivers]]\nname = "{0}"\nkind = "camera"\ncamera = "{0} {0}"\naddress = "h:554"\n'
    found = problems(tmp_path, camera.format("a"), camera.format("b"))
    assert set(found) == {"drivers[0:a].camera", "drivers[1:b].camera"}


def test_an_unknown_probe_hides_nothing_and_adds_nothing(tmp_path):
    assert list(problems(tmp_path, station("ping", 'address = "h"'))) == ["drivers[0:d].probe"]
    assert list(problems(tmp_path, station("ping", "pin = 5"))) == ["drivers[0:d].probe"]


def test_without_an_elevator_a_topic_is_not_compared_with_its_own(tmp_path):
    path = tmp_path / "agent.toml"
    path.write_text(station("mqtt", 'topic = "elevator/v1/s/e/x"'), encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        load(path)
    assert {each.key for each in caught.value.problems} == {"elevator.site", "elevator.id"}


def test_a_contact_is_an_input_of_the_pins(tmp_path):
    (settings,) = drivers_of(tmp_path, station("contact", 'pin = 5\nactive = "high"'))
    assert isinstance(settings, IntercomSettings)
    driver = table.build(settings, Means(Clock()))
    assert type(driver).__name__ == "GpioDriver"


@pytest.mark.parametrize("page", ["intercom.md", "intercom.zh-CN.md"])
def test_the_tables_of_the_page_are_taken(tmp_path, page):
    text = (Path(__file__).parent.parent / "docs" / page).read_text(encoding="utf-8")
    shown = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    drivers = drivers_of(tmp_path, *shown)
    assert [type(each).__name__ for each in drivers] == ["IntercomSettings", "CameraSettings"]
