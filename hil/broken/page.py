"""The list of broken installations as a section of docs/doctor.md, in either language. Pure."""

# ruff: noqa: E501 - lines of the page

from hil.broken.case import Case, Group
from hil.broken.table import CASES, GROUPS

_INTRO = {
    "en": """## Broken installations, and what it says of each

These {count} are built on the bench from real parts: serial lines with a device that errs, Modbus TCP, contacts, a SIP station,
a camera, a broker with and without TLS, a computer's files. In each exactly this is found wrong, and everything whole beside it
is not. Where the service is stopped, `service.unit: stopped` and `service.answer: not_running` are found as well, unless the
case is about them. `python -m hil.broken check` builds them all and prints what was measured.
""",
    "zh": """## 有故障的安装，以及本工具的结论

这 {count} 种安装在测试台上用真实部件搭成：会出错的串口设备、Modbus TCP、触点、SIP 分机、摄像机、带或不带 TLS 的消息服务器、计算机的文件。
每种只报出下列故障，旁边完好的部分不受指责。服务停止时另有 `service.unit: stopped` 和 `service.answer: not_running`，除非该例正是此事。
`python -m hil.broken check` 搭建全部并输出实测结果。
""",
}
_HEADS = {
    "en": "| what is broken | service | found |\n|---|---|---|",
    "zh": "| 故障 | 服务 | 结论 |\n|---|---|---|",
}
_RUNS = {"en": ("stopped", "runs"), "zh": ("停止", "运行")}


def section(lang: str) -> str:
    """The whole section."""
    tables = "\n".join(_table(group, lang) for group in GROUPS)
    return f"{_INTRO[lang].format(count=len(CASES))}\n{tables}"


def _table(group: Group, lang: str) -> str:
    rows = "\n".join(_row(case, lang) for case in group.cases)
    title = group.title_zh if lang == "zh" else group.title
    return f"### {title}\n\n{_HEADS[lang]}\n{rows}\n"


def _row(case: Case, lang: str) -> str:
    story = case.story_zh if lang == "zh" else case.story
    found = "<br>".join(f"`{each}`" for each in sorted(case.finds or case.expected))
    return f"| {story} | {_RUNS[lang][case.runs]} | {found} |"
