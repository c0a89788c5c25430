"""The modem: whether it answers, and whether it has a signal. Pure."""

from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say
from agent.doctor.finding import Check, Finding, failed, fine, unknown

MODEM: Final = Check(
    "modem.signal",
    Say("Modem", "调制解调器"),
    {
        "signal": fine("the modem has a signal", "有信号"),
        "no_signal": failed(
            "the modem answers and knows no signal",
            "调制解调器有应答，但没有信号",
            "Check its antenna, its SIM card and the coverage at this place",
            "检查天线、SIM 卡和此处的网络覆盖",
        ),
        "silent": failed(
            "the modem does not answer on this port: no power, or another of its ports",
            "调制解调器在此串口无应答：无电源，或应使用其另一个串口",
            "Check its power; then try its other ports in modem_url: ls /dev/serial/by-id",
            "检查电源；再在 modem_url 中换用其另一个串口：ls /dev/serial/by-id",
        ),
        "not_asked": unknown(
            "no service runs that would ask it",
            "服务未运行，无法询问",
            "Start the service and ask again",
            "启动服务后再查",
        ),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemFacts:
    """What the service heard of it: `dbm` is None without a signal, `answered` how often it answered at all.

    `asked` is false while no service runs, or it has not come to asking yet.
    """

    url: str
    asked: bool = True
    dbm: int | None = None
    answered: int = 0


def judge_modem(facts: ModemFacts) -> Finding:
    """Say whether the modem can do what it is for."""
    strength = "-" if facts.dbm is None else f"{facts.dbm} dBm"
    measured = Say(f"{strength}, {facts.answered} answers", f"{strength}，应答 {facts.answered} 次")
    return MODEM.found(_cause(facts), facts.url, measured)


def _cause(facts: ModemFacts) -> str:
    if not facts.asked:
        return "not_asked"
    if facts.dbm is not None:
        return "signal"
    return "no_signal" if facts.answered else "silent"
