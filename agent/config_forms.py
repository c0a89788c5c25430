"""What a text of the configuration has to look like, in Chinese, by the words in which `settings.py` says it. A table."""

from collections.abc import Mapping

FORMS_ZH: Mapping[str, str] = {
    "up to 64 letters, digits, . _ -": "至多 64 个字母、数字或 . _ -，以字母或数字开头",
    "a topic without # and + or outer slashes": "主题，不含 # 和 +，首尾无斜杠",
    'an address in numbers, such as "192.168.1.30"': '数字形式的地址，例如 "192.168.1.30"',
    'host:port, such as "192.168.1.30:5060", or for icmp the host alone': (
        '主机:端口，例如 "192.168.1.30:5060"；icmp 只写主机'
    ),
    'host:port, such as "192.168.1.30:5060", port 1 to 65535': (
        '主机:端口，例如 "192.168.1.30:5060"，端口 1 至 65535'
    ),
    "serial:///dev/serial/by-id/…?baudrate=9600&parity=N or rtu+tcp://host:port": (
        "serial:///dev/serial/by-id/…?baudrate=9600&parity=N 或 rtu+tcp://主机:端口"
    ),
    "tcp://host:port (502 if left out), rtu+tcp://host:port or "
    "serial:///dev/serial/by-id/…?baudrate=9600&parity=N": (
        "tcp://主机:端口（默认 502）、rtu+tcp://主机:端口 或 serial:///dev/serial/by-id/…?baudrate=9600&parity=N"
    ),
}
