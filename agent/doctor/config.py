"""The configuration: every mistake is a finding, and what is allowed yet probably not meant. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from agent.config_problem import Problem, Say, same
from agent.doctor.finding import Check, Finding, failed, fine, unknown, warning

FILE: Final = Check(
    "config.file",
    Say("Configuration", "配置"),
    {
        "valid": fine("the configuration can be used", "配置可用"),
        "problem": failed(
            "the service does not start with this: {allowed} is allowed there",
            "服务无法以此启动：此处允许 {allowed}",
            "{remedy}",
            "{remedy}",
        ),
    },
)
ADVICE: Final = Check(
    "config.advice",
    Say("Settings left open", "待定设置"),
    {
        "complete": fine("nothing that matters was left open", "没有遗漏的重要设置"),
        "no_drivers": warning(
            "{text}",
            "{text}",
            "Add a [[drivers]] table, then: elevator-agent check",
            "添加 [[drivers]] 表，再运行 elevator-agent check",
        ),
        "zone_gap": warning(
            "{text}",
            "{text}",
            "Set monitor.longest_zone_gap_s to the longest ride you measured, plus a margin",
            "把 monitor.longest_zone_gap_s 设为实测最长运行时间并留余量",
        ),
        "alarm_button": warning(
            "{text}",
            "{text}",
            "Wire the button and give it an input: docs/wiring.md",
            "接入按钮并配置输入：docs/wiring.md",
        ),
        "rescue_code": warning(
            "{text}",
            "{text}",
            "Write elevator.rescue_code from the rescue plate",
            "按救援牌填写 elevator.rescue_code",
        ),
        "credential": unknown("{text}", "{text}"),
        "credential_key": unknown("{text}", "{text}"),
    },
)


def judge_problems(file: str, problems: Sequence[Problem]) -> list[Finding]:
    """Give a finding for each mistake, or one that there is none."""
    if not problems:
        return [FILE.found("valid", "", same(file))]
    return [_problem(file, problem) for problem in problems]


def _problem(file: str, problem: Problem) -> Finding:
    where = "" if problem.file == file else f"{problem.file}: "
    found = FILE.causes["problem"]
    assert found.step is not None
    return Finding(
        check=FILE.id,
        subject=problem.key or file,
        verdict=found.verdict,
        cause="problem",
        measured=Say(f"{where}found {problem.found.en}", f"{where}找到 {problem.found.zh}"),
        meaning=Say(
            found.meaning.en.format(allowed=problem.allowed.en),
            found.meaning.zh.format(allowed=problem.allowed.zh),
        ),
        step=problem.remedy,
    )


def judge_advice(warned: Mapping[str, Say]) -> list[Finding]:
    """Give a finding for each warning of `check`, by its word, or one that there is none."""
    if not warned:
        return [ADVICE.found("complete", "", Say("no warning", "无警告"))]
    return [_advice(word, text) for word, text in warned.items()]


def _advice(word: str, text: Say) -> Finding:
    cause = ADVICE.causes[word]
    return Finding(
        check=ADVICE.id,
        subject="",
        verdict=cause.verdict,
        cause=word,
        measured=Say(f"check says {word}", f"check 提示 {word}"),
        meaning=Say(text.en, text.zh),
        step=cause.step,
    )
