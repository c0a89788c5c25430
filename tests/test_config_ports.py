"""Ports that belong to one driver: what a card reader and a modem may be configured as."""

from pathlib import Path

import pytest

from agent.config import ConfigProblems, Problem, load
from agent.drivers import table
from agent.settings import CardSettings, HostSettings

HEAD = '[elevator]\nsite = "s"\nid = "e01"\n'
READER = "serial:///dev/serial/by-id/reader?baudrate=9600&parity=N"
MODEM = "serial:///dev/ttyUSB2?baudrate=115200&parity=N"
BUS = "serial:///dev/ttyUSB0?baudrate=9600&parity=N"


def card(name: str = "door", **keys: object) -> str:
    said = {"name": name, "kind": "card", "reader": name, "url": READER, **keys}
    return _table(said)


def host(**keys: object) -> str:
    return _table({"name": "pi", "kind": "host", **keys})


def _table(said: dict[str, object]) -> str:
    lines = [
        f'{k} = "{v}"' if isinstance(v, str) else f"{k} = {v}"
        for k, v in said.items()
        if v is not None
    ]
    return "[[drivers]]\n" + "\n".join(lines) + "\n"


def problems(tmp_path: Path, *drivers: str) -> dict[str, Problem]:
    path = tmp_path / "agent.toml"
    path.write_text(HEAD + "".join(drivers), encoding="utf-8")
    try:
        load(path, signals_of=lambda one: table.signals_of(one, []), profiles=lambda: ["p"])
    except ConfigProblems as wrong:
        return {problem.key: problem for problem in wrong.problems}
    return {}


def test_a_reader_and_a_modem_on_ports_of_their_own_are_fine(tmp_path: Path) -> None:
    assert problems(tmp_path, card(), host(modem_url=MODEM)) == {}


def test_the_reader_gives_the_signal_of_its_name() -> None:
    settings = CardSettings(name="a", reader="machine_room", url=READER)
    assert list(table.signals_of(settings, ())) == ["card.machine_room"]


def test_an_rdm6300_needs_a_port(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, card(url=None)).values()
    assert problem.key == "drivers[0:door].url"
    assert problem.found.en == "nothing"
    assert "9600" in problem.allowed.en


def test_a_url_of_no_known_form_is_said_once(tmp_path: Path) -> None:
    found = problems(tmp_path, card(url="tcp://1.2.3.4:1"))
    assert list(found) == ["drivers[0:door].url"]


@pytest.mark.parametrize(
    "query",
    ["baudrate=19200&parity=N", "baudrate=9600&parity=E", "baudrate=9600&parity=N&stopbits=2"],
)
def test_an_rdm6300_knows_one_speed(tmp_path: Path, query: str) -> None:
    found = problems(tmp_path, card(url=f"serial:///dev/ttyUSB1?{query}"))
    assert "no other speed" in found["drivers[0:door].url"].allowed.en


@pytest.mark.parametrize(
    ("driver", "key"),
    [
        (card(url="serial:///dev/x?speed=1"), "url"),
        (host(modem_url="serial:///dev/x?baudrate=1&parity=N"), "modem_url"),
    ],
)
def test_a_port_that_cannot_be_spoken_on_is_said(tmp_path: Path, driver: str, key: str) -> None:
    (problem,) = problems(tmp_path, driver).values()
    assert problem.key.endswith(f".{key}")
    assert "baudrate=B" in problem.allowed.en


def test_pins_are_not_for_an_rdm6300(tmp_path: Path) -> None:
    found = problems(tmp_path, card(data0_pin=17, data1_pin=27))
    assert set(found) == {"drivers[0:door].data0_pin", "drivers[0:door].data1_pin"}


@pytest.mark.parametrize(
    ("first", "second", "key"),
    [
        (card(), card("lobby"), "drivers[1:lobby].url"),
        (card(), host(modem_url=READER), "drivers[1:pi].modem_url"),
        (host(modem_url=BUS), card(url=BUS), "drivers[1:door].url"),
    ],
)
def test_two_drivers_cannot_have_one_port(
    tmp_path: Path, first: str, second: str, key: str
) -> None:
    assert list(problems(tmp_path, first, second)) == [key]


@pytest.mark.parametrize("order", [1, -1])
def test_a_reader_is_not_put_on_a_bus(tmp_path: Path, order: int) -> None:
    bus = '[[drivers]]\nname = "m"\nkind = "modbus"\nprofile = "x"\n' + f'url = "{BUS}"\n'
    found = problems(tmp_path, *[bus, card(url=BUS)][::order])
    (key,) = [key for key in found if key.endswith("url")]
    assert ":door]" in key
    assert ":m].url" in found[key].remedy.en


def test_without_a_modem_there_is_no_modem_signal() -> None:
    assert "uplink.signal_dbm" not in table.signals_of(HostSettings(name="pi"), ())
    assert "uplink.signal_dbm" in table.signals_of(HostSettings(name="pi", modem_url=MODEM), ())


def test_an_unknown_model_is_the_only_thing_said_of_its_table(tmp_path: Path) -> None:
    found = problems(tmp_path, card(model="wiegand", url=None, data0_pin=5, data1_pin=6))
    assert list(found) == ["drivers[0:door].model"]


def test_two_tables_of_the_same_computer_are_one_mistake(tmp_path: Path) -> None:
    path = tmp_path / "agent.toml"
    path.write_text(HEAD + host() + host(name="pi2"), encoding="utf-8")
    with pytest.raises(ConfigProblems) as caught:
        load(path, signals_of=lambda one: table.signals_of(one, []), profiles=list)
    (problem,) = caught.value.problems
    assert problem.key == "drivers[1:pi2]"
    assert "drivers[0:pi] gives it" in problem.remedy.en
