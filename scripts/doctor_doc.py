"""Writes docs/doctor.md and docs/doctor.zh-CN.md from the table of checks; run it after changing that.

Tests compare the files with this text.
"""

# ruff: noqa: E501 - lines of the page

from pathlib import Path

from agent.doctor.answer import ERROR_SHARE, LEAST_ASKED
from agent.doctor.broker import EARLY_MANY, LEAST_PACKET, WARN_DAYS
from agent.doctor.disk import AGENT_MB_A_DAY, LEAST_YEARS
from agent.doctor.finding import Cause, Check, Verdict
from agent.doctor.host import LEAST_MEMORY_MB
from agent.doctor.inputs import CHATTER_HZ, CHATTER_LEAST
from agent.doctor.look_asked import PATIENT_MS
from agent.doctor.look_bus import LISTEN_S
from agent.doctor.look_login import SUFFIX
from agent.doctor.table import CHECKS
from hil.broken.page import section

ROOT = Path(__file__).resolve().parent.parent
FILES = {"en": ROOT / "docs/doctor.md", "zh": ROOT / "docs/doctor.zh-CN.md"}

INTRO = {
    "en": f"""# What `doctor` looks at

[中文](doctor.zh-CN.md)

```sh
elevator-agent doctor
```

One finding for each thing looked at: what was measured, what it means, and one next step. Failures come first, then warnings,
then what could not be looked at; what is fine takes one line. Exit code 0: all fine (or unknown); 1: a failure or a warning;
2: the configuration cannot be used, and what can be looked at without it is shown all the same.

**It only looks.** Where the service runs it is asked over its control socket, and no line and no pin that it holds is touched;
where it runs and cannot be asked, nothing is opened either. Where none runs, each serial port is opened exclusively and listened
to for {LISTEN_S:g} s; if nobody else is heard, every block of the profile is read once (functions 1 to 4). Pins are claimed as
inputs, read and freed. At the broker it logs in with the client id of the service and `{SUFFIX}`, has no will and no session,
publishes one message at QoS 1 below the elevator's own `resp/`, not retained, and hears the elevator's own retained `status`.
It does so only while the service has no connection.

**Run it as root** (`sudo`) to see which program holds a port, and to read what only the service's user may read.

`--scan` searches, reading only, for the devices of the configuration: each at every baud rate and parity, then, where it is
nowhere, every address at the configured ones. It needs the service stopped, takes up to some minutes, and asks before it begins
(`--yes` answers). Some drives trip when whoever polled them stops: read what it says first.

`--endurance-tb TB` is what the maker of the card promises (TBW). Nobody can read that off a card; without it `disk.wear` says
how long each terabyte lasts at the pace since boot.

## Measures of its own

Limits that the configuration has are used (`disk_low_percent`, `host_hot_c`, `button_stuck_s`). These belong to this tool:

| measure | value |
|---|---|
| share of damaged, late or refused answers that is a warning, of at least {LEAST_ASKED} | {100 * ERROR_SHARE:g} % |
| days before the end of a certificate, as for `certificate_expiring` | {WARN_DAYS} |
| connections that break within their first minute, in ten minutes | {EARLY_MANY} |
| smallest packet a broker should take, bytes | {LEAST_PACKET} |
| what the agent may write a day, MB | {AGENT_MB_A_DAY} |
| years a card should last, as long as records are kept at least | {LEAST_YEARS} |
| memory that should be left, MB: what the service needs | {LEAST_MEMORY_MB} |
| how long a silent device is waited for once more, ms, to tell a slow one | {PATIENT_MS} |
| changes of a contact a second, over all the time it was watched and at least {CHATTER_LEAST} of them | {CHATTER_HZ:g} |

A contact counts as seen when it changed since it was wired so; the service remembers it over restarts, in one small file beside
the journal, and counts only time in which it watched.

## JSON

`--json` prints one document: `doctor` (1, the version of this form), `file`, `service` (whether one answered), `took_ms`,
`counts` by verdict, and `findings`, each with `check`, `subject` (driver, port, pin, station …; may be empty), `verdict`
(`fine`, `warning`, `failed`, `unknown`), `cause`, and `measured`, `meaning`, `next` with `en` and `zh`; `next` is null where there
is nothing to do. Checks and causes are stable words; new ones may come.

## Checks and causes
""",
    "zh": f"""# `doctor` 检查什么

[English](doctor.md)

```sh
elevator-agent doctor
```

每项给出实测值、含义和一个下一步。故障在前，其次警告，再次无法检查的项；正常的只占一行。退出码 0：全部正常（或未知）；1：有故障或
警告；2：配置不可用，仍会检查不依赖配置的各项。

**只看不动。** 服务在运行时通过控制套接字询问，不碰其占用的线路和引脚；服务在运行但无法询问时，同样不打开任何东西。服务未运行时，
独占打开各串口并先听 {LISTEN_S:g} 秒；无他人通信才把档案的每个数据块读一次（功能码 1 至 4）。引脚只申请为输入，读后即释放。
连接消息服务器时使用服务的客户端标识加 `{SUFFIX}`，无遗嘱、无会话，在本梯 `resp/` 之下发布一条 QoS 1 且不保留的消息，并读取本梯保留的
`status`。仅在服务没有连接时才这样做。

**用 root 运行**（`sudo`）才能看到是哪个程序占用串口，以及读取仅服务用户可读的文件。

`--scan` 只读搜索配置中的设备：先试所有波特率和校验位，仍找不到再以所配置的速率试所有地址。须先停止服务，最多需数分钟，开始前会确认
（`--yes` 代答）。有的变频器在轮询停止后会停机：请先看提示。

`--endurance-tb TB` 是存储卡厂家承诺的写入量（TBW）。卡上读不到该值；不填时 `disk.wear` 只说明按开机以来的速度每 TB 可用多久。

## 自定的限值

配置中有的限值按配置（`disk_low_percent`、`host_hot_c`、`button_stuck_s`）。以下为本工具自定：

| 限值 | 数值 |
|---|---|
| 损坏、超时或被拒的比例，达到即警告（至少 {LEAST_ASKED} 次） | {100 * ERROR_SHARE:g} % |
| 证书到期前天数，同 `certificate_expiring` | {WARN_DAYS} |
| 十分钟内在第一分钟就断开的连接次数 | {EARLY_MANY} |
| 消息服务器应接受的最大报文，字节 | {LEAST_PACKET} |
| 本终端每日写入量，MB | {AGENT_MB_A_DAY} |
| 存储卡应使用年数，即记录至少保存的年限 | {LEAST_YEARS} |
| 应剩余的内存，MB，即服务所需 | {LEAST_MEMORY_MB} |
| 无应答设备再等一次的时间，ms，用以识别慢设备 | {PATIENT_MS} |
| 触点在全部监测时间内每秒变化次数（至少 {CHATTER_LEAST} 次） | {CHATTER_HZ:g} |

触点自如此接线以来变化过即视为见过变化；服务把它记在日志旁的一个小文件中，重启后仍有效，只计监测的时间。

## JSON

`--json` 输出一个文档：`doctor`（1，格式版本）、`file`、`service`（服务是否应答）、`took_ms`、按结论计数的 `counts`，以及 `findings`；
每项有 `check`、`subject`（驱动、串口、引脚、分机等，可为空）、`verdict`（`fine`、`warning`、`failed`、`unknown`）、`cause`，以及含 `en` 和
`zh` 的 `measured`、`meaning`、`next`；无事可做时 `next` 为 null。检查名和原因是稳定的词，以后可能增加。

## 检查与原因
""",
}
HEADS = {
    "en": "| cause | verdict | means | next step |\n|---|---|---|---|",
    "zh": "| 原因 | 结论 | 含义 | 下一步 |\n|---|---|---|---|",
}
VERDICTS = {
    "en": {verdict: verdict.value for verdict in Verdict},
    "zh": {
        Verdict.FINE: "正常",
        Verdict.WARNING: "警告",
        Verdict.FAILED: "故障",
        Verdict.UNKNOWN: "未知",
    },
}


def page(lang: str) -> str:
    """The whole file in one language."""
    sections = "\n".join(_section(check, lang) for check in CHECKS)
    return f"{INTRO[lang]}\n{sections}\n{section(lang)}"


def _section(check: Check, lang: str) -> str:
    rows = "\n".join(_row(word, cause, lang) for word, cause in check.causes.items())
    return f"### {check.id}\n\n{check.title.in_(lang)}\n\n{HEADS[lang]}\n{rows}\n"


def _row(word: str, cause: Cause, lang: str) -> str:
    step = "–" if cause.step is None else cause.step.in_(lang)
    cells = (f"`{word}`", VERDICTS[lang][cause.verdict], cause.meaning.in_(lang), step)
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write both files."""
    for lang, file in FILES.items():
        file.write_text(page(lang), encoding="utf-8")


if __name__ == "__main__":
    main()
