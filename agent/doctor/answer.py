"""Whether a device on a bus answers, and how well. Pure.

Silence has several causes that look alike from here: the wires A and B swapped, another speed, another address, no power.
Neighbours that answer rule out the first two, and `--scan` can tell more of them apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from agent.config_problem import Say
from agent.doctor.finding import Check, Finding, failed, fine, unknown, warning
from agent.doctor.inputs import span

ERROR_SHARE: Final = 0.01  # of the questions; this tool's own measure, docs/doctor.md
_SCAN: Final = "elevator-agent doctor --scan"

ANSWER: Final = Check(
    "bus.answer",
    Say("Device on the bus", "总线设备"),
    {
        "answers": fine("the device answers", "设备有应答"),
        "silent": failed(
            "nobody answers: no power, wires A and B swapped, wrong baud rate, or wrong device_id",
            "无应答：无电源、A/B 接反、波特率错误，或 device_id 错误",
            f"Swap A and B; if that does not help, stop the service and run: {_SCAN}",
            f"对调 A/B；仍无效则停止服务后运行：{_SCAN}",
        ),
        "silent_alone": failed(
            "this device is silent and others on its line answer, so wires and speed are right: no power, "
            "its branch is cut, or device_id is wrong",
            "仅此设备无应答，同线路其他设备正常，故接线和速率无误：无电源、支线断开，或 device_id 错误",
            "Check its power and branch, and its address against device_id",
            "检查其电源和支线，并核对其地址与 device_id",
        ),
        "late": failed(
            "the device answers, but later than timeout_ms allows, so its answers are thrown away",
            "设备有应答，但晚于 timeout_ms，应答被丢弃",
            "Set timeout_ms = {enough} in the table of this driver",
            "把该驱动的 timeout_ms 设为 {enough}",
        ),
        "garbled": failed(
            "bytes come that make no frame: wrong baud rate or parity, or wires A and B swapped",
            "收到的字节不成帧：波特率或校验位错误，或 A/B 接反",
            f"Correct baudrate and parity in url; to find them, stop the service and run: {_SCAN}",
            f"改正 url 中的 baudrate 和 parity；停止服务后可查找：{_SCAN}",
        ),
        "crc_errors": failed(
            "the answers come, and their checksums are wrong: noise, missing termination, or wrong parity",
            "有应答但校验错误：干扰、缺终端电阻，或校验位错误",
            "Check shield, termination (120 Ω at both ends) and the distance to the drive's cables",
            "检查屏蔽、两端终端电阻（120 Ω）以及与变频器电缆的距离",
        ),
        "broken_off": failed(
            "the answers break off: a loose wire, or timeout_ms too short",
            "应答不完整：接线松动，或 timeout_ms 太短",
            "Tighten the terminals; then raise timeout_ms of this driver",
            "紧固端子；再调大该驱动的 timeout_ms",
        ),
        "echo_only": failed(
            "only the question itself comes back: the adapter echoes and the device is silent",
            "只收到自身问询的回显：设备没有应答",
            "Check the device's power and its device_id",
            "检查设备电源和 device_id",
        ),
        "wrong_device": failed(
            "another device answers than the one asked: device_id is wrong, or two have the same",
            "应答的不是被询问的设备：device_id 错误或重复",
            "Read the address off the device and write it into device_id",
            "查看设备地址并写入 device_id",
        ),
        "another_master": failed(
            "somebody else asks on this line; a line has one master, so the agent must stay off it",
            "此线路上另有主站询问；一条线路只能有一个主站，本终端不得接入",
            'Disconnect the agent, or listen only: kind "serial" with mode "listen"',
            '断开本终端，或只监听：kind "serial"、mode "listen"',
        ),
        "refused": failed(
            "the device answers and refuses what the profile asks for: another model, or another device",
            "设备有应答但拒绝档案所读的地址：型号或设备不符",
            "Compare the profile with the device: elevator-agent profiles, elevator-agent bus --errors",
            "核对档案与设备：elevator-agent profiles、elevator-agent bus --errors",
        ),
        "behind_gateway": failed(
            "the gateway answers, and cannot reach the device behind it",
            "网关有应答，但无法到达其后的设备",
            "Check the device behind the gateway, its address and the gateway's serial settings",
            "检查网关后的设备、地址和网关串口设置",
        ),
        "source_lost": failed(
            "the gateway answers, and says itself that it has lost the device it reads from: its values are old",
            "网关有应答，但自报与其数据来源失联：数值是旧的",
            "Check the cable between gateway and device, and the device's power",
            "检查网关与设备之间的电缆和设备电源",
        ),
        "lost": failed(
            "the device answered before and does not any more",
            "设备曾有应答，现已中断",
            "Check its power and the cable; see what passes: elevator-agent bus --errors --kept",
            "检查电源和电缆；查看报文：elevator-agent bus --errors --kept",
        ),
        "no_connection": failed(
            "no connection to the device came about",
            "无法与设备建立连接",
            "Do the next thing under tcp.connect or serial.port for this driver",
            "先处理该驱动的 tcp.connect 或 serial.port 项",
        ),
        "listens_only": unknown(
            "this driver only listens, and without the service nobody listened long enough",
            "该驱动只监听；服务未运行，监听时间不足",
        ),
        "not_asked": unknown(
            "it was not asked: the port could not be used, or is the running service's",
            "未询问：串口不可用，或正由服务使用",
        ),
    },
)
ERRORS: Final = Check(
    "bus.errors",
    Say("Quality of the bus", "总线质量"),
    {
        "clean": fine("hardly a question goes wrong", "几乎没有错误"),
        "crc_errors": warning(
            "damaged answers are thrown away and asked for again: noise, termination or parity",
            "损坏的应答会被丢弃并重读：干扰、终端电阻或校验位",
            "Check shield, termination (120 Ω at both ends) and the distance to the drive's cables",
            "检查屏蔽、两端终端电阻（120 Ω）以及与变频器电缆的距离",
        ),
        "timeouts": warning(
            "questions stay without an answer in time: a loose wire, a slow device, or timeout_ms too short",
            "部分问询超时：接线松动、设备慢，或 timeout_ms 太短",
            "Compare round trip and timeout_ms; then tighten the terminals",
            "比较往返时间与 timeout_ms；再紧固端子",
        ),
        "exceptions": warning(
            "the device refuses a part of what the profile asks for",
            "设备拒绝档案所读的部分地址",
            "See which: elevator-agent bus --errors --kept",
            "查看是哪些：elevator-agent bus --errors --kept",
        ),
        "too_few": unknown(
            "too few questions were asked to tell; let the service run for a while",
            "询问次数太少，无法判断；请让服务运行一段时间",
        ),
    },
)
LEAST_ASKED: Final = 100  # questions before a share of 1 % means anything
LATE_MARGIN: Final = 1.5  # of the time a late answer took: what timeout_ms is advised to be


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFacts:
    """What became of the questions to one device, since the service started or just now.

    `wrong` is the word of the last damaged answer (drivers/dissect.py). `exception` is the code of the last refusal.
    `overheard` counts bytes that came before anything was asked. `tried` is false where the line could not be used.
    `late_ms` is when an answer came after all to one who waited longer. `refuted`: why the device holds its own values
    for worthless.
    `up` is the link as the service sees it, None where none runs, and `down_s` how long it has been down. `reason` is
    what service or line say.
    """

    driver: str
    where: str
    listens: bool = False
    tried: bool = True
    connected: bool = True
    up: bool | None = None
    down_s: float | None = None
    answered: int = 0
    timeouts: int = 0
    malformed: int = 0
    exceptions: int = 0
    wrong: str = ""
    exception: int = 0
    overheard: int = 0
    p50_ms: float | None = None
    p95_ms: float | None = None
    late_ms: float | None = None
    timeout_ms: int = 0
    refuted: str = ""
    reason: str = ""

    @property
    def asked(self) -> int:
        """All questions that came to an end."""
        return self.answered + self.timeouts + self.malformed + self.exceptions


_OF_WORD: Final = {
    "crc": "crc_errors",
    "short": "broken_off",
    "length": "broken_off",
    "echo": "echo_only",
    "other": "wrong_device",
    "foreign": "another_master",
}
_GATEWAY: Final = frozenset({10, 11})


def judge_answer(facts: AnswerFacts) -> Finding:
    """Say whether the device answers, and if not, why most likely."""
    enough = _round_up(LATE_MARGIN * (facts.late_ms or 0))
    return ANSWER.found(_cause(facts), facts.driver, _measured(facts), enough=enough)


def _round_up(late_ms: float) -> int:
    return (int(late_ms) // 100 + 1) * 100


def beside(found: Sequence[Finding]) -> list[Finding]:
    """Judge anew what devices of one line were found to do: one that is silent while another answers is so alone."""
    if not any(each.check == ANSWER.id and each.cause == "answers" for each in found):
        return list(found)
    return [
        ANSWER.found("silent_alone", each.subject, each.measured)
        if each.check == ANSWER.id and each.cause == "silent"
        else each
        for each in found
    ]


def _cause(facts: AnswerFacts) -> str:
    if not facts.tried:
        return "listens_only" if facts.listens else "not_asked"
    if facts.overheard and not facts.asked:
        return "another_master"
    if facts.up or (facts.answered and facts.up is None):
        return "answers"
    if facts.refuted:
        return "source_lost"
    if facts.answered:
        return "lost"
    if facts.malformed:
        return _OF_WORD.get(facts.wrong, "garbled")
    if facts.exceptions:
        return "behind_gateway" if facts.exception in _GATEWAY else "refused"
    if facts.late_ms is not None:
        return "late"
    return "silent" if facts.timeouts or facts.connected else "no_connection"


def _measured(facts: AnswerFacts) -> Say:
    if facts.overheard and not facts.asked:
        heard = facts.overheard
        return Say(
            f"{facts.where}: {heard} bytes heard before anything was asked",
            f"{facts.where}：询问之前已收到 {heard} 字节",
        )
    if not facts.asked:
        return Say(f"{facts.where}: {facts.reason or '-'}", f"{facts.where}：{facts.reason or '-'}")
    if facts.refuted:
        return Say(f"{facts.where}: {facts.refuted}", f"{facts.where}：{facts.refuted}")
    if facts.late_ms is not None:
        late_ms, limit_ms = round(facts.late_ms), facts.timeout_ms
        return Say(
            f"{facts.where}: answered after {late_ms} ms, timeout_ms is {limit_ms}",
            f"{facts.where}：{late_ms} ms 后应答，timeout_ms 为 {limit_ms}",
        )
    if facts.exceptions and not facts.answered:
        code = facts.exception or "-"
        return Say(
            f"{facts.where}: exception {code} to {facts.exceptions} of {facts.asked} questions",
            f"{facts.where}：{facts.asked} 次询问中 {facts.exceptions} 次返回异常码 {code}",
        )
    if facts.answered and facts.up is False:
        since, why = span(facts.down_s or 0), facts.reason or "-"
        return Say(
            f"{facts.where}: no answer for {since.en}: {why}",
            f"{facts.where}：已 {since.zh}无应答：{why}",
        )
    trip = "-" if facts.p50_ms is None else f"{facts.p50_ms:.0f} ms"
    return Say(
        f"{facts.where}: {facts.answered} of {facts.asked} questions answered, half within {trip}",
        f"{facts.where}：{facts.asked} 次询问中 {facts.answered} 次有应答，半数在 {trip} 内",
    )


def judge_errors(facts: AnswerFacts) -> Finding | None:
    """Say how many questions go wrong; None of a device that never answered, which is said already.

    A refusal is no matter of chance: one is enough.
    """
    if not facts.answered:
        return None
    shares = {
        "crc_errors": facts.malformed / facts.asked,
        "timeouts": facts.timeouts / facts.asked,
        "exceptions": facts.exceptions / facts.asked,
    }
    worst = max(shares, key=lambda cause: shares[cause])
    cause = worst if shares[worst] >= ERROR_SHARE else "clean"
    if facts.asked < LEAST_ASKED and cause != "exceptions":
        cause = "too_few"
    return ERRORS.found(cause, facts.driver, _shares(facts, shares))


def _shares(facts: AnswerFacts, shares: dict[str, float]) -> Say:
    crc, late, refused = (f"{100 * share:.1f} %" for share in shares.values())
    p95 = "-" if facts.p95_ms is None else f"{facts.p95_ms:.0f}"
    return Say(
        f"of {facts.asked}: damaged {crc}, late {late}, refused {refused}; "
        f"95 % within {p95} of {facts.timeout_ms} ms",
        f"共 {facts.asked} 次：损坏 {crc}，超时 {late}，拒绝 {refused}；95% 在 {p95}/{facts.timeout_ms} ms 内",
    )
