"""What breaks on a serial line: its port, its wires, its settings, the device. A table of cases."""

import os
import subprocess
import sys
import termios
from pathlib import Path

from hil.broken.case import Group
from hil.broken.house import WEIGHED, WEIGHER_ID, weigher
from hil.broken.site import Site
from hil.installation import AgentProcess
from hil.rtu_face import Conduct
from hil.rtu_manners import Manner

LINE = Group("Serial line", "串口线路")

_READS = "import os, sys; os.open(sys.argv[1], os.O_RDONLY | os.O_NOCTTY); print(flush=True); sys.stdin.read()"


def _settings(port: Path) -> tuple[int, str]:
    """How whoever opened a port last has set it. A pty keeps no PARENB, but PARODD it keeps."""
    fd = os.open(port, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        _, _, control, _, speed, _, _ = termios.tcgetattr(fd)
    finally:
        os.close(fd)
    return speed, "O" if control & termios.PARODD else "other"


def _hears_only(site: Site, speed: int, parity: str) -> None:
    """Let the device take nothing but questions in these settings, as a real one does."""
    port = site.house.link

    def conduct(_device: int, _body: bytes) -> Conduct:
        fits = _settings(port) == (speed, parity)
        return Conduct() if fits else Conduct(Manner.SILENCE)

    site.house.line.conduct = conduct


@LINE.case(
    "称重器为 19200 波特，url 写 9600",
    "bus.answer scale: silent", "bus.scan scale: wrong_baud",
    scans=True,
)  # fmt: skip
def wrong_baud(site: Site) -> None:
    """The weigher talks at 19200 baud, url says 9600."""
    site.drivers["scale"]["url"] = site.line_url(9600)
    _hears_only(site, termios.B19200, "other")


@LINE.case(
    "称重器为奇校验，url 写无校验",
    "bus.answer scale: silent", "bus.scan scale: wrong_parity",
    scans=True,
)  # fmt: skip
def wrong_parity(site: Site) -> None:
    """The weigher talks with odd parity, url says none."""
    _hears_only(site, termios.B115200, "O")


@LINE.case(
    "称重器地址为 9，device_id 写 3",
    "bus.answer scale: silent", "bus.scan scale: wrong_device_id",
    scans=True,
)  # fmt: skip
def wrong_device_id(site: Site) -> None:
    """The weigher is set to address 9, device_id says 3."""
    site.drivers["scale"]["device_id"] = 3


@LINE.case(
    "A/B 接反：任何速率都不通",
    "bus.answer scale: silent", "bus.scan scale: nobody",
    scans=True,
)  # fmt: skip
def a_and_b_swapped(site: Site) -> None:
    """Wires A and B are swapped: nothing gets through, at any speed."""
    site.house.line.behave(Manner.SILENCE)


@LINE.case(
    "同一线路两台设备之一断电",
    "bus.answer second: silent_alone",
)
def device_off(site: Site) -> None:
    """One of two devices on the line has no power."""
    _second(site)


def _second(site: Site) -> None:
    first = site.drivers["scale"]
    spared = ["car.load_percent", "controller.run_count"]
    first["without"] = ["car.floor"]
    site.drivers["second"] = {**first, "name": "second", "device_id": 4, "without": spared}


@LINE.case(
    "缺终端电阻：每个应答都损坏",
    "bus.answer scale: crc_errors",
)
def no_termination(site: Site) -> None:
    """No termination: every answer comes damaged."""
    site.house.line.behave(Manner.CRC_ERROR)


@LINE.case(
    "变频器电缆干扰，每六个应答损坏一个；服务在运行",
    "bus.errors scale: crc_errors",
    runs=True,
)
def noise(site: Site) -> None:
    """The drive's cable beside the bus damages every sixth answer; the service runs."""
    count = 0

    def conduct(_device: int, _body: bytes) -> Conduct:
        nonlocal count
        count += 1
        return Conduct(Manner.CRC_ERROR if count % 6 == 0 else Manner.HONEST)

    site.house.line.conduct = conduct
    site.drivers["scale"]["poll_interval_ms"] = 50
    asked(site, "scale", 18)


def asked(site: Site, name: str, least: int) -> None:
    """Wait until a driver's device was asked so often."""
    whole = site.ready

    def ready(status: object) -> bool:
        assert isinstance(status, dict)
        counted = status["links"].get(name, {}).get("statistics", {})
        ends = ("answered", "timeouts", "malformed", "exceptions")
        return sum(counted.get(end, 0) for end in ends) > least and whole(status)

    site.ready = ready


@LINE.case(
    "接线松动：每个应答都中断",
    "bus.answer scale: broken_off",
)
def loose_wire(site: Site) -> None:
    """A loose wire: every answer breaks off in the middle."""
    site.house.line.behave(Manner.HALF)


@LINE.case(
    "称重器需 300 ms，timeout_ms 写 100",
    "bus.answer scale: late",
)
def slow_answers(site: Site) -> None:
    """The weigher takes 300 ms, timeout_ms says 100."""
    site.drivers["scale"]["timeout_ms"] = 100
    site.house.line.behave(Manner.LATE, 0.3)


@LINE.case(
    "两台设备地址冲突，应答者不是被问者",
    "bus.answer scale: wrong_device",
)
def address_twice(site: Site) -> None:
    """Two devices have the same address, and another answers than the one asked."""
    site.house.line.behave(Manner.WRONG_DEVICE)


@LINE.case(
    "适配器回显，设备无应答",
    "bus.answer scale: echo_only",
)
def adapter_echoes(site: Site) -> None:
    """The adapter echoes, and the device behind it is dead."""
    site.house.line.behave(Manner.ECHO)


@LINE.case(
    "控制系统自带的监控也在此线路询问",
    "bus.answer scale: another_master",
)
def another_master(site: Site) -> None:
    """The controller's own monitor asks on this line as well."""
    question = bytes.fromhex("01030000000ac5cd")
    stop = site.house.repeat(lambda: site.house.line.babble(question), 0.05)
    site.stack.callback(stop)


@LINE.case(
    "内核控制台占用此串口（cmdline.txt）",
    "serial.port rs485: serial_console",
)
def kernel_console(site: Site) -> None:
    """The kernel's console is on the port (cmdline.txt)."""
    device = Path(os.path.realpath(site.port))
    site.root.write("proc/cmdline", f"console=tty1 console={device.name},115200 quiet\n")
    folder = site.folder / "root/dev"
    folder.mkdir(exist_ok=True)
    (folder / device.name).symlink_to(device)


@LINE.case(
    "串口上有登录提示（agetty）",
    "serial.port rs485: serial_console",
)
def login_prompt(site: Site) -> None:
    """A login prompt waits on the port (agetty)."""
    site.process(77, "agetty", os.path.realpath(site.port))


@LINE.case(
    "ModemManager 打开了适配器",
    "serial.port rs485: modem_manager",
)
def modem_manager(site: Site) -> None:
    """ModemManager has opened the adapter."""
    site.process(78, "ModemManager", os.path.realpath(site.port))


@LINE.case(
    "某终端程序未退出，占用串口",
    "serial.port rs485: port_held",
)
def port_held(site: Site) -> None:
    """A terminal program was left running and has the port open."""
    command = [sys.executable, "-c", _READS, str(site.port)]
    process = site.stack.enter_context(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    )
    assert process.stdin is not None
    assert process.stdout is not None
    site.stack.callback(process.stdin.close)
    process.stdout.readline()
    (site.folder / f"root/proc/{process.pid}").symlink_to(f"/proc/{process.pid}")


def service_user_nobody() -> None:
    """In the process of doctor: the service has a user of its own, who is in no group."""
    from agent.doctor import scene

    scene.SERVICE_USER = "nobody"  # type: ignore[misc]


@LINE.case(
    "服务用户不在串口所属组",
    "serial.port rs485: no_permission",
)
def no_permission(site: Site) -> None:
    """The service's user is not in the port's group."""
    site.folder.chmod(0o777)
    site.hooks.append(service_user_nobody)


@LINE.case(
    "适配器未插，名称不存在",
    "serial.port rs485: no_such_port",
)
def adapter_unplugged(site: Site) -> None:
    """The adapter is unplugged, and its name gone."""
    site.port.unlink()


@LINE.case(
    "自建链接指向 ttyUSB0，而适配器已变为 ttyUSB1",
    "serial.port rs485: dangling_link",
)
def dangling_link(site: Site) -> None:
    """The name is a link of somebody's own to ttyUSB0, and the adapter is ttyUSB1 now."""
    site.port.unlink()
    site.port.symlink_to(site.folder / "ttyUSB0")


@LINE.case(
    "串口位置是普通文件：适配器不在时有人写入",
    "serial.port rs485: not_a_port",
)
def file_not_port(site: Site) -> None:
    """A file lies where the port should be: somebody wrote into it while the adapter was away."""
    site.port.unlink()
    site.port.write_text("AT\r\n", encoding="ascii")


@LINE.case(
    "服务运行中适配器脱落",
    "serial.port rs485: no_such_port", "bus.answer scale: lost",
    runs=True,
)  # fmt: skip
def adapter_fell_out(site: Site) -> None:
    """The adapter fell out while the service runs."""
    prelude = site.prelude

    def falls_out(agent: AgentProcess) -> None:
        prelude(agent)
        site.port.unlink()
        site.house.replug()
        agent.wait_until(lambda status: not status["links"]["scale"]["up"])

    site.prelude = falls_out


@LINE.case(
    "称重器寄存器低字节在前",
    "signal.values scale: wrong_byte_order",
)
def wrong_byte_order(site: Site) -> None:
    """The weigher sends the low byte of each register first."""
    turned = tuple((word & 0xFF) << 8 | word >> 8 for word in WEIGHED)
    site.house.line.devices = {WEIGHER_ID: weigher(*turned)}


@LINE.case(
    "称重器计数器低字在前",
    "signal.values scale: wrong_word_order",
)
def wrong_word_order(site: Site) -> None:
    """The weigher sends the low word of its counter first."""
    load, floor, high, low = WEIGHED
    site.house.line.devices = {WEIGHER_ID: weigher(load, floor, low * 10, high)}


@LINE.case(
    "称重传感器损坏：900%",
    "signal.values scale: some_implausible",
)
def sensor_broken(site: Site) -> None:
    """The load cell is broken: 900 percent."""
    _, *others = WEIGHED
    site.house.line.devices = {WEIGHER_ID: weigher(900, *others)}


@LINE.case(
    "旧型号称重器：没有计数器寄存器（异常码 2）",
    "bus.errors scale: exceptions",
)
def register_not_there(site: Site) -> None:
    """An older weigher: the counter's registers are not there (exception 2)."""
    load, floor, *_ = WEIGHED
    site.house.line.devices = {WEIGHER_ID: weigher(load, floor)}
    text = (site.folder / "controllers/weigher.toml").read_text(encoding="utf-8")
    limited = text.replace("[protocol]\n", "[protocol]\nmax_registers = 2\n")
    site.profile("weigher", limited)


@LINE.case(
    "档案属于另一型号：设备不支持该功能码（异常码 1）",
    "bus.answer scale: refused",
)
def another_profile(site: Site) -> None:
    """The profile is for another controller: the device does not know this function (exception 1)."""
    site.house.line.devices = {WEIGHER_ID: weigher(*WEIGHED, function=4)}


@LINE.case(
    "网关与称重器失联，仍以旧值应答",
    "bus.answer scale: source_lost",
)
def gateway_lost_its_source(site: Site) -> None:
    """The gateway has lost the weigher and goes on answering with old values."""
    text = (site.folder / "controllers/weigher.toml").read_text(encoding="utf-8")
    guard = '[valid_when]\ntable = "holding"\naddress = 0x06\nequals = 1\n'
    words = (
        'otherwise = "the gateway has lost the weigher: check its cable"\nsource = "the bench"\n'
    )
    shorter = text.partition('[points."controller.run_count"]')[0]
    site.profile("weigher", shorter.replace("[points", f"{guard}{words}[points", 1))


@LINE.case("设备使用另一种协议", "bus.answer scale: garbled")
def another_protocol(site: Site) -> None:
    """The device speaks another protocol: bytes come that make no frame."""

    def spoken(manner: Manner, question: bytes, answer: bytes) -> bytes:  # noqa: ARG001 - the face's
        return b"+0042.0kg\r\n"

    site.house.line.spoken = spoken


@LINE.case("档案属于另一台称重器：大半数值不可能", "signal.values scale: wrong_profile")
def values_of_another_model(site: Site) -> None:
    """The profile is for another weigher: most of what it gives cannot be."""
    site.house.line.devices = {WEIGHER_ID: weigher(0x7FFF, 0x7FFF, 0x7FFF, 0x7FFF)}


@LINE.case("端子松动，每六次询问丢失一次；服务在运行", "bus.errors scale: timeouts", runs=True)
def loose_terminal(site: Site) -> None:
    """A loose terminal loses every sixth question; the service runs."""
    count = 0

    def conduct(_device: int, _body: bytes) -> Conduct:
        nonlocal count
        count += 1
        return Conduct(Manner.SILENCE if count % 6 == 0 else Manner.HONEST)

    site.house.line.conduct = conduct
    site.drivers["scale"]["poll_interval_ms"] = 50
    asked(site, "scale", 18)


@LINE.case("url 写的是随插入顺序变化的名称", "serial.port rs485: unstable_name")
def unstable_name(site: Site) -> None:
    """The name in url goes by the order of plugging in; a lasting one is there."""
    folder = site.folder / "root/dev/serial/by-id"
    folder.mkdir(parents=True)
    (folder / "usb-adapter-if00").symlink_to(os.path.realpath(site.port))
