"""The pins: the chip, the library, who holds a line. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say, same
from agent.doctor.finding import Check, Finding, failed, fine, unknown

CHIP: Final = Check(
    "gpio.chip",
    Say("GPIO chip and library", "GPIO 芯片与库"),
    {
        "usable": fine("chip and library are there", "芯片与库可用"),
        "no_chip": failed(
            "the kernel shows no GPIO chip: no Raspberry Pi, or not its kernel",
            "内核没有 GPIO 芯片：不是树莓派，或内核不符",
            "Move the card into a Raspberry Pi, or remove the gpio driver from the configuration",
            "把存储卡装入树莓派，或从配置中删除 gpio 驱动",
        ),
        "no_permission": failed(
            "the service's user may not use the pins",
            "服务用户无权使用引脚",
            "Let it: sudo usermod -aG gpio {user}, then restart the service",
            "授权：sudo usermod -aG gpio {user}，再重启服务",
        ),
        "no_library": failed(
            "the library for the pins cannot be loaded",
            "无法加载引脚库",
            "Install it: sudo apt-get install python3-lgpio (docs/install.md, section 1)",
            "安装：sudo apt-get install python3-lgpio（docs/install.md 第 1 节）",
        ),
        "not_wanted": fine("no pin is configured", "未配置引脚"),
    },
)
PIN: Final = Check(
    "gpio.pin",
    Say("Pin", "引脚"),
    {
        "free": fine("it can be read", "可读取"),
        "held_by_service": fine("the service reads it", "由本服务读取"),
        "pin_held": failed(
            "another program or overlay holds the pin",
            "引脚被其他程序或设备树叠加层占用",
            "See who: gpioinfo; then stop it, or use another pin",
            "查看占用者：gpioinfo；停止它或换用其他引脚",
        ),
        "pin_lost": failed(
            "the service cannot read the pin",
            "服务无法读取引脚",
            "See why: elevator-agent status; who holds it: gpioinfo",
            "查看原因：elevator-agent status；占用者：gpioinfo",
        ),
        "pair_contradicts": failed(
            "the two contacts of the pair say the same, which cannot be: a wire is cut or shorted",
            "一对触点状态相同，不可能：断线或短路",
            "Measure both wires with the contact operated and released",
            "在触点动作和释放时分别测量两根线",
        ),
        "wrong_pull": failed(
            "the pin cannot have this resistor: 2 and 3 are pulled up on the board",
            "该引脚不能用此电阻：2 和 3 在板上已上拉",
            'Use pull = "up", or another pin',
            '改用 pull = "up"，或换引脚',
        ),
        "not_told": unknown(
            "the service has it, and could not be asked what it reads",
            "由本服务占用，无法询问其读数",
            "Do the next thing under service.answer, then ask again",
            "先处理 service.answer 项，再重查",
        ),
        "not_tried": unknown(
            "the chip or library is missing, so it was not tried", "缺少芯片或库，未作尝试"
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChipFacts:
    """The chips there are, whether the service's user may use them, and why the library does not load."""

    wanted: bool
    chips: Sequence[str] = ()
    allowed: bool = True
    user: str = ""
    library_error: str = ""
    model: str = ""


def judge_chip(facts: ChipFacts) -> Finding:
    """Say whether pins can be used at all."""
    if not facts.wanted:
        cause = "not_wanted"
    elif not facts.chips:
        cause = "no_chip"
    elif facts.library_error:
        cause = "no_library"
    else:
        cause = "usable" if facts.allowed else "no_permission"
    chips = ", ".join(facts.chips) or "-"
    library = facts.library_error or "lgpio"
    return CHIP.found(cause, "", same(f"{facts.model or '-'}; {chips}; {library}"), user=facts.user)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinFacts:
    """One pin: `error` is what claiming it said, empty where that went well, None where it was not tried.

    `served` says that the running service should have it, `lost` that it does not, and `told` is false where it could not
    be asked. `contradicts`: it is one of a
    pair, and both say the same.
    """

    signal: str
    pin: int
    error: str | None = None
    served: bool = False
    told: bool = True
    lost: bool = False
    contradicts: bool = False
    reason: str = ""


_PULL_WORDS: Final = ("fixed", "physical pull")


def judge_pin(facts: PinFacts) -> Finding:
    """Say whether the pin is ours."""
    said = (facts.error or facts.reason).strip()
    told = f": {said}" if said else ""
    return PIN.found(
        _cause(facts), facts.signal, Say(f"pin {facts.pin}{told}", f"引脚 {facts.pin}{told}")
    )


def _cause(facts: PinFacts) -> str:
    if facts.contradicts:
        return "pair_contradicts"
    if facts.served:
        if not facts.told:
            return "not_told"
        if not facts.lost:
            return "held_by_service"
        return "pin_held" if "busy" in facts.reason.lower() else "pin_lost"
    if facts.error is None:
        return "not_tried"
    if any(word in facts.error.lower() for word in _PULL_WORDS):
        return "wrong_pull"
    return "pin_held" if facts.error else "free"
