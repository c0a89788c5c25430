"""The signals of the contract, section 1: names, types, units. A table for facts; nothing here decides."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from agent.model import Value


class Kind(enum.Enum):
    """What a signal's value is."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    TEXT = "text"
    ENUM = "enum"


@dataclass(frozen=True, slots=True)
class Signal:
    """One row: `choices` for an enumeration, `dead_band` the change of an analogue value worth sending."""

    kind: Kind
    en: str
    zh: str
    choices: frozenset[str] = frozenset()
    dead_band: float = 0.0

    def accepts(self, value: Value) -> bool:
        """Whether a value is of this signal's type (a bool is not an int here)."""
        match self.kind:
            case Kind.BOOL:
                return isinstance(value, bool)
            case Kind.INT:
                return isinstance(value, int) and not isinstance(value, bool)
            case Kind.FLOAT:
                return isinstance(value, (int, float)) and not isinstance(value, bool)
            case Kind.TEXT:
                return isinstance(value, str)
            case Kind.ENUM:
                return value in self.choices


MODES = (
    "normal", "inspection", "rescue", "fire_recall", "firefighter", "emergency_power", "earthquake",
    "attendant", "independent", "vip", "homing", "learning", "out_of_service",
)  # fmt: skip
DOOR_STATES = ("open", "closed", "opening", "closing", "stopped", "fault", "not_closed")
DIRECTIONS = ("none", "up", "down")


def _bool(en: str, zh: str) -> Signal:
    return Signal(Kind.BOOL, en, zh)


def _int(en: str, zh: str, dead_band: float = 0.0) -> Signal:
    return Signal(Kind.INT, en, zh, dead_band=dead_band)


def _enum(en: str, zh: str, choices: tuple[str, ...]) -> Signal:
    return Signal(Kind.ENUM, en, zh, frozenset(choices))


SIGNALS: Mapping[str, Signal] = {
    "car.mode": _enum("Operating mode", "运行模式", MODES),
    "car.moving": _bool("Car moving", "轿厢运行"),
    "car.direction": _enum("Direction", "运行方向", DIRECTIONS),
    "car.floor": _int("Landing index, 0 is the lowest", "所在层站(0 为最低)"),
    "car.floor_label": Signal(Kind.TEXT, "What the display shows", "楼层显示"),
    "car.door_zone": _bool("Car in the door zone", "轿厢在门区"),
    "car.speed_mm_s": _int("Car speed, mm/s", "轿厢速度 mm/s", 50),
    "car.load_percent": _int("Load, percent of rated", "载荷(额定%)", 2),
    "car.overload": _bool("Overload", "超载"),
    "car.occupied": _bool("Person in the car", "轿厢有人"),
    "car.call_registered": _bool("Car call pending", "轿内指令登记"),
    "hall.call_pending": _bool("Landing call pending", "厅外召唤登记"),
    "car.light": _bool("Car light", "轿厢照明"),
    "door.front": _enum("Front car door", "前门", DOOR_STATES),
    "door.rear": _enum("Rear car door", "后门", DOOR_STATES),
    "door.obstructed": _bool("Door obstructed", "关门受阻"),
    "door.open_button": _bool("Door-open button", "开门按钮"),
    "door.bypass": _bool("Door bypass", "门旁路"),
    "landing_doors.locked": _bool("Landing doors locked", "层门锁闭"),
    "safety_chain.closed": _bool("Safety chain closed", "安全回路闭合"),
    "brake.released": _bool("Brake released", "制动器松开"),
    "drive.command": _bool("Drive told to move", "驱动运行指令"),
    "overtravel.top": _bool("Overtravel at the top", "冲顶"),
    "overtravel.bottom": _bool("Overtravel at the bottom", "蹲底"),
    "overspeed.tripped": _bool("Overspeed governor tripped", "限速器动作"),
    "safety_gear.tripped": _bool("Safety gear tripped", "安全钳动作"),
    "ucm.tripped": _bool("Unintended movement protection tripped", "轿厢意外移动保护动作"),
    "run_time_limit.tripped": _bool("Motor run-time limiter tripped", "运转时间限制器动作"),
    "position.lost": _bool("Position lost", "楼层位置丢失"),
    "power.mains": _bool("Mains present", "主电源"),
    "power.battery_percent": _int("Battery, percent", "电池电量 %", 2),
    "power.battery_fault": _bool("Battery fault", "电池故障"),
    "alarm.button": _bool("Alarm button pressed", "报警按钮"),
    "alarm.end_key": _bool("End-of-alarm key", "报警解除钥匙"),
    "controller.fault": _bool("Controller reports a fault", "控制器故障"),
    "controller.fault_code": _int("Controller's raw fault code", "控制器故障码"),
    "controller.run_count": _int("Runs", "运行次数"),
    "controller.run_hours": _int("Running hours", "运行小时"),
    "door.cycle_count": _int("Door cycles", "开关门次数"),
    "visit.active": _bool("Maintenance visit checked in", "维保人员在场"),
    "machine_room.temperature_c": Signal(Kind.FLOAT, "Machine room, °C", "机房温度 °C", dead_band=0.5),
    "machine_room.door_open": _bool("Machine-room door open", "机房门开"),
    "pit.water": _bool("Water in the pit", "底坑积水"),
    "uplink.signal_dbm": _int("Modem signal, dBm", "信号强度 dBm", 3),
    "host.temperature_c": Signal(Kind.FLOAT, "The agent's computer, °C", "主机温度 °C", dead_band=1.0),
    "host.undervoltage": _bool("The computer's supply is too weak", "主机供电欠压"),
    "host.throttled": _bool("The computer is slowed down by heat or its supply", "主机降频"),
    "host.disk_free_percent": _int("Free on the journal's disk, percent", "日志磁盘剩余 %", 2),
    "host.disk_free_mb": _int("Free on the journal's disk, MB", "日志磁盘剩余 MB", 100),
    "host.memory_available_mb": _int("Memory available, MB", "可用内存 MB", 20),
    "host.clock_synchronised": _bool("The computer's clock is synchronised", "主机时钟已同步"),
}  # fmt: skip

_FAMILIES: Mapping[str, Signal] = {
    "intercom.": _bool("Intercom station answers", "对讲应答"),
    "camera.": _bool("Camera answers", "摄像头应答"),
    "card.": Signal(Kind.TEXT, "Card number", "卡号"),
    "host.": Signal(Kind.FLOAT, "Health of the agent's own computer", "主机状态", dead_band=1.0),
}


def signal_for(name: str) -> Signal | None:
    """The row of a signal, by its name or its family (`intercom.<station>`); None for an unknown name."""
    row = SIGNALS.get(name)
    if row is not None:
        return row
    head, dot, tail = name.partition(".")
    return _FAMILIES.get(head + dot) if tail else None
