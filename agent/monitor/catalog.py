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
    NEVER = "never"
    AT_LANDING = "doors_open_in_zone"
    ALARM_OVER = "doors_open_in_zone_button_released"


@dataclass(frozen=True, slots=True)
class Part:
    """One way to detect an event: of each group at least one signal must be fitted.

    `<driver>` stands for any signal at all, `intercom.*` for any of a family. `setting`: the key that must be configured.
    """

    en: str
    zh: str
    needs: tuple[tuple[str, ...], ...]
    setting: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the catalog.

    `gb24476`: GB/T 24476-2017 as public implementations number it; `bacnet`: BACnet LiftFault, or the name of the BACnet
    property. None where neither has one. `inspection_mutes`, `visit_mutes`, `mains_mutes`: not raised in inspection, during
    a checked-in visit, while the mains are lost. `site_ends`: so does an acknowledgement by somebody on site.
    `runs`: so many normal runs end it (0: none do), with `runs_only_blind`
    only where door or zone is missing or unknown. `end_key`: so does the end-of-alarm key. `repeats`: a new press while it
    stands is a notice. `yields_to`: the event that takes over. `evidence`: the signals shown with it, with `last_known` also
    what they were before they became unknown. `agent`: about the agent itself, always possible.
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
    visit_mutes: bool = False
    mains_mutes: bool = False
    runs: int = 0
    runs_only_blind: bool = False
    end_key: bool = False
    site_ends: bool = False
    repeats: bool = False
    yields_to: str | None = None
    evidence: tuple[str, ...] = ()
    last_known: bool = False
    parts: tuple[Part, ...] = ()
    agent: bool = False


_MOTION = ("car.moving", "car.door_zone")
_DOORS = ("door.front", "door.rear")
PERSON_SOURCES = ("car.occupied", "car.call_registered", "car.load_percent", "alarm.button")
_STOP_EVIDENCE = (
    "car.door_zone", "car.moving", "door.front", "door.rear", "landing_doors.locked",
    "car.occupied", "car.call_registered", "car.load_percent", "alarm.button", "car.floor",
)  # fmt: skip
_DOOR_EVIDENCE = (
    "door.front", "door.rear", "car.door_zone", "car.moving", "car.speed_mm_s", "car.floor",
)  # fmt: skip

_MACHINE_EVIDENCE = (
    "car.moving", "car.direction", "car.speed_mm_s", "car.floor",
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
        runs=2,
        runs_only_blind=True,
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
        code="entrapment_possible",
        severity=Severity.MAJOR,
        en="Passengers possibly trapped",
        zh="可能困人",
        stop_recommended=True,
        ends=Ends.AT_LANDING,
        runs=1,
        end_key=True,
        yields_to="trapped_passengers",
        evidence=(*_STOP_EVIDENCE, "power.mains"),
        last_known=True,
        parts=(
            Part(
                "the last good signals of the car and a person in it",
                "断电或断线前轿厢信号与有人信号",
                (_MOTION, PERSON_SOURCES),
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
        code="unintended_movement",
        severity=Severity.CRITICAL,
        en="Unintended car movement",
        zh="轿厢意外移动",
        gb24476=5,
        bacnet=2,
        stop_recommended=True,
        ends=Ends.NEVER,
        runs=2,
        end_key=True,
        site_ends=True,
        evidence=("ucm.tripped", "drive.command", *_DOOR_EVIDENCE),
        parts=(
            Part("the protection's own signal", "意外移动保护信号", (("ucm.tripped",),)),
            Part(
                "a speed with doors not closed though nothing tells it to move",
                "门未关闭且无运行指令时有速度",
                (_DOORS, ("drive.command", "car.moving"), ("car.speed_mm_s",)),
            ),
            Part(
                "leaving the zone with doors not closed though nothing tells it to move",
                "门未关闭且无运行指令时离开门区",
                (_DOORS, ("drive.command", "car.moving"), ("car.door_zone",)),
            ),
        ),
    ),
    Entry(
        code="moved_with_doors_open",
        severity=Severity.CRITICAL,
        en="Moved with doors open",
        zh="开门走梯",
        bacnet=5,
        stop_recommended=True,
        ends=Ends.NEVER,
        runs=2,
        end_key=True,
        site_ends=True,
        evidence=_DOOR_EVIDENCE,
        parts=(Part("moving with a door not closed", "开门运行", (("car.door_zone",), _DOORS)),),
    ),
    Entry(
        code="doors_open_outside_zone",
        severity=Severity.CRITICAL,
        en="Doors open outside the door zone",
        zh="门区外开门",
        bacnet=5,
        stop_recommended=True,
        evidence=_DOOR_EVIDENCE,
        parts=(Part("a car door open outside the zone", "门区外开门", (("car.door_zone",), _DOORS)),),
    ),
    Entry(
        code="landing_door_unlocked",
        severity=Severity.CRITICAL,
        en="Landing door unlocked without the car",
        zh="层门未锁",
        bacnet=5,
        stop_recommended=True,
        evidence=("landing_doors.locked", *_DOOR_EVIDENCE),
        parts=(
            Part("a landing door unlocked", "层门未锁", (("landing_doors.locked",), _MOTION)),
        ),
    ),
    Entry(
        code="overtravel_top",
        severity=Severity.CRITICAL,
        en="Overtravel at the top",
        zh="冲顶",
        bacnet=3,
        stop_recommended=True,
        ends=Ends.NEVER,
        runs=2,
        end_key=True,
        site_ends=True,
        evidence=("overtravel.top", *_MACHINE_EVIDENCE),
        parts=(Part("the limit at the top", "上极限信号", (("overtravel.top",),)),),
    ),
    Entry(
        code="overtravel_bottom",
        severity=Severity.CRITICAL,
        en="Overtravel at the bottom",
        zh="蹲底",
        bacnet=3,
        stop_recommended=True,
        ends=Ends.NEVER,
        runs=2,
        end_key=True,
        site_ends=True,
        evidence=("overtravel.bottom", *_MACHINE_EVIDENCE),
        parts=(Part("the limit at the bottom", "下极限信号", (("overtravel.bottom",),)),),
    ),
    Entry(
        code="overspeed",
        severity=Severity.CRITICAL,
        en="Overspeed",
        zh="超速",
        bacnet=2,
        stop_recommended=True,
        ends=Ends.NEVER,
        runs=2,
        end_key=True,
        site_ends=True,
        evidence=("overspeed.tripped", "safety_gear.tripped", *_MACHINE_EVIDENCE),
        parts=(
            Part("the governor's signal", "限速器信号", (("overspeed.tripped",),)),
            Part("the safety gear's signal", "安全钳信号", (("safety_gear.tripped",),)),
            Part(
                "speed, with the rated speed configured",
                "轿厢速度（须配置额定速度）",
                (("car.speed_mm_s",),),
                setting="elevator.rated_speed_mm_s",
            ),
        ),
    ),
    Entry(
        code="brake_contradiction",
        severity=Severity.MAJOR,
        en="Brake contradicts motion",
        zh="制动器状态矛盾",
        bacnet=1,
        evidence=("brake.released", "drive.command", *_MACHINE_EVIDENCE),
        parts=(
            Part("moving, not released", "运行而制动器未松开", (("brake.released",), ("car.moving",))),
            Part("released, standing", "停梯而制动器松开", (("brake.released",), ("car.moving",))),
        ),
    ),
    Entry(
        code="safety_chain_open",
        severity=Severity.MAJOR,
        en="Safety chain open",
        zh="安全回路断开",
        gb24476=1,
        bacnet=5,
        stop_recommended=True,
        visit_mutes=True,
        mains_mutes=True,
        evidence=("safety_chain.closed", "power.mains", *_DOOR_EVIDENCE),
        parts=(
            Part(
                "open under way",
                "运行中断开",
                (("safety_chain.closed",), ("car.door_zone",)),
            ),
            Part(
                "open while standing with doors closed",
                "停梯关门时断开",
                (("safety_chain.closed",), _MOTION, _DOORS),
            ),
        ),
    ),
    Entry(
        code="door_close_failure",
        severity=Severity.MAJOR,
        en="Doors do not close",
        zh="关门故障",
        gb24476=2,
        bacnet=6,
        visit_mutes=True,
        mains_mutes=True,
        evidence=("door.obstructed", "door.open_button", *_DOOR_EVIDENCE),
        parts=(Part("a car door", "轿门信号", (_DOORS,)),),
    ),
    Entry(
        code="door_held_open",
        severity=Severity.MINOR,
        en="Doors held open",
        zh="长时间开门",
        bacnet=6,
        visit_mutes=True,
        mains_mutes=True,
        evidence=("door.obstructed", "door.open_button", *_DOOR_EVIDENCE),
        parts=(Part("a car door", "轿门信号", (_DOORS,)),),
    ),
    Entry(
        code="door_open_failure",
        severity=Severity.MAJOR,
        en="Doors do not open",
        zh="开门故障",
        gb24476=3,
        bacnet=7,
        visit_mutes=True,
        mains_mutes=True,
        evidence=("car.call_registered", "landing_doors.locked", *_DOOR_EVIDENCE),
        parts=(
            Part(
                "arrived with a car call, doors not open",
                "应轿内指令到站而门未打开",
                (_DOORS, ("car.door_zone",), ("car.call_registered",)),
            ),
        ),
    ),
    Entry(
        code="door_cycling",
        severity=Severity.MINOR,
        en="Doors open and close again and again",
        zh="反复开关门",
        bacnet=6,
        visit_mutes=True,
        mains_mutes=True,
        evidence=("door.obstructed", "door.open_button", *_DOOR_EVIDENCE),
        parts=(Part("a car door, and motion", "轿门与运行信号", (_DOORS, _MOTION)),),
    ),
    Entry(
        code="run_time_limit",
        severity=Severity.MAJOR,
        en="Run without a landing for too long",
        zh="运行超时",
        gb24476=6,
        bacnet=13,
        evidence=("run_time_limit.tripped", "car.door_zone", *_MACHINE_EVIDENCE),
        parts=(
            Part("the limiter's signal", "运转时间限制器信号", (("run_time_limit.tripped",),)),
            Part("moving without passing a zone", "运行而未经过门区", (("car.moving",), ("car.door_zone",))),
        ),
    ),
    Entry(
        code="position_lost",
        severity=Severity.MAJOR,
        en="Position lost",
        zh="楼层位置丢失",
        gb24476=7,
        bacnet=14,
        evidence=("position.lost", "car.door_zone", *_MACHINE_EVIDENCE),
        parts=(
            Part("the controller's signal", "控制器位置丢失信号", (("position.lost",),)),
            Part(
                "floors that contradict the zones",
                "楼层与门区矛盾",
                (("car.floor",), ("car.door_zone",), ("car.moving",)),
            ),
        ),
    ),
    Entry(
        code="start_failure",
        severity=Severity.MAJOR,
        en="Car does not start",
        zh="电梯不能再启动",
        gb24476=8,
        bacnet=10,
        visit_mutes=True,
        mains_mutes=True,
        evidence=("car.call_registered", "hall.call_pending", "power.mains", *_DOOR_EVIDENCE),
        parts=(
            Part(
                "a call, and the car stays",
                "有呼梯而不启动",
                (("car.call_registered", "hall.call_pending"), _DOORS, _MOTION),
            ),
        ),
    ),
    Entry(
        code="controller_fault",
        severity=Severity.MAJOR,
        en="Controller reports a fault",
        zh="控制器故障",
        bacnet=0,
        visit_mutes=True,
        evidence=("controller.fault", "controller.fault_code"),
        parts=(Part("the controller's fault signal", "控制器故障信号", (("controller.fault",),)),),
    ),
    Entry(
        code="mains_lost",
        severity=Severity.MAJOR,
        en="Mains lost",
        zh="主电源断电",
        gb24476=41,
        bacnet=4,
        inspection_mutes=False,
        evidence=("power.mains",),
        parts=(Part("the mains contact", "主电源信号", (("power.mains",),)),),
    ),
    Entry(
        code="battery_low",
        severity=Severity.MAJOR,
        en="Battery low",
        zh="电池电量低",
        bacnet=4,
        inspection_mutes=False,
        evidence=("power.battery_percent", "power.mains"),
        parts=(Part("the battery's charge", "电池电量", (("power.battery_percent",),)),),
    ),
    Entry(
        code="battery_fault",
        severity=Severity.MAJOR,
        en="Battery fault",
        zh="电池故障",
        bacnet=4,
        inspection_mutes=False,
        evidence=("power.battery_fault", "power.battery_percent", "power.mains"),
        parts=(Part("the battery's fault contact", "电池故障信号", (("power.battery_fault",),)),),
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
        code="intercom_silent",
        severity=Severity.MAJOR,
        en="Intercom station silent",
        zh="五方通话中断",
        inspection_mutes=False,
        parts=(Part("a supervised intercom station", "受监测的对讲分机", (("intercom.*",),)),),
    ),
    Entry(
        code="camera_silent",
        severity=Severity.MINOR,
        en="Camera silent",
        zh="摄像头中断",
        inspection_mutes=False,
        parts=(Part("a supervised camera", "受监测的摄像头", (("camera.*",),)),),
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
    Entry(
        code="sensor_contradiction",
        severity=Severity.MINOR,
        en="Sensors contradict each other",
        zh="传感器信号矛盾",
        bacnet=3,
        evidence=(
            "car.moving", "car.speed_mm_s", "car.door_zone", "door.front", "door.rear",
            "landing_doors.locked",
        ),
        last_known=True,
        parts=(
            Part("motion against speed", "运行与速度", (("car.moving",), ("car.speed_mm_s",))),
            Part(
                "a car door open against landing doors locked",
                "轿门打开与层门锁闭",
                (_DOORS, ("landing_doors.locked",)),
            ),
            Part(
                "a dead door-zone sensor",
                "门区传感器失效",
                (("car.door_zone",), ("car.moving",), _DOORS),
            ),
        ),
    ),
    Entry(
        code="machine_room_hot",
        severity=Severity.MINOR,
        en="Machine room hot",
        zh="机房高温",
        inspection_mutes=False,
        visit_mutes=True,
        evidence=("machine_room.temperature_c",),
        parts=(Part("machine-room temperature", "机房温度", (("machine_room.temperature_c",),)),),
    ),
    Entry(
        code="machine_room_door_open",
        severity=Severity.MINOR,
        en="Machine-room door open",
        zh="机房门未关",
        inspection_mutes=False,
        visit_mutes=True,
        evidence=("machine_room.door_open",),
        parts=(Part("machine-room door", "机房门信号", (("machine_room.door_open",),)),),
    ),
    Entry(
        code="pit_water",
        severity=Severity.MINOR,
        en="Water in the pit",
        zh="底坑积水",
        inspection_mutes=False,
        evidence=("pit.water",),
        parts=(Part("the water contact in the pit", "底坑积水信号", (("pit.water",),)),),
    ),
    Entry(
        code="disk_low",
        severity=Severity.MAJOR,
        en="Journal's disk nearly full",
        zh="磁盘空间不足",
        inspection_mutes=False,
        evidence=("host.disk_free_percent", "host.disk_free_mb"),
        parts=(Part("what is free on the disk", "磁盘剩余空间", (("host.disk_free_percent",),)),),
    ),
    Entry(
        code="host_undervoltage",
        severity=Severity.MAJOR,
        en="Agent's computer under-voltage",
        zh="主机供电欠压",
        inspection_mutes=False,
        evidence=("host.undervoltage", "host.throttled"),
        parts=(Part("the computer's supply", "主机供电状态", (("host.undervoltage",),)),),
    ),
    Entry(
        code="host_hot",
        severity=Severity.MINOR,
        en="Agent's computer hot",
        zh="主机高温",
        inspection_mutes=False,
        evidence=("host.temperature_c", "host.throttled"),
        parts=(Part("the computer's temperature", "主机温度", (("host.temperature_c",),)),),
    ),
    _agent("usage", Severity.INFO, "Usage", "使用状况"),
    _agent("agent_started", Severity.INFO, "Agent started", "监测终端启动"),
    _agent("power_restored", Severity.INFO, "Power restored", "恢复供电"),
    _agent("clock_corrected", Severity.INFO, "Clock corrected", "时钟已校正"),
    _agent("configuration_changed", Severity.INFO, "Configuration changed", "配置已更改"),
    _agent("outbox_recovered", Severity.MAJOR, "Journal recovered", "事件日志已恢复"),
    _agent("records_dropped", Severity.MAJOR, "Records dropped", "记录被丢弃"),
    _agent("request", Severity.INFO, "Request carried out", "执行远程请求"),
    _agent("storage_failed", Severity.MAJOR, "Journal cannot be written", "事件日志无法写入"),
    _agent("publish_refused", Severity.MAJOR, "Broker refuses messages", "消息被服务器拒绝"),
    _agent("identity_conflict", Severity.MAJOR, "Second agent of this name", "终端身份冲突"),
    _agent("certificate_expiring", Severity.MAJOR, "Certificate ends soon", "证书即将到期"),
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

# Its 8 is a fault that keeps the car from running again. Of what the controller reports, only a fault in mode
# `out_of_service` is known to do so.
GB24476_OUT_OF_SERVICE: Mapping[str, int] = {"controller_fault": 8}
