"""Whether the number scheme that a configuration names exists and can be used. Opens nothing itself: it is told."""

from collections.abc import Mapping
from typing import Any

from agent.config_problem import Report, Say, choices, did_you_mean, same, shown
from agent.platforms import PlatformOf, PlatformProblems, UnknownPlatformError

_KEY = "platform.codes"


def check_platform(sections: Mapping[str, Any], report: Report, platform_of: PlatformOf) -> None:
    """Report a scheme that there is not, with those there are, and everything that is wrong with a file."""
    platform = sections.get("platform")
    name = None if platform is None else platform.codes
    if not name:
        return
    try:
        platform_of(name)
    except UnknownPlatformError as wrong:
        otherwise = Say(
            "Put its file into a folder platforms beside the configuration, or delete the key.",
            "请把它的文件放入配置文件旁的 platforms 目录，或删除该键。",
        )
        remedy = did_you_mean(name, wrong.known, otherwise)
        report.add(_KEY, shown(name), choices(wrong.known), remedy)
    except PlatformProblems as wrong:
        allowed = Say("a file without mistakes", "没有错误的文件")
        remedy = Say("Correct that file.", "请改正该文件。")
        for text in wrong.problems:
            report.add(_KEY, same(text), allowed, remedy)
