"""The manual page: what stands in docs/man is what the command line says, and roff shows it as it stands."""

import importlib.util
import types

import pytest

from agent.cli.main import VERBS
from tests.test_docs import ROOT, words


def generator() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("man_doc", ROOT / "scripts/man_doc.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_says_what_the_command_line_says(lang: str) -> None:
    module = generator()
    page = module.text(lang)
    assert words(module.FILES[lang]) == page, "run: .venv/bin/python scripts/man_doc.py"
    assert [line[4:] for line in page.splitlines() if line.startswith(".SS ")] == list(VERBS)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_text_is_taken_for_a_request_of_roff(lang: str) -> None:
    known = {".TH", ".SH", ".SS", ".PP", ".TP", ".nf", ".fi", ".RS", ".RE", ".nh", ".ad"}
    lines = generator().text(lang).splitlines()
    assert {line.split()[0] for line in lines if line.startswith((".", "'"))} <= known


@pytest.mark.parametrize(
    ("said", "shown"),
    [(".hidden", r"\&.hidden"), ("a-b\\c", r"a\-b\ec"), ("'x'", r"\&'x'"), ("", "")],
)
def test_text_is_escaped(said: str, shown: str) -> None:
    assert generator()._plain(said) == shown
