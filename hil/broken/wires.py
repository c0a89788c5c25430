"""What breaks at the wired contacts: chip, library, pins, wires. A table of cases."""

import sys

from hil.broken.case import Group
from hil.broken.house import WIRED
from hil.broken.lines import service_user_nobody
from hil.broken.site import Site
from hil.installation import AgentProcess

WIRES = Group("Wired contacts", "触点接线")

_BUSY = 24
_SECOND = 25


def _no_factory() -> None:
    """In the process of doctor: the pins are the computer's own."""
    import os

    del os.environ["GPIOZERO_PIN_FACTORY"]


def _no_library() -> None:
    """In the process of doctor: lgpio is not installed."""
    sys.modules["lgpio"] = None  # type: ignore[assignment]


def _pin_held() -> None:
    """In the process of doctor: a pin that another program holds, as lgpio says it."""
    import lgpio

    from hil import pins

    whole = pins.SimulatedPin.__init__

    def claimed(self, factory, info):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        if info.name == f"GPIO{_BUSY}":
            raise lgpio.error("'GPIO busy'")
        whole(self, factory, info)

    pins.SimulatedPin.__init__ = claimed  # type: ignore[method-assign]


def _chip(site: Site, mode: int = 0o666) -> None:
    site.root.write("dev/gpiochip0", "").chmod(mode)


@WIRES.case(
    "存储卡装入了没有 GPIO 的计算机",
    "gpio.chip: no_chip",
)
def chip_missing(site: Site) -> None:
    """The card was put into a computer without GPIO."""
    site.hooks.append(_no_factory)


@WIRES.case(
    "服务用户不在 gpio 组",
    "gpio.chip: no_permission",
)
def gpio_no_permission(site: Site) -> None:
    """The service's user is not in group gpio."""
    _chip(site, 0o600)
    site.folder.chmod(0o777)
    site.house.open_port()
    site.hooks.append(service_user_nobody)


@WIRES.case(
    "未安装 python3-lgpio",
    "gpio.chip: no_library",
)
def library_missing(site: Site) -> None:
    """Python3-lgpio is not installed."""
    _chip(site)
    site.hooks += [_no_factory, _no_library]


@WIRES.case(
    "设备树叠加层占用电源触点的引脚",
    "gpio.pin power.mains: pin_held",
)
def pin_held(site: Site) -> None:
    """A device-tree overlay holds the pin of the mains contact."""
    site.hooks.append(_pin_held)


@WIRES.case(
    "两个触点用同一引脚",
    'config.file drivers[2:contacts].inputs."power.mains".pin: problem',
)
def pin_twice(site: Site) -> None:
    """Two contacts have the same pin."""
    inputs = site.drivers["contacts"]["inputs"]
    inputs["power.mains"]["pin"] = inputs["alarm.button"]["pin"]


@WIRES.case(
    "报警按钮被按下或接反：无人监测",
    "input.sense alarm.button: active_now",
)
def button_active(site: Site) -> None:
    """The alarm button is pressed, or wired the wrong way round: nobody watched."""
    site.house.move(alarm_button=True)


@WIRES.case(
    "报警按钮为常闭触点，配置成常开",
    "input.sense alarm.button: inverted", "input.toggled alarm.button: never",
    runs=True,
)  # fmt: skip
def button_inverted(site: Site) -> None:
    """The alarm button is a normally closed contact, configured as normally open."""
    site.house.move(alarm_button=True)
    site.sections["monitor"] = {"button_stuck_s": 0.5}

    def stands(agent: AgentProcess) -> None:
        agent.wait_until(
            lambda _: (agent.ask("doctor")["contacts"]["alarm.button"]["stood_s"] or 0) > 0.6
        )
        site.operate(agent, "power.mains", alarm_button=True)

    site.prelude = stands


@WIRES.case(
    "报警按钮按下后卡住",
    "input.sense alarm.button: stuck",
    runs=True,
)
def button_jams(site: Site) -> None:
    """The alarm button jams after it was pressed."""
    site.sections["monitor"] = {"button_stuck_s": 0.5}

    def jams(agent: AgentProcess) -> None:
        site.operate(agent, *WIRED)
        site.house.move(alarm_button=True)
        agent.wait_until(
            lambda _: (
                agent.ask("signals")["signals"]["alarm.button"]["v"] is True
                and agent.ask("doctor")["contacts"]["alarm.button"]["stood_s"] > 0.6
            )
        )

    site.prelude = jams


@WIRES.case(
    "电源触点未接：从未见其变化",
    "input.toggled power.mains: never",
    runs=True,
)
def never_wired(site: Site) -> None:
    """The mains contact was never wired: nobody has seen it change."""
    site.prelude = lambda agent: site.operate(agent, "alarm.button")


def _pair(site: Site) -> None:
    """A changeover contact of which the second wire is cut: that pin follows its resistor."""
    site.drivers["contacts"]["inputs"]["alarm.button"] = {
        "pin": 17, "active": "low", "inverse_pin": _SECOND, "settle_ms": 100,
    }  # fmt: skip


@WIRES.case(
    "按钮转换触点的一根线断开",
    "gpio.pin alarm.button: pair_contradicts",
)
def pair_cut(site: Site) -> None:
    """One wire of the button's changeover contact is cut."""
    _pair(site)


@WIRES.case(
    "按钮转换触点的一根线断开；服务在运行",
    "gpio.pin alarm.button: pair_contradicts", "input.toggled alarm.button: never",
    runs=True,
)  # fmt: skip
def pair_cut_while_running(site: Site) -> None:
    """One wire of the button's changeover contact is cut; the service runs."""
    _pair(site)

    def settled(agent: AgentProcess) -> None:
        site.operate(agent, "power.mains")
        agent.wait_until(lambda _: agent.ask("signals")["signals"]["alarm.button"]["q"] == "bad")

    site.prelude = settled


@WIRES.case(
    "端子松动，电源触点抖动",
    "input.toggled power.mains: chatters",
    runs=True,
)
def contact_chatters(site: Site) -> None:
    """A loose terminal lets the mains contact chatter."""
    site.drivers["contacts"]["inputs"]["power.mains"]["debounce_ms"] = 5

    def chatters(agent: AgentProcess) -> None:
        site.operate(agent, "alarm.button")
        levels = iter(range(1 << 20))
        stop = site.house.repeat(
            lambda: site.house.set_contacts({"power.mains": next(levels) % 2 == 0}), 0.02
        )
        site.stack.callback(stop)
        agent.wait_until(lambda _: agent.ask("doctor")["contacts"]["power.mains"]["changes"] > 60)

    site.prelude = chatters
