"""The unit and what is installed beside it: what systemd itself says of them, and that they fit the program."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from agent.config import DEFAULT_PATH
from agent.settings import ControlSettings, OutboxSettings

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "systemd"
UNIT = FOLDER / "elevator-agent.service"
RULES = FOLDER / "70-elevator-agent.rules"
PAGES = (ROOT / "docs/install.md", ROOT / "docs/install.zh-CN.md")
MOST_EXPOSED = 1.5


def values(key: str) -> list[str]:
    """Every value of a key of the unit, in order."""
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not on this machine: it comes with systemd")
    return found


def output(*command: str) -> str:
    """What a command says on both outputs; it must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


# ---- what systemd says ----


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    analyze = tool("systemd-analyze")
    installed = tmp_path / "elevator-agent.service"
    text = UNIT.read_text(encoding="utf-8")
    installed.write_text(
        re.sub(r"(?m)^ExecStart=.*", "ExecStart=/bin/true", text), encoding="utf-8"
    )
    assert output(analyze, "verify", "--man=no", str(installed)) == ""


def test_the_exposure_is_at_most_1_5():
    said = output(tool("systemd-analyze"), "security", "--offline=true", "--no-pager", str(UNIT))
    level = re.search(r"Overall exposure level.*?: *([0-9.]+)", said)
    assert level is not None, said
    assert float(level[1]) <= MOST_EXPOSED


def test_no_key_is_newer_than_systemd_252():
    assert not re.search(r"^Restart(Steps|MaxDelaySec)=", UNIT.read_text("utf-8"), re.MULTILINE)


# ---- what the service needs ----


def test_it_reports_itself_is_watched_and_is_started_again_for_ever():
    assert values("Type") == ["notify"]
    assert values("WatchdogSec") == ["30"]
    assert values("Restart") == ["always"]
    assert values("StartLimitIntervalSec") == ["0"]


def test_its_folders_are_those_of_the_default_configuration():
    assert Path(OutboxSettings().path).parent == Path("/var/lib") / values("StateDirectory")[0]
    runtime = Path("/run") / values("RuntimeDirectory")[0]
    assert Path(ControlSettings().path).parent == runtime
    assert values("RuntimeDirectoryMode") == ["0750"]
    assert values("WorkingDirectory") == [str(runtime)]
    assert f"LG_WD={runtime}" in values("Environment")


def test_it_may_open_serial_ports_and_pins_and_no_other_device():
    assert values("DevicePolicy") == ["closed"]
    kinds = ("char-ttyUSB", "char-ttyACM", "char-ttyAMA", "char-gpiochip")
    assert values("DeviceAllow") == [f"{kind} rw" for kind in kinds]
    assert values("SupplementaryGroups") == ["dialout gpio"]
    assert values("PrivateDevices") == []


def test_the_boot_id_and_the_boards_revision_stay_visible():
    assert values("ProcSubset") == []


def test_the_password_is_a_credential_that_may_be_missing():
    assert values("LoadCredential") == ["mqtt-password:/etc/elevator-agent/mqtt-password"]
    assert values("SetCredential") == ["mqtt-password:\\n"]


@pytest.mark.parametrize(
    ("restarts", "waited"), [("0", "0"), ("1", "1"), ("30", "30"), ("31", "30"), ("", "0")]
)
def test_each_restart_waits_a_second_more_up_to_30(tmp_path, restarts, waited):
    for name, body in (("systemctl", f"echo {restarts}"), ("sleep", 'echo "waits $1"')):
        stand_in = tmp_path / name
        stand_in.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        stand_in.chmod(0o755)
    (line,) = values("ExecStartPre")
    match = re.fullmatch(r"/bin/sh -c '(.*)'", line)
    assert match is not None
    script = match[1].replace("$$", "$").replace("%n", "elevator-agent.service")
    path = f"{tmp_path}:{os.environ['PATH']}"
    done = subprocess.run(
        ["/bin/sh", "-c", script], env={"PATH": path}, capture_output=True, text=True, check=True
    )
    assert done.stdout == f"waits {waited}\n"


# ---- what is installed beside it ----


def test_user_groups_and_folders_come_out_as_meant(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("makes users and owners in a folder of its own, which needs root")
    (tmp_path / "etc").mkdir()
    passwd, group = tmp_path / "etc/passwd", tmp_path / "etc/group"
    passwd.write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="utf-8")
    group.write_text("root:x:0:\ndialout:x:20:\n", encoding="utf-8")
    root = f"--root={tmp_path}"
    said = output(tool("systemd-sysusers"), root, str(FOLDER / "elevator-agent.sysusers.conf"))
    assert "ignoring" not in said
    line = next(
        x for x in passwd.read_text("utf-8").splitlines() if x.startswith("elevator-agent:")
    )
    assert line.endswith(":/var/lib/elevator-agent:/usr/sbin/nologin")
    for name in ("dialout", "gpio"):
        assert re.search(rf"^{name}:.*:elevator-agent$", group.read_text("utf-8"), re.MULTILINE)

    folder = tmp_path / Path(DEFAULT_PATH).parent.relative_to("/")
    folder.mkdir()
    for name in ("agent.toml", "mqtt-password"):
        (folder / name).touch(mode=0o644)
    tmpfiles = str(FOLDER / "elevator-agent.tmpfiles.conf")
    output(tool("systemd-tmpfiles"), root, "--create", tmpfiles)
    gid = int(line.split(":")[3])
    assert found(folder) == (0o750, 0, gid)
    assert found(folder / "agent.toml") == (0o640, 0, gid)
    assert found(folder / "mqtt-password") == (0o600, 0, 0)


def found(path: Path) -> tuple[int, int, int]:
    made = path.stat()
    return stat.S_IMODE(made.st_mode), made.st_uid, made.st_gid


_RULE = re.compile(
    r'(?:[A-Z]+(?:\{[a-zA-Z_]+\})?(?:==|=)"[^"]*")(?:, [A-Z]+(?:\{[a-zA-Z_]+\})?(?:==|=)"[^"]*")*'
)


def test_every_rule_for_devices_is_well_formed():
    lines = [x for x in RULES.read_text("utf-8").splitlines() if x and not x.startswith("#")]
    assert len(lines) == 3
    for line in lines:
        assert _RULE.fullmatch(line), line


def test_udev_itself_accepts_the_rules():
    udevadm = tool("udevadm")
    if "verify" not in output(udevadm, "--help"):
        pytest.skip("this udevadm has no verify: it came with systemd 254")
    output(udevadm, "verify", "--resolve-names=never", str(RULES))


def test_a_modem_is_left_to_modemmanager():
    ignored = [x for x in RULES.read_text("utf-8").splitlines() if "ID_MM_PORT_IGNORE" in x]
    drivers = [re.findall(r'DRIVERS=="([^"]*)"', line) for line in ignored]
    assert drivers == [["ftdi_sio|cp210x|ch341-uart|pl2303"]]


# ---- the page ----


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```\w+\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_both_pages_give_the_same_commands():
    english, chinese = map(blocks, PAGES)
    assert english == chinese
    assert len(english) > 10


def test_every_file_that_is_installed_exists_and_all_are_installed():
    text = PAGES[0].read_text("utf-8")
    sources = set(re.findall(r"(?:^| )((?:systemd|config)/\S+|requirements\.lock)", text))
    assert all((ROOT / source).is_file() for source in sources)
    assert {f"systemd/{each.name}" for each in FOLDER.iterdir()} <= sources


def test_what_is_installed_is_removed_again():
    text = PAGES[0].read_text("utf-8")
    targets = re.findall(r"^sudo (?:install|ln) .* (/\S+)$", text, re.MULTILINE)
    removed = text[text.index("## Removing it") :]
    for target in targets:
        gone = any(f" {path}" in removed for path in (target, *map(str, Path(target).parents[:-2])))
        assert gone, target


def test_the_unit_starts_the_program_where_the_page_puts_it():
    program, verb = values("ExecStart")[0].split()
    assert verb == "run"
    assert f"sudo ln -sf {program} " in PAGES[0].read_text("utf-8")
