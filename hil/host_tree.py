"""A computer's /sys and /proc as plain files below a folder: a Raspberry Pi, or less than one."""

from pathlib import Path

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
MEMINFO = "MemTotal:         441180 kB\nMemFree:           20000 kB\nMemAvailable:     250000 kB\n"


class HostTree:
    """One computer below `root`; a new one has only memory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write("proc/meminfo", MEMINFO)

    def write(self, path: str, text: str) -> Path:
        """Let a file say something."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def zone(self, number: int, kind: str, millidegrees: int) -> None:
        """Add a thermal zone, or let it say another temperature."""
        folder = f"sys/class/thermal/thermal_zone{number}"
        self.write(f"{folder}/type", f"{kind}\n")
        self.write(f"{folder}/temp", f"{millidegrees}\n")

    def sensor(self, number: int, name: str, **files: int) -> None:
        """Add a hwmon sensor with its files."""
        folder = f"sys/class/hwmon/hwmon{number}"
        self.write(f"{folder}/name", f"{name}\n")
        for file, value in files.items():
            self.write(f"{folder}/{file}", f"{value}\n")

    def raspberry_pi(self) -> "HostTree":
        """Make it a Raspberry Pi with nothing wrong."""
        self.zone(0, "cpu-thermal", 48312)
        self.sensor(0, "cpu_thermal", temp1_input=48312)
        self.sensor(1, "rpi_volt", in0_lcrit_alarm=0)
        self.write(THROTTLED, "0\n")
        return self
