"""What a technician sees: each verb in a real terminal, compared with the screens kept in tests/screens."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from agent.cli.layout import columns
from tests import kept_screens
from tests.terminal import Window
from tests.watched import ENTRAPMENT, FINE, Service

SMALL, LARGE, NARROW = (80, 24), (120, 40), (60, 24)
NO_COLOUR = {"NO_COLOR": "1"}
LAST_LINE = {"en": "? help", "zh": "? 帮助"}


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    with service.running():
        yield service


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    """A configuration whose service does not run, with names that do not vary."""
    config = tmp_path / "agent.toml"
    config.write_text(
        '[elevator]\nsite = "pingluo-01"\nid = "e01"\n[control]\npath = "/nowhere/control.sock"\n'
    )
    return config


def shown(
    name: str,
    window: Window,
    *parts: str,
    colours: bool = False,
) -> str:
    """Wait until a window shows a kept screen; what is drawn in steps passes through others."""

    def screen_now() -> str:
        screen = window.screen(colours=colours)
        return kept_screens.legible(screen) if colours else screen

    def looks_kept(_: str) -> bool:
        return kept_screens.holds(name, screen_now())

    try:
        window.until(*parts, holds=looks_kept)
    except AssertionError:
        kept_screens.compare(name, screen_now())
        raise
    screen = screen_now()
    kept_screens.compare(name, screen)
    return screen


# ---- status ----


@pytest.mark.parametrize(
    ("name", "answer", "lang", "size", "code"),
    [
        ("status-fine-en", FINE, "en", SMALL, 0),
        ("status-fine-zh", FINE, "zh", LARGE, 0),
        ("status-entrapment-en", ENTRAPMENT, "en", LARGE, 1),
        ("status-entrapment-zh", ENTRAPMENT, "zh", SMALL, 1),
    ],
)
def test_status_is_one_screen(  # noqa: PLR0917 - the row of the table
    service: Service,
    tmp_path: Path,
    name: str,
    answer: Mapping[str, object],
    lang: str,
    size: tuple[int, int],
    code: int,
) -> None:
    service.answer = answer
    with Window(
        tmp_path, "status", "--config", service.config, "--lang", lang, size=size
    ) as window:
        assert window.ended() == code
        shown(name, window)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_status_says_that_nobody_answers(nobody: Path, tmp_path: Path, lang: str) -> None:
    with Window(tmp_path, "status", "--config", nobody, "--lang", lang) as window:
        assert window.ended() == 3
        shown(f"status-down-{lang}", window)


def test_status_in_colour_and_without(service: Service, tmp_path: Path) -> None:
    service.answer = ENTRAPMENT
    with Window(tmp_path, "status", "--config", service.config) as window:
        assert window.ended() == 1
        assert "<1;31>critical" in shown("status-colours", window, colours=True)
    with Window(tmp_path, "status", "--config", service.config, environment=NO_COLOUR) as window:
        assert window.ended() == 1
        window.until("Passengers trapped")
        assert "\x1b" not in window.screen(colours=True)


# ---- watch ----


@pytest.mark.parametrize(
    ("name", "answer", "lang", "size"),
    [
        ("watch-fine-en", FINE, "en", SMALL),
        ("watch-fine-zh", FINE, "zh", SMALL),
        ("watch-entrapment-en", ENTRAPMENT, "en", SMALL),
        ("watch-entrapment-zh", ENTRAPMENT, "zh", SMALL),
        ("watch-entrapment-large-en", ENTRAPMENT, "en", LARGE),
        ("watch-entrapment-large-zh", ENTRAPMENT, "zh", LARGE),
        ("watch-entrapment-narrow-en", ENTRAPMENT, "en", NARROW),
        ("watch-entrapment-narrow-zh", ENTRAPMENT, "zh", NARROW),
        ("watch-entrapment-phone-en", ENTRAPMENT, "en", (40, 20)),
    ],
)
def test_watch_draws_the_car(
    service: Service,
    tmp_path: Path,
    name: str,
    answer: Mapping[str, object],
    lang: str,
    size: tuple[int, int],
) -> None:
    service.answer = answer
    arguments = ("watch", "--config", service.config, "--lang", lang)
    with Window(tmp_path, *arguments, size=size, environment=NO_COLOUR) as window:
        screen = shown(name, window, "pingluo-01/e01")
        assert max(map(columns, screen.splitlines())) < size[0]
        assert "\x1b" not in window.screen(colours=True)


def test_watch_in_colour(service: Service, tmp_path: Path) -> None:
    service.answer = ENTRAPMENT
    with Window(tmp_path, "watch", "--config", service.config) as window:
        window.until("pingluo-01/e01", "? help")
        shown("watch-colours", window, "pingluo-01/e01", "? help", colours=True)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_watch_explains_itself(service: Service, tmp_path: Path, lang: str) -> None:
    arguments = ("watch", "--config", service.config, "--lang", lang)
    with Window(tmp_path, *arguments, size=NARROW) as window:
        window.until("pingluo-01/e01")
        window.press("?")
        shown(f"watch-help-{lang}", window, LAST_LINE[lang], "|><|")


def test_watch_lists_all_signals(service: Service, tmp_path: Path) -> None:
    service.answer = ENTRAPMENT
    with Window(tmp_path, "watch", "--config", service.config, "--lang", "en") as window:
        window.until("pingluo-01/e01")
        window.press("s")
        shown("watch-signals", window, "door.front")


def test_watch_says_that_nobody_answers(nobody: Path, tmp_path: Path) -> None:
    with Window(tmp_path, "watch", "--config", nobody, "--lang", "zh") as window:
        screen = window.until("服务未运行：/nowhere/control.sock", "等待其恢复")
        assert "? 帮助" in screen


# ---- doctor ----

A_BAD_DAY = """
import sys
from agent.cli import doctor
from agent.config_problem import Say, same
from agent.doctor.examine import by_gravity
from agent.doctor.table import CHECKS

BY_ID = {check.id: check for check in CHECKS}
FOUND = [
    BY_ID["config.file"].found("valid", "agent.toml", same("agent.toml")),
    BY_ID["service.answer"].found("answers", "control.sock", same("12 ms")),
    BY_ID["bus.answer"].found("silent", "controller", Say("9 of 9 questions unanswered", "9 次询问均无应答")),
    BY_ID["disk.space"].found("enough", "/var/lib", same("12.3 GB")),
    BY_ID["host.supply"].found("under_voltage", "", same("0x50005")),
]

async def examined(*_given, **_more):
    return by_gravity(FOUND)

doctor._examined = examined
from agent.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_doctor_names_what_failed_first(nobody: Path, tmp_path: Path, lang: str) -> None:
    arguments = ("doctor", "--config", nobody, "--lang", lang)
    with Window(tmp_path, *arguments, program=("-c", A_BAD_DAY)) as window:
        assert window.ended() == 1
        shown(f"doctor-{lang}", window)
