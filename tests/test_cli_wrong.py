"""A command line that cannot be obeyed: what is said of it, in the reader's language, and where to read on."""

import pytest

from agent.cli.layout import columns, wrapped
from agent.cli.main import VERBS, main
from agent.cli.texts import TEXTS

CASES = [
    ("status --jsn", "no option --jsn. Did you mean --json?", "没有选项 --jsn。是否指 --json？"),
    ("status --zzzzzz", "no option --zzzzzz.\n", "没有选项 --zzzzzz。\n"),
    ("ack", "SEQ|CODE is missing", "缺少 SEQ|CODE"),
    ("events --limit 0", "--limit: a number from 1 to 10000", "--limit：应为 1 到 10000 的数"),
    ("bus --seconds -1", "--seconds: a number, at least 0", "--seconds：应为不小于 0 的数"),
    ("events --severity x", "--severity: one of info, minor", "--severity：只能是 info, minor"),
    ("events --since soon", "such as 30m", "例如 30m"),
    ("events 6 7", "too many arguments: 7", "多余的参数：7"),
    ("events --limit", "--limit needs a value", "--limit 需要一个值"),
    ("events --json=3", "--json takes no value", "--json 不带值"),
    ("stauts", "no command stauts. Did you mean status?", "没有命令 stauts。是否指 status？"),
    ("record stop --minutes 3", "--minutes is for", "--minutes 只用于"),
]


@pytest.mark.parametrize(("line", "en", "zh"), CASES)
def test_what_is_wrong_is_said_in_the_readers_language(
    capsys: pytest.CaptureFixture[str], line: str, en: str, zh: str
) -> None:
    for lang, part, more in (("en", en, "How it is called: "), ("zh", zh, "用法说明：")):
        assert main(["--lang", lang, *line.split()]) == 2
        said = capsys.readouterr().err
        assert part in said
        assert more in said
        assert not [word for word in ("Try ", "Usage:", "Invalid", "OPTIONS") if word in said]


def test_the_pages_of_help_name_options_and_commands_in_chinese(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--lang", "zh", "--help"]) == 0
    assert "用法：elevator-agent [选项] 命令 [参数]..." in capsys.readouterr().out
    assert main(["--lang", "zh", "status", "--help"]) == 0
    assert "[选项]" in capsys.readouterr().out


def test_without_a_command_the_page_of_help_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "elevator-agent" in capsys.readouterr().err
    assert main(["--lang", "zh"]) == 2
    assert "缺少命令" in capsys.readouterr().err


def test_every_text_has_the_same_blanks_in_both_languages() -> None:
    import string

    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    different = [key for key, (en, zh) in TEXTS.items() if zh and blanks(en) != blanks(zh)]
    assert different == []


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("verb", VERBS)
def test_a_page_of_help_is_about_a_screen_and_no_wider(
    capsys: pytest.CaptureFixture[str], verb: str, lang: str
) -> None:
    assert main(["--lang", lang, verb, "--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 30
    said = [line for line in lines if not line.lstrip().startswith(("elevator-agent", "-"))]
    assert max(map(columns, said)) <= 80
    assert not [line for line in lines if line.lstrip().startswith(("，", "。", "、"))]


def test_options_that_go_with_others_are_listed_with_those(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for line, listed in (("bus", False), ("bus --learn", True), ("bus --scan", True)):
        assert main(["--lang", "en", *line.split(), "--help"]) == 0
        assert ("--url URL" in capsys.readouterr().out) is listed


def test_no_line_of_chinese_begins_with_what_closes_the_one_before() -> None:
    assert wrapped("困人困人，困人", 8, "") == ["困人困", "人，困人"]
    assert wrapped("，困人", 4, "") == ["，困", "人"]
