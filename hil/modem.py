"""A modem's AT port on a pty: answers AT+CSQ, and keeps every byte it was sent."""

from pathlib import Path

from hil.pty_adapter import PtyAdapter


class ModemFace:
    """One modem behind `link`. `answer` is what it says to each command; empty: nothing."""

    def __init__(self, link: Path) -> None:
        self.heard = bytearray()
        self.answer = b"\r\n+CSQ: 18,99\r\n\r\nOK\r\n"
        self.echoes = True
        self.adapter = PtyAdapter(link, self._hear)

    def strength(self, rssi: int) -> None:
        """Answer with this number from now on: 0 to 31, or 99."""
        self.answer = f"\r\n+CSQ: {rssi},99\r\n\r\nOK\r\n".encode()

    def _hear(self, data: bytes) -> None:
        for byte in data:
            self.heard.append(byte)
            if byte == ord("\r"):
                echo = bytes(self.heard).rsplit(b"\r", 2)[-2] + b"\r" if self.echoes else b""
                self.adapter.write(echo + self.answer)

    def close(self) -> None:
        """Take it away."""
        self.adapter.unplug()
