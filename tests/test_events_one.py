"""`events SEQ`: one event whole, what became of it, and its waveform, or why there is none."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cli.event_line import event_lines
from agent.cli.layout import columns
from agent.cli.main import main
from agent.cli.texts import Words
from agent.replay import replay_file
from agent.settings import ElevatorSettings, Settings
from tests.terminal import Window
from tests.watched import Service

RECORDING = Path(__file__).parent / "recordings" / "trapped_outside_zone.jsonl"
NAME = "20261123T080000Z-critical-trapped_passengers-7f3a.jsonl.gz"
EN = Words("en")


def messages(recording: str | None = NAME) -> list[dict[str, Any]]:
    """The raise of an entrapment as 41, its acknowledgement as 42, its clear as 44; between them another event."""
    settings = Settings(elevator=ElevatorSettings(site="pingluo-01", id="e01"))
    raised, cleared = (json.loads(each) for each in replay_file(RECORDING, settings))
    other = json.loads(json.dumps(raised))
    acknowledged = json.loads(json.dumps(raised))
    for message, seq in ((raised, 41), (acknowledged, 42), (other, 43), (cleared, 44)):
        message["sequence"] = f"{seq:012d}"
        message["data"]["raised_seq"] = 41
    raised["data"]["recording"] = recording
    acknowledged["data"] |= {"transition": "acknowledged", "by": "Li Wei", "uid": 1000}
    acknowledged["time"] = "2026-11-23T08:01:00.000Z"
    other["data"] |= {"code": "alarm_button", "raised_seq": 43, "transition": "raised"}
    return [raised, acknowledged, other, cleared]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    service.events = list(messages())
    with service.config.open("a") as config:
        config.write(f'[outbox]\npath = "{tmp_path}/outbox.db"\n')
    (tmp_path / "recordings").mkdir()
    with service.running():
        yield service


def shown(service: Service, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    assert main(["events", *more, "--config", str(service.config), "--lang", "en"]) == 0
    return capsys.readouterr().out


def keep(tmp_path: Path) -> Path:
    return Path(shutil.copy(RECORDING, tmp_path / "recordings" / NAME))


def test_an_event_is_shown_whole_with_what_became_of_it(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    page = " ".join(shown(service, capsys, "41").split())
    assert "41 Passengers trapped (trapped_passengers)" in page
    for part in ("car.door_zone false since 2026-11-23", "door.front closed since", "Unknown car.load_percent",
                 "Rule outside_zone", "by Li Wei (42)", "(44)", f"Recording {NAME}", "stop recommended"):  # fmt: skip
        assert part in page
    assert "uid" not in page.split("Recording")[0]


def test_its_recording_is_drawn_around_it_with_the_journals_own_marks(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path)
    page = shown(service, capsys, "41").splitlines()
    rows = {line.split()[0]: line for line in page if line}
    assert {"car.door_zone", "car.moving", "door.front", "car.occupied"} <= rows.keys()
    assert {"1", "2"} <= rows.keys()  # the raise and the acknowledgement, marked and listed


@pytest.mark.parametrize("seq", ["42", "44"])
def test_what_belongs_to_a_raise_shows_the_recording_of_the_raise(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str], seq: str
) -> None:
    keep(tmp_path)
    page = shown(service, capsys, seq)
    assert "Raised as     41" in page
    assert "car.door_zone  " in page


def test_without_a_recording_it_says_why(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is not there" in shown(service, capsys, "41")
    (tmp_path / "recordings" / f"{NAME}.part").touch()
    assert "still being written" in shown(service, capsys, "41")
    (tmp_path / "recordings" / NAME).write_text("nonsense\n")
    assert "No waveform: " in shown(service, capsys, "41")
    service.events = list(messages(None))
    assert "no recording was made" in shown(service, capsys, "41")


def test_a_recording_of_another_time_is_shown_as_it_is_and_that_is_said(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path)
    raised = messages()[0]
    raised["time"] = "2027-01-01T00:00:00.000Z"
    service.events = [raised]
    assert "by its own clock" in shown(service, capsys, "41")


def test_the_clock_that_was_believed_is_the_recordings_clock(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path)
    raised = messages()[0]
    raised["data"] |= {"clock": "corrected", "believed_time": raised["time"]}
    raised["time"] = "2027-01-01T00:00:00.000Z"
    service.events = [raised]
    assert "by its own clock" not in shown(service, capsys, "41")


def test_json_is_the_message_and_a_number_that_is_not_there_ends_with_1(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert json.loads(shown(service, capsys, "41", "--json")) == messages()[0]
    for seq in ("1", "40", "45"):
        assert main(["events", seq, "--config", str(service.config), "--lang", "en"]) == 1
        assert f"no event {seq}" in capsys.readouterr().err
    assert main(["events", "41", "--follow", "--config", str(service.config)]) == 2
    assert "--follow" in capsys.readouterr().err


def test_the_very_first_event_is_found(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    first = messages()[0]
    first["sequence"] = "000000000001"
    service.events = [first, *service.events]
    assert "Passengers trapped" in shown(service, capsys, "1")


def test_the_list_has_a_small_waveform_below_what_was_recorded(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = shown(service, capsys)
    assert shown(service, capsys, "-w") == plain  # no recording is there
    keep(tmp_path)
    assert plain.splitlines()[0].split()[0] == "41"
    drawn = [line.split()[0] for line in shown(service, capsys, "-w").splitlines() if line.strip()]
    assert drawn.count("car.door_zone") == drawn.count("door.front") == 1
    assert shown(service, capsys, "-w", "--json") == shown(service, capsys, "--json")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_in_the_list_nothing_of_the_evidence_is_cut_off(width: int) -> None:
    raw = json.dumps(messages()[0]).encode()
    lines = event_lines(raw, EN, width)
    assert max(map(columns, lines)) <= width
    together = " ".join(" ".join(lines).split())
    assert "car.door_zone=false car.moving=false door.front=closed" in together
    assert "car.load_percent=?" in together
    assert "trapped_passengers" in together


def test_on_80_columns_a_page_fits_and_says_how_to_see_one_whole(
    service: Service, tmp_path: Path
) -> None:
    keep(tmp_path)
    arguments = ("--config", service.config, "--lang", "en")
    with Window(tmp_path, "events", *arguments) as window:
        assert window.ended() == 0
        assert "elevator-agent events NUMBER" in window.screen()
    with Window(tmp_path, "events", "41", *arguments, size=(80, 40)) as window:
        assert window.ended() == 0
        assert max(map(columns, window.screen().splitlines())) <= 80


def test_replay_finds_a_bare_name_in_the_recordings_folder(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("--config", str(service.config), "--lang", "en")
    assert main(["replay", NAME, *arguments]) == 2
    assert NAME in capsys.readouterr().err
    keep(tmp_path)
    assert main(["replay", NAME, *arguments]) == 0
    assert "Passengers trapped" in capsys.readouterr().out
    assert main(["replay", str(tmp_path / NAME), *arguments]) == 2
    assert main(["replay", NAME, "--config", str(tmp_path / "none.toml")]) == 2


def test_replay_says_in_the_readers_language_what_is_wrong_with_a_recording(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text(RECORDING.read_text() + '{"t":900,"signal":"door.front","value":"ajar"}\n')
    for lang, gone, wrong in (
        ("en", "none.jsonl: No such file", "'ajar'. Allowed: closed, "),
        ("zh", "none.jsonl：No such file", "'ajar'。允许：closed, "),
    ):
        arguments = ("--config", str(service.config), "--lang", lang)
        assert main(["replay", str(tmp_path / "none.jsonl"), *arguments]) == 2
        assert gone in capsys.readouterr().err
        assert main(["replay", str(broken), *arguments]) == 2
        assert wrong in capsys.readouterr().err


def test_whatever_an_event_says_is_shown_and_what_it_lacks_is_not_spoken_of(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = messages(None)[0]
    strange["data"] |= {"mode": "inspection", "visit": True, "stop_recommended": False, "since": "soon", "rule": None,
                        "counts": {"a": 1}, "filtered": True, "nothing": None, "evidence": {
        "car.floor": {"v": None, "since": None, "last_known": True}}, "unknown": []}  # fmt: skip
    service.events = [strange]
    page = " ".join(shown(service, capsys, "41").split())
    for part in ("since soon", "car.floor - last known", "Mode inspection", "Noted during a maintenance visit",
                 'counts {"a":1}', "filtered true", "Acknowledged not yet"):  # fmt: skip
        assert part in page
    assert not [word for word in ("Unknown", "Rule", "nothing", "stop recommended") if word in page]
