"""The computer itself: heat, supply, throttling, memory. Pure."""

from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say, same
from agent.doctor.finding import Check, Finding, failed, fine, unknown, warning

LEAST_MEMORY_MB: Final = 40  # what the service itself needs at most, by its own measure of quality

HEAT: Final = Check(
    "host.temperature",
    Say("Temperature", "温度"),
    {
        "cool": fine("the computer is cool enough", "温度正常"),
        "hot": warning(
            "the computer is too hot and slows down",
            "温度过高，处理器将降频",
            "Give it air, or a heat sink; move it away from resistors and drives",
            "改善通风或加散热片；远离电阻和变频器",
        ),
        "no_source": unknown("this computer does not tell its temperature", "本机不提供温度"),
    },
)
SUPPLY: Final = Check(
    "host.supply",
    Say("Supply voltage", "供电电压"),
    {
        "steady": fine("the supply is strong enough", "供电充足"),
        "under_voltage": failed(
            "the supply is too weak: the card can be damaged and the Pi can stop at any time",
            "供电不足：可能损坏存储卡，树莓派随时可能停机",
            "Use the maker's own power supply and a short, thick cable",
            "使用原厂电源和短而粗的电缆",
        ),
        "was_under_voltage": warning(
            "the supply was too weak since the start of this computer, not at this moment",
            "开机以来曾供电不足，此刻正常",
            "Use the maker's own power supply and a short, thick cable",
            "使用原厂电源和短而粗的电缆",
        ),
        "no_source": unknown(
            "this computer does not tell its supply: no Raspberry Pi, or another kernel",
            "本机不提供供电信息：不是树莓派，或内核不符",
        ),
    },
)
THROTTLE: Final = Check(
    "host.throttling",
    Say("Throttling", "降频"),
    {
        "full_speed": fine("the processor is not slowed down", "处理器未降频"),
        "throttled": warning(
            "the firmware slows the processor down, for heat or a weak supply",
            "固件因过热或供电不足而降频",
            "See host.temperature and host.supply",
            "见 host.temperature 和 host.supply 项",
        ),
        "no_source": unknown(
            "this computer does not tell whether it is slowed down (docs/host.md)",
            "本机不提供降频信息（docs/host.md）",
        ),
    },
)
MEMORY: Final = Check(
    "host.memory",
    Say("Memory", "内存"),
    {
        "enough": fine("there is memory to start the service anew", "内存足以重新启动服务"),
        "low_memory": warning(
            "less memory is left than the service needs to start anew",
            "剩余内存不足以重新启动服务",
            "See who uses it: ps aux --sort=-rss | head",
            "查看占用：ps aux --sort=-rss | head",
        ),
        "no_source": unknown("the kernel does not tell", "内核未提供"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostFacts:
    """What the kernel says; None where it does not. `hot_c` is the limit of the configuration."""

    temperature_c: float | None = None
    hot_c: float = 80
    undervoltage: bool | None = None
    was_undervoltage: bool = False
    throttled: bool | None = None
    memory_mb: int | None = None


def judge_host(facts: HostFacts) -> list[Finding]:
    """Say how the computer fares."""
    return [_heat(facts), _supply(facts), _throttle(facts), _memory(facts)]


def _heat(facts: HostFacts) -> Finding:
    celsius = facts.temperature_c
    if celsius is None:
        return HEAT.found("no_source", "", same("-"))
    measured = Say(
        f"{celsius:g} °C, limit {facts.hot_c:g} °C", f"{celsius:g} °C，限值 {facts.hot_c:g} °C"
    )
    return HEAT.found("hot" if celsius >= facts.hot_c else "cool", "", measured)


def _supply(facts: HostFacts) -> Finding:
    if facts.undervoltage is None:
        return SUPPLY.found("no_source", "", same("-"))
    if facts.undervoltage:
        return SUPPLY.found("under_voltage", "", Say("too weak now", "此刻不足"))
    if facts.was_undervoltage:
        return SUPPLY.found("was_under_voltage", "", Say("too weak before", "曾不足"))
    return SUPPLY.found("steady", "", Say("no alarm", "无报警"))


def _throttle(facts: HostFacts) -> Finding:
    if facts.throttled is None:
        return THROTTLE.found("no_source", "", same("-"))
    if facts.throttled:
        return THROTTLE.found("throttled", "", Say("slowed down now", "此刻降频"))
    return THROTTLE.found("full_speed", "", Say("full speed", "全速"))


def _memory(facts: HostFacts) -> Finding:
    free = facts.memory_mb
    if free is None:
        return MEMORY.found("no_source", "", same("-"))
    measured = Say(f"{free} MB available", f"可用 {free} MB")
    return MEMORY.found("low_memory" if free < LEAST_MEMORY_MB else "enough", "", measured)
