"""Writes docs/man/elevator-agent.1 and its Chinese sister from the command line's own texts; run it after changing those.

A test compares the files with this text.
"""

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from agent.cli.main import VERBS
from agent.cli.texts import Lang, Words

ROOT = Path(__file__).resolve().parent.parent
FILES: dict[Lang, Path] = {
    "en": ROOT / "docs/man/elevator-agent.1",
    "zh": ROOT / "docs/man/zh_CN/elevator-agent.1",
}
SAID: Mapping[str, tuple[str, str]] = {
    "name": ("Name", "名称"),
    "purpose": ("watches one elevator, and only watches", "监测一台电梯，只监测不控制"),
    "synopsis": ("Synopsis", "用法"),
    "description": ("Description", "说明"),
    "files": ("Files", "文件"),
    "config": ("The configuration: one file an elevator.", "配置：一台电梯一个文件。"),
    "journal": ("The journal of events, with recordings beside it.", "事件日志，记录在其旁边。"),
    "environment": ("Environment", "环境变量"),
    "variable": (
        "Another configuration, where --config is not given.",
        "未用 --config 时的配置文件。",
    ),
    "no_color": ("Set to anything, output has no colour.", "设置后输出不带颜色。"),
}


def text(lang: Lang) -> str:
    """The whole page in one language."""
    words = Words(lang)
    return "".join(f"{line}\n" for line in _lines(words))


def _lines(words: Words) -> Iterator[str]:
    yield '.TH ELEVATOR\\-AGENT 1 "" "elevator-edge-agent"'
    yield from (".nh", ".ad l")  # paths and commands are not to be broken or stretched
    yield from _section(
        _said("name", words), f"elevator-agent \\- {_plain(_said('purpose', words))}"
    )
    yield from _section(
        _said("synopsis", words), "\\fBelevator-agent\\fR \\fIVERB\\fR [\\fIOPTIONS\\fR]"
    )
    yield from _section(_said("description", words))
    yield from _paragraphs(words("group.help"))
    yield from _section(words("group.verbs"))
    for name in VERBS:
        yield from _verb(name, words)
    yield from _section(_said("files", words))
    yield from _told(words, ("/etc/elevator-agent/agent.toml", "config"))
    yield from _told(words, ("/var/lib/elevator-agent/outbox.db", "journal"))
    yield from _section(_said("environment", words))
    yield from _told(words, ("ELEVATOR_AGENT_CONFIG", "variable"), ("NO_COLOR", "no_color"))


def _said(key: str, words: Words) -> str:
    en, zh = SAID[key]
    return zh if words.lang == "zh" else en


def _section(title: str, *lines: str) -> Iterator[str]:
    yield f".SH {title.upper()}"
    yield from lines


def _told(words: Words, *rows: tuple[str, str]) -> Iterator[str]:
    for name, key in rows:
        yield from (".TP", f"\\fB{_plain(name)}\\fR", _plain(_said(key, words)))


def _verb(name: str, words: Words) -> Iterator[str]:
    yield f".SS {name}"
    if name == "run":  # its page is written out: it starts without the rest of the command line
        yield from (".nf", *map(_plain, words("run.help").splitlines()), ".fi")
        return
    command: click.Command = importlib.import_module(f"agent.cli.{name}").command(words)
    context = click.Context(command, info_name=f"elevator-agent {name}")
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (f"\\fBelevator-agent {name}\\fR {_plain(usage)}", ".PP")
    yield from _paragraphs(command.help or "")
    for parameter in command.params:
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context)):
            yield from (".TP", f"\\fB{_plain(record[0])}\\fR", _plain(record[1]))
    yield from (".PP", words("examples") + ":", ".PP", ".nf", ".RS 4")
    yield from map(_plain, words(f"{name}.examples").splitlines())
    yield from (".RE", ".fi")


def _paragraphs(long: str) -> Iterator[str]:
    for at, paragraph in enumerate(long.replace("\b\n", "").split("\n\n")):
        if at:
            yield ".PP"
        yield _plain(" ".join(paragraph.split()))


def _plain(said: str) -> str:
    """Text that roff shows as it stands."""
    escaped = said.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


if __name__ == "__main__":
    for lang, file in FILES.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text(lang), encoding="utf-8")
