"""`elevator-agent bus`: frames from a running service, taken apart; a listener never delays a bus."""

import asyncio
import contextlib
import datetime as dt
import json
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from agent.__main__ import main
from agent.cli.bus_line import bus_line, bus_lines
from agent.cli.layout import columns
from agent.cli.texts import Words
from agent.clock import Clock
from agent.control import ControlServer, Peer, RefusedError
from agent.drivers.crc16 import framed
from agent.drivers.dissect import Framing
from agent.drivers.registers import Point, Table
from agent.drivers.tap import Frame, Tap
from agent.frames_answer import BEHIND_MOST, FramesAnswer
from agent.frames_view import Filter, View

NOBODY = Peer(uid=0, pid=1)
AT = dt.datetime(2026, 11, 23, 8, 0, 0, 117_000, tzinfo=dt.UTC)
EN, ZH = Words("en"), Words("zh")
ASK = bytes.fromhex("00 0B 00 00 00 06 F7 03 00 11 00 02")
SAY = bytes.fromhex("00 0B 00 00 00 07 F7 03 04 05 00 03 0F")
NO = bytes.fromhex("00 0B 00 00 00 03 F7 83 02")


@pytest.fixture(autouse=True)
def _plain_surroundings(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "ELEVATOR_AGENT_CONFIG", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "agent.toml"
    path.write_text(
        f'[elevator]\nsite = "s"\nid = "e01"\n[control]\npath = "{tmp_path}/control.sock"\n'
        '[[drivers]]\nname = "controller"\nkind = "modbus"\nprofile = "car-top-sensor"\n'
        'url = "tcp://127.0.0.1:1"\ndevice_id = 247\n',
        encoding="utf-8",
    )
    return path


@contextlib.contextmanager
def service(config, tap, **verbs):
    """A real control server that tells of a tap's frames, in a thread of its own; gives its `tell`."""
    ready = threading.Event()
    parts: list[Any] = []

    async def serve():
        stopped = asyncio.Event()
        answer = FramesAnswer(tap, Clock(), ("controller", "drive"))
        async with ControlServer(config.parent / "control.sock", {"bus": answer.bus, **verbs}):
            parts.extend((asyncio.get_running_loop(), stopped))
            ready.set()
            await stopped.wait()

    thread = threading.Thread(target=asyncio.run, args=[serve()])
    thread.start()
    try:
        assert ready.wait(10)
        yield lambda frame: parts[0].call_soon_threadsafe(tap.passed, frame)
    finally:
        parts[0].call_soon_threadsafe(parts[1].set)
        thread.join(10)


def tapped(*frames):
    tap = Tap()
    for frame in frames:
        tap.passed(frame)
    return tap


def out(data=ASK, driver="controller", note=""):
    return Frame(Clock().uptime_us(), driver, "out", data, note)


def came(data=SAY, driver="controller", note=""):
    return Frame(Clock().uptime_us(), driver, "in", data, note)


def bus(capsys, config, *options):
    code = main(["bus", "--config", str(config), "--kept", *options])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# ---------------------------------------------------------------- the verb


def test_frames_are_shown_with_the_signals_they_carry(capsys, config):
    with service(config, tapped(out(), came())):
        code, text, err = bus(capsys, config, "--limit", "2")
    assert (code, err) == (0, "")
    question, answer = text.splitlines()
    assert " controller → 00 0B 00 00 00 06 F7 03 00 11 00 02  247 holding 0x0011+2 ?" in question
    assert "← 00 0B 00 00 00 07 F7 03 04 05 00 03 0F  247 holding 0x0011=0x0500" in answer
    for fact in ("car.door_zone true", "car.direction up", "door.front closed", "car.floor 3"):
        assert fact in answer


def test_json_says_everything_a_frame_says(capsys, config):
    with service(config, tapped(out(), came(), came(NO, note="refused"))):
        _, text, _ = bus(capsys, config, "--json", "--limit", "3")
    question, answer, refused = map(json.loads, text.splitlines())
    assert question == {
        "at": question["at"], "driver": "controller", "way": "out", "hex": ASK.hex(), "note": "",
        "framing": "modbus_tcp", "device": 247, "function": 3, "address": 0x11, "count": 2,
        "values": [], "exception": 0, "wrong": "", "signals": {},
    }  # fmt: skip
    assert dt.datetime.fromisoformat(question["at"]).tzinfo is not None
    assert answer["values"] == [0x500, 0x30F]
    assert answer["signals"]["car.speed_mm_s"] == 1500
    assert (refused["exception"], refused["address"], refused["note"]) == (2, 0x11, "refused")


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        (["--driver", "drive"], ["d1"]),
        (["--errors"], ["c3"]),
        (["--device", "9"], ["d1"]),
        (["--function", "4"], ["d1"]),
        (["--address", "0x12"], ["c1", "c2", "c3"]),
        (["--address", "0x13-0x20"], []),
        (["--address", "0-0x11"], ["c1", "c2", "c3", "d1"]),
    ],
)
def test_only_what_was_asked_for_is_shown(capsys, config, options, shown):
    drive = bytes.fromhex("00 0C 00 00 00 06 09 04 00 05 00 01")
    frames = {"c1": out(), "c2": came(), "d1": out(drive, "drive"), "c3": came(NO)}
    last = out(bytes.fromhex("00 0C 00 00 00 06 09 04 00 11 00 20"), "drive", note="x")
    with service(config, tapped(*frames.values(), last)):
        limit = str(len(shown) or 1)
        _, text, _ = bus(capsys, config, "--json", "--limit", limit, *options)
    heard = [json.loads(line)["hex"] for line in text.splitlines()]
    wanted = [frames[name].data.hex() for name in sorted(shown, key=list(frames).index)]
    assert heard == (wanted or [last.data.hex()])


def test_without_kept_only_new_frames_are_shown(config):
    command = [sys.executable, "-m", "agent", "bus", "--config", str(config), "--json"]
    with (
        service(config, tapped(out(b"\x01"))) as tell,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as shown,
    ):
        assert shown.stdout is not None
        told = threading.Event()

        def keep_telling():
            while not told.wait(0.05):
                tell(out())

        teller = threading.Thread(target=keep_telling)
        teller.start()
        first = json.loads(shown.stdout.readline())
        told.set()
        teller.join()
        shown.send_signal(signal.SIGINT)
        _, err = shown.communicate(timeout=20)
    assert first["hex"] == ASK.hex()
    assert (shown.returncode, err) == (130, "")


def test_a_service_that_does_not_run_is_3_and_an_unknown_driver_2(capsys, config):
    assert bus(capsys, config)[0] == 3
    with service(config, Tap()):
        code, text, err = bus(capsys, config, "--driver", "nobody")
    assert (code, text) == (2, "")
    assert "no driver 'nobody'" in err
    assert "controller, drive" in err


@pytest.mark.parametrize("wrong", ["x", "5-4", "0x10000", "-1", "1-2-3", ""])
def test_a_wrong_address_is_refused(capsys, config, wrong):
    code, _, err = bus(capsys, config, f"--address={wrong}")
    assert code == 2
    assert "0x0000-0xFFFF" in err


def test_a_profile_that_cannot_be_read_costs_only_the_names(capsys, config):
    folder = config.parent / "controllers"
    folder.mkdir()
    (folder / "car-top-sensor.toml").write_text("nonsense")
    with service(config, tapped(out(), came())):
        code, text, _ = bus(capsys, config, "--limit", "2")
    assert code == 0
    assert "0x0011=0x0500 0x0012=0x030F" in text
    assert "car.floor" not in text


def test_missed_frames_are_told_and_full_shows_all_bytes(capsys, config):
    async def behind(_params, _peer):
        yield {"missed": 7}
        at = AT.isoformat()
        yield {"at": at, "driver": "gone", "way": "in", "hex": "0102", "note": ""}

    text = config.read_text(encoding="utf-8").replace("car-top-sensor", "nowhere")
    more = '[[drivers]]\nname = "pins"\nkind = "gpio"\n[drivers.inputs]\n"alarm.button" = { pin = 17 }\n'
    config.write_text(text + more, encoding="utf-8")
    for options, first in ((["--full"], "… 7 frame(s) missed"), (["--json"], '{"missed":7}')):
        with service(config, Tap(), bus=behind):
            code, shown, _ = bus(capsys, config, *options)
        lines = shown.splitlines()
        assert (code, lines[0][: len(first)]) == (0, first)
        assert "01" in lines[-1]


# ---------------------------------------------------------------- the service's side


def test_a_slow_listener_misses_frames_and_is_told_how_many_and_no_line_waits():
    async def listen():
        tap = Tap()
        stream = FramesAnswer(tap, Clock(), ("controller",)).bus({}, NOBODY)
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for n in range(1 + BEHIND_MOST + 40):
            tap.passed(Frame(n, "controller", "out", n.to_bytes(2)))
        heard = [await first]
        heard += [await anext(stream) for _ in range(BEHIND_MOST - 1)]
        tap.passed(Frame(0, "controller", "out", b"new"))
        heard += [await anext(stream) for _ in range(2)]
        await stream.aclose()
        tap.passed(Frame(0, "controller", "out", b"after"))
        return heard

    heard = asyncio.run(listen())
    assert [item["hex"] for item in heard[:BEHIND_MOST]] == [
        n.to_bytes(2).hex() for n in range(BEHIND_MOST)
    ]
    assert heard[-2] == {"missed": 41}
    assert heard[-1]["hex"] == b"new".hex()


def test_a_listener_of_one_driver_hears_no_other_and_may_be_given_what_was_kept():
    async def listen():
        tap = tapped(out(), out(driver="drive"))
        answer = FramesAnswer(tap, Clock(), ("controller", "drive"))
        stream = answer.bus({"driver": "drive", "kept": True}, NOBODY)
        heard = [await anext(stream)]
        tap.passed(out())
        tap.passed(came(driver="drive"))
        heard.append(await anext(stream))
        await stream.aclose()
        return heard

    assert [(item["driver"], item["way"]) for item in asyncio.run(listen())] == [
        ("drive", "out"),
        ("drive", "in"),
    ]


@pytest.mark.parametrize("params", [{"driver": "x"}, {"driver": 5}, {"strange": 1}, {"kept": "y"}])
def test_a_request_that_makes_no_sense_is_refused(params):
    async def ask():
        await anext(FramesAnswer(Tap(), Clock(), ()).bus(params, NOBODY))

    with pytest.raises(RefusedError) as refused:
        asyncio.run(ask())
    assert refused.value.failure.code == "bad_params"


# ---------------------------------------------------------------- one line


POINT = Point(signal="car.door_zone", table=Table.HOLDING, address=0x11, bits=(10, 10))
FLOOR = Point(signal="car.floor", table=Table.HOLDING, address=0x12, most=2)
LATER = Point(signal="car.load_percent", table=Table.HOLDING, address=0x13)


def seen(*frames, framing=Framing.TCP, points=(POINT, FLOOR, LATER)):
    view = View({"controller": framing}, {"controller": points})
    return [view.see("controller", way, data, note) for way, data, note in frames][-1]


def line(*frames, words=EN, width=200, **more):
    return bus_line(seen(*frames, **more), AT, words, width)


ASKED, SAID = ("out", ASK, ""), ("in", SAY, "")


def test_an_implausible_value_is_a_question_mark_and_a_point_half_inside_is_left_out():
    text = line(ASKED, SAID)
    assert text.endswith("0x0011=0x0500 0x0012=0x030F → car.door_zone true, car.floor ?")


@pytest.mark.parametrize("width", [20, 80, 120, 10_000])
@pytest.mark.parametrize("words", [EN, ZH], ids=["en", "zh"])
def test_a_line_is_never_wider_than_the_screen(words, width):
    many = bytes.fromhex("000B 0000 00F9 F7 03 F6".replace(" ", "")) + bytes(246)
    for frames in (
        (ASKED,),
        (ASKED, SAID),
        (ASKED, ("in", many, "of another length")),
        (("in", b"", ""),),
    ):
        assert columns(line(*frames, words=words, width=width)) <= width


def test_on_80_columns_the_bytes_give_way_to_what_they_say():
    text = line(ASKED, SAID, width=80)
    assert text.startswith("08:00:00.117 controller ← 00 0B 00 00 …  247 holding 0x0011=0x0500")
    assert text.endswith("…")


def test_full_shows_every_byte_and_every_value():
    question = ("out", framed(bytes((7, 3, 0, 0, 0, 20))), "")
    answer = ("in", framed(bytes((7, 3, 40, *range(40)))), "")
    text = bus_lines(seen(question, answer, framing=Framing.RTU, points=[
        Point(signal="car.floor", table=Table.HOLDING, address=3)]), AT, EN)  # fmt: skip
    head, *rows = text.splitlines()
    assert "0x0000: 0001 0203" in head
    assert "→ car.floor " in head
    assert bytes.fromhex("".join(rows)) == answer[1]
    assert "+20 → car.floor" in line(question, answer, framing=Framing.RTU, points=[
        Point(signal="car.floor", table=Table.HOLDING, address=3)])  # fmt: skip


@pytest.mark.parametrize(
    ("frames", "framing", "says"),
    [
        ([ASKED, ("in", NO, "")], Framing.TCP, "247 holding 0x0011+2 refused: 2 illegal address"),
        ([ASKED, ("in", NO[:-1] + b"\x63", "")], Framing.TCP, "refused: 99 99"),
        ([ASKED, ("in", b"", "no answer in 500 ms")], Framing.TCP, "nothing came [no answer in"),
        ([("in", SAY, "")], Framing.TCP, "247 holding 0500 030F"),
        ([ASKED, ("in", SAY[:1] + b"\x63" + SAY[2:], "")], Framing.TCP, "nobody asked for it"),
        ([("in", b"\x07\x03\x04\x05", "")], Framing.RTU, "7 holding INCOMPLETE"),
        ([("in", b"\x07", "")], Framing.RTU, "7 INCOMPLETE"),
        ([("out", framed(b"\x07\x06\x00\x01\x00\x02"), "")], Framing.RTU, "7 function 6"),
        ([("out", framed(b"\x07\x01\x00\x04\x00\x03"), ""), ("in", framed(b"\x07\x01\x01\x05"), "")],
         Framing.RTU, "7 coil 0x0004: 101"),
        ([("in", b"OPTIONS sip:car", "")], None, "'OPTIONS sip:car'"),
    ],
)  # fmt: skip
def test_a_line_says_what_happened(frames, framing, says):
    view = View({} if framing is None else {"controller": framing}, {})
    last = [view.see("controller", way, data, note) for way, data, note in frames][-1]
    assert says in bus_line(last, AT, EN, 200)
    assert bus_line(last, AT, ZH, 200)


def test_a_line_obeys_no_byte_from_the_bus():
    hostile = View({}, {}).see("controller", "in", b"\x1b[2J\x07", "\x1b]0;x\x07")
    assert "\x1b" not in bus_line(hostile, AT, EN, 200)
    assert "\x1b" not in bus_lines(hostile, AT, EN)


def test_a_filter_by_address_wants_an_address():
    assert Filter(addresses=(0, 5)).fits(seen(("in", b"", ""))) is False
