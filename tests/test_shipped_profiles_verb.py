"""`elevator-agent profiles`: what it lists, shows and says of broken files, in both languages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from agent.__main__ import main
from agent.cli.layout import columns, wrapped
from agent.cli.profiles_found import layout_of, meaning_of
from agent.drivers.registers import Point, Table, Type
from tests.exchanges import CONTROLLERS, ROOT

SHIPPED = sorted(path.stem for path in CONTROLLERS.glob("*.toml"))
GOOD = """
title = "Site's own"
source = "commissioning"
verified = ["car.door_zone: seen"]
[protocol]
readable = { discrete = [[0, 7]] }
[points."car.door_zone"]
table = "discrete"
address = 2
source = "seen"
"""


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "ELEVATOR_AGENT_CONFIG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder of a site's own profiles, beside a configuration that need not exist."""
    folder = tmp_path / "controllers"
    folder.mkdir()
    return folder


def asked(site: Path, *arguments: str) -> list[str]:
    return ["profiles", *arguments, "--config", str(site.parent / "agent.toml")]


def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_every_shipped_profile_is_listed_with_its_counts_and_where_it_is(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(site)) == 0
    printed = capsys.readouterr().out
    for name in SHIPPED:
        assert f"{name}  " in printed
        assert f"{CONTROLLERS / name}.toml" in printed
    assert "gb24476-generic  modbus  18 signals, 0 verified, 12 uncertain" in printed


def test_a_site_s_own_profile_hides_the_shipped_one_and_says_so(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = site / "car-top-sensor.toml"
    own.write_text(GOOD, encoding="utf-8")
    assert main(asked(site, "--json")) == 0
    listed = {each["name"]: each for each in answer(capsys)["profiles"]}
    assert sorted(listed) == SHIPPED
    assert listed["car-top-sensor"]["file"] == str(own)
    assert listed["car-top-sensor"]["hides"] == [str(CONTROLLERS / "car-top-sensor.toml")]
    assert listed["car-top-sensor"]["verified"] == 1
    assert main(asked(site, "car-top-sensor")) == 0
    assert f"hides {CONTROLLERS}" in capsys.readouterr().out


def test_a_broken_file_is_listed_with_all_its_problems_and_exit_code_1(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site / "mine.toml").write_text(
        GOOD.replace("address = 2", "adress = 2").replace('"discrete"', '"discreet"'),
        encoding="utf-8",
    )
    assert main(asked(site)) == 1
    captured = capsys.readouterr()
    assert "mine  BROKEN" in captured.out
    assert 'nearest: "address"' in " ".join(captured.out.split())
    assert 'nearest: "discrete"' not in captured.err
    assert "car-top-sensor  modbus" in captured.out
    assert "1 profile file(s) cannot be used" in captured.err
    assert main(asked(site, "mine")) == 1
    assert "mine  BROKEN" in capsys.readouterr().out
    assert main(asked(site, "mine", "--json")) == 1
    told = answer(capsys)
    assert told["valid"] is False
    assert len(told["problems"]) >= 2


def test_a_name_there_is_not_is_a_usage_error_naming_the_nearest_and_the_places(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(site, "car-top-sensr")) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert 'did you mean "car-top-sensor"?' in captured.err
    assert str(site) in captured.err
    assert main(asked(site, "zzz\x1b[31m")) == 2
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_profile_is_shown_whole_within_80_columns(
    name: str, lang: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(asked(site, name, "--json")) == 0
    whole = answer(capsys)
    assert main(asked(site, name, "--lang", lang)) == 0
    printed = capsys.readouterr().out
    lines = [line for line in printed.splitlines() if str(CONTROLLERS) not in line]
    assert max(map(columns, lines)) <= 80
    run_on = re.sub(r"\s+", "", printed)
    for text in (whole["source"], *whole["uncertain"], *(p["source"] for p in whole["points"])):
        assert re.sub(r"\s+", "", text) in run_on
    for point in whole["points"]:
        assert f"{point['signal']}  {point['table']} 0x{point['address']:04X}" in printed


@pytest.mark.parametrize("arguments", [[], ["gb24476-generic"]])
def test_every_key_it_prints_is_documented(
    arguments: list[str], site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    section = page.partition("\n## profiles\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", section))
    assert main(asked(site, *arguments, "--json")) == 0
    assert keys_of(answer(capsys)) - {table.value for table in Table} <= named


def keys_of(value: Any) -> set[str]:
    if isinstance(value, list):
        return {key for each in value for key in keys_of(each)}
    if not isinstance(value, dict):
        return set()
    return set(value) | {key for each in value.values() for key in keys_of(each)}


def point(**more: Any) -> Point:
    return Point(signal="car.floor", table=more.pop("table", Table.HOLDING), address=0, **more)


@pytest.mark.parametrize(
    ("one", "layout", "meaning"),
    [
        (point(), "u16", ""),
        (point(table=Table.COIL, invert=True), "bit", "inverted"),
        (point(bits=(3, 3)), "bit 3", ""),
        (point(any_of=3), "any of 3 registers", ""),
        (point(divide=100), "u16", "÷ 100"),
        (point(bits=(3, 5), values={1: True, 2: "up"}), "bits 3-5", "1 = true, 2 = up"),
        (point(type=Type.I8, high_byte=True, scale=0.5), "i8 high byte", "× 0.5"),
        (point(type=Type.U8, negative_from=224), "u8 low byte", "from 224 on negative"),
        (point(type=Type.U32, offset=-2, sentinels=frozenset({7, 5})), "u32 high word first",
         "+ -2, not 5, not 7"),
        (point(type=Type.I32, high_word_first=False, least=0, most=9), "i32 low word first",
         "at least 0, at most 9"),
    ],
)  # fmt: skip
def test_a_point_is_written_as_a_technician_reads_it(one: Point, layout: str, meaning: str) -> None:
    assert (layout_of(one), meaning_of(one)) == (layout, meaning)


def test_a_text_is_broken_at_blanks_and_a_chinese_one_anywhere() -> None:
    assert wrapped("one two three", 7, "> ") == ["> one two", "> three"]
    assert wrapped("轿厢运行", 4, "") == ["轿厢", "运行"]
    assert wrapped("a-word-longer-than-that x", 5, "") == ["a-word-longer-than-that", "x"]
    assert wrapped("", 5, "  ") == ["  "]


@pytest.mark.parametrize("page", ["profiles.md", "profiles.zh-CN.md"])
def test_the_guide_lists_every_shipped_profile(page: str) -> None:
    listed = re.findall(
        r"^\| `([a-z0-9-]+)` \|", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE
    )
    assert set(SHIPPED) <= set(listed)
