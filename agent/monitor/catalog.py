"""What each event means: the single table from which titles, codes, muting, clearing and capabilities come.

Rows stand in the contract's order (section 3.2), which is also the order of events of one instant. Meaning only: when an
event's rule holds is its detector's business (`detectors/`), when to speak is that of `alarms.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from agent.model import Severity


class Ends(Enum):
    """What ends an event, besides what its row adds."""

    WITH_RULE = "rule_ended"
    AT_LANDING = "doors_open_in_zone"
    ALARM_OVER = "doors_open_in_zone_button_released"


class Runs(Enum):
    """Whether two normal runs end it."""

    NEVER = "never"
    WHEN_BLIND = "when_blind"
    """Only where door or zone is missing or unknown, so that nothing else could show the release."""


@dataclass(frozen=True, slots=True)
class Part:
    """One way to detect an event: of each group at least one signal must be fitted.

    `<driver>` stands for any signal at all.
    """

    en: str
    zh: str
    needs: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the catalog.

    `gb24476`: GB/T 24476-2017 as public implementations number it; `bacnet`: BACnet LiftFault, or the name of the BACnet
    property. None where neither has one. `evidence`: the signals shown with it. `yields_to`: the event that takes over.
    `inspection_mutes`: not raised in inspection. `agent`: about the agent itself, always possible.
    """

    code: str
    severity: Severity
    en: str
    zh: str
    gb24476: int | None = None
    bacnet: int | str | None = None
    stop_recommended: bool = False
    inspection_mutes: bool = True
    ends: Ends = Ends.WITH_RULE
    runs: Runs = Runs.NEVER
    end_key: bool = False
    repeats: bool = False
    yields_to: str | None = None
    evidence: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    agent: bool = False


_MOTION = ("car.moving", "car.door_zone")
_DOORS = ("door.front", "door.rear")
PERSON_SOURCES = ("car.occupied", "car.call_registered", "car.load_percent", "alarm.button")
_STOP_EVIDENCE = (
    "car.door_zone", "car.moving", "door.front", "door.rear", "landing_doors.locked",
    "car.occupied", "car.call_registered", "car.load_percent", "alarm.button", "car.floor",
)  # fmt: skip


def _agent(code: str, severity: Severity, en: str, zh: str) -> Entry:
    return Entry(code=code, severity=severity, en=en, zh=zh, inspection_mutes=False, agent=True)


ENTRIES: tuple[Entry, ...] = (
    Entry(
        code="trapped_passengers",
        severity=Severity.CRITICAL,
        en="Passengers trapped",
        zh="困人",
        stop_recommended=True,
        ends=Ends.AT_LANDING,
        runs=Runs.WHEN_BLIND,
        end_key=True,
        evidence=_STOP_EVIDENCE,
        parts=(
            Part(
                "stopped outside the door zone with a person in the car",
                "轿厢有人且停在门区外",
                (("car.door_zone",), PERSON_SOURCES),
            ),
            Part(
                "stopped with doors not open and a person in the car",
                "轿厢有人、停梯且门未打开",
                (_DOORS, _MOTION, PERSON_SOURCES),
            ),
        ),
    ),
    Entry(
        code="alarm_button",
        severity=Severity.CRITICAL,
        en="Alarm button pressed",
        zh="报警按钮动作",
        gb24476=90,
        bacnet="passengerAlarm",
        inspection_mutes=False,
        ends=Ends.ALARM_OVER,
        end_key=True,
        repeats=True,
        evidence=("alarm.button", "car.door_zone", "car.moving", "door.front", "door.rear"),
        parts=(Part("alarm button", "报警按钮", (("alarm.button",),)),),
    ),
    Entry(
        code="stopped_outside_door_zone",
        severity=Severity.MAJOR,
        en="Car stopped outside the door zone",
        zh="门区外停梯",
        gb24476=4,
        bacnet=8,
        yields_to="trapped_passengers",
        evidence=_STOP_EVIDENCE,
        parts=(Part("stopped outside the door zone", "停在门区外", (("car.door_zone",),)),),
    ),
    Entry(
        code="mode_changed",
        severity=Severity.INFO,
        en="Operating mode changed",
        zh="运行模式改变",
        inspection_mutes=False,
        evidence=("car.mode",),
        parts=(Part("operating mode", "运行模式", (("car.mode",),)),),
    ),
    Entry(
        code="signal_lost",
        severity=Severity.MAJOR,
        en="Signals lost",
        zh="信号丢失",
        bacnet=0,
        inspection_mutes=False,
        parts=(Part("any wired signal", "任一接入信号", (("<driver>",),)),),
    ),
    _agent("agent_started", Severity.INFO, "Agent started", "监测终端启动"),
    _agent("configuration_changed", Severity.INFO, "Configuration changed", "配置已更改"),
    _agent("outbox_recovered", Severity.MAJOR, "Journal recovered", "事件日志已恢复"),
    _agent("records_dropped", Severity.MAJOR, "Records dropped", "记录被丢弃"),
    _agent("storage_failed", Severity.MAJOR, "Journal cannot be written", "事件日志无法写入"),
    _agent("publish_refused", Severity.MAJOR, "Broker refuses messages", "消息被服务器拒绝"),
    _agent("agent_fault", Severity.MAJOR, "A detector was set aside", "检测模块停用"),
)  # fmt: skip

CATALOG: Mapping[str, Entry] = {entry.code: entry for entry in ENTRIES}

# GB/T 24476-2017 numbers a change of mode by the mode entered.
GB24476_OF_MODE: Mapping[str, int] = {
    "normal": 40,
    "out_of_service": 42,
    "inspection": 43,
    "fire_recall": 44,
    "firefighter": 45,
    "emergency_power": 46,
    "earthquake": 47,
}
