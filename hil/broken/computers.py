"""What breaks in the computer: its clock, its disk, its journal, a Raspberry Pi. A table of cases."""

import os
import subprocess
import time

from hil.broken.case import Group
from hil.broken.lines import service_user_nobody
from hil.broken.site import Site
from hil.host_tree import THROTTLED
from hil.installation import AgentProcess, configuration

COMPUTER = Group("Clock, disk, journal, Raspberry Pi", "时钟、磁盘、日志、树莓派")

_YEARS_S = 3 * 365 * 86_400


class MountMissing(RuntimeError):  # noqa: N818 - the name says what is wrong
    """This user may mount nothing, so the case cannot be built here."""


@COMPUTER.case(
    "开机后时钟尚未校准",
    "clock.sync: clock_unsynchronised",
)
def clock_not_set(site: Site) -> None:
    """The clock was not set since the start."""
    site.programs.clock_set = False


@COMPUTER.case(
    "未启用对时服务",
    "clock.sync: no_time_source",
)
def no_time_source(site: Site) -> None:
    """Nothing sets the clock: the time service is switched off."""
    site.programs.clock_set = site.programs.clock_kept = False


@COMPUTER.case("时钟比日志落后三年", "clock.sync: clock_off")
def clock_off_by_years(site: Site) -> None:
    """The clock is three years behind the journal."""
    _journal(site)
    later_s = time.time() + _YEARS_S
    os.utime(site.folder / "outbox.db", (later_s, later_s))


def _journal(site: Site) -> None:
    """Let the service have run here before."""
    from agent.outbox import Journal

    Journal.open(site.folder / "outbox.db").close()


def _mounted(site: Site, options: str) -> None:
    """Put the journal on a disk of its own."""
    disk = site.folder / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "bench", str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MountMissing(done.stderr.strip())
    site.stack.callback(lambda: subprocess.run(["umount", str(disk)], check=True))
    site.sections["outbox"] = {"path": str(disk / "outbox.db")}


@COMPUTER.case("磁盘已满", "disk.space disk: disk_full")
def disk_full(site: Site) -> None:
    """The disk is full."""
    _mounted(site, "size=256k")
    with (site.folder / "disk/log").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 256 * 1024)


@COMPUTER.case("磁盘将满", "disk.space disk: disk_low")
def disk_low(site: Site) -> None:
    """The disk is nearly full."""
    _mounted(site, "size=1m")
    with (site.folder / "disk/log").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 1000 * 1024)


@COMPUTER.case(
    "存储卡出错后磁盘变为只读",
    "disk.mount disk: read_only",
)
def disk_read_only(site: Site) -> None:
    """After an error of the card the disk is read-only."""
    _mounted(site, "ro,size=1m")


@COMPUTER.case(
    "outbox.path 的目录不存在",
    "disk.space journals: no_folder",
)
def journal_folder_gone(site: Site) -> None:
    """The key outbox.path names a folder that is not there."""
    site.sections["outbox"] = {"path": str(site.folder / "journals/outbox.db")}


@COMPUTER.case(
    "日志目录属于 root",
    "disk.mount journals: no_permission",
)
def journal_folder_of_root(site: Site) -> None:
    """The journal's folder belongs to root."""
    folder = site.folder / "journals"
    folder.mkdir(mode=0o755)
    site.sections["outbox"] = {"path": str(folder / "outbox.db")}
    site.house.open_port()
    site.hooks.append(service_user_nobody)


@COMPUTER.case("事件日志损坏", "journal.state outbox.db: journal_failed")
def journal_damaged(site: Site) -> None:
    """The journal is damaged."""
    (site.folder / "outbox.db").write_bytes(b"what a dying card left instead of a journal " * 100)


@COMPUTER.case(
    "日志曾损坏，服务已另建新日志",
    "journal.state outbox.db: set_aside",
    runs=True,
)
def journal_set_aside(site: Site) -> None:
    """The journal was damaged, and the service began a new one."""
    journal_damaged(site)


@COMPUTER.case(
    "手动启动的另一终端（control.path 不同）占用日志",
    "journal.state outbox.db: held_elsewhere",
)
def journal_held(site: Site) -> None:
    """Another agent, started by hand with another control.path, holds the journal."""
    folder = site.folder / "by-hand"
    folder.mkdir()
    journal = {"path": str(site.folder / "outbox.db")}
    other = AgentProcess(configuration(folder, outbox=journal, mqtt={"port": 1}))
    site.stack.enter_context(other).start()


@COMPUTER.case("树莓派此刻供电不足", "host.supply: under_voltage")
def under_voltage(site: Site) -> None:
    """The Pi's supply is too weak at this moment."""
    site.root.sensor(1, "rpi_volt", in0_lcrit_alarm=1)


@COMPUTER.case(
    "树莓派开机以来曾供电不足",
    "host.supply: was_under_voltage",
)
def was_under_voltage(site: Site) -> None:
    """The Pi's supply was too weak once since the start."""
    site.root.write(THROTTLED, "10000\n")


@COMPUTER.case("固件使处理器降频", "host.throttling: throttled")
def throttled(site: Site) -> None:
    """The firmware slows the processor down."""
    site.root.write(THROTTLED, "4\n")


@COMPUTER.case(
    "树莓派装在制动电阻旁：85 °C",
    "host.temperature: hot",
)
def too_hot(site: Site) -> None:
    """The Pi sits on a braking resistor: 85 °C."""
    site.root.zone(0, "cpu-thermal", 85_000)


@COMPUTER.case("其他程序耗尽内存", "host.memory: low_memory")
def no_memory(site: Site) -> None:
    """Another program uses all memory."""
    site.root.write("proc/meminfo", "MemTotal: 441180 kB\nMemAvailable: 9000 kB\n")
