"""The bare MQTT client, to compare with: publishes one payload again and again, a window at a time, and does nothing else.

`python -m hil.bench_bare --port 1883 --topic T --bytes 900 --count 20000 --window 16` prints messages a
second, and processor microseconds of each.
"""

import argparse
import time

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion


class Bare:
    """Sends the next message when one is acknowledged."""

    def __init__(self, topic: str, payload: bytes, count: int, window: int) -> None:
        self._topic, self._payload = topic, payload
        self._count, self._window = count, window
        self._sent = self._done = 0
        self._began_s = 0.0
        self.client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self.client.on_connect = lambda *_: self._begin()
        self.client.on_publish = lambda *_: self._answered()

    def run(self, port: int) -> tuple[float, float]:
        """Messages a second, from the first to the last acknowledgement, and processor microseconds of each."""
        self.client.connect("127.0.0.1", port)
        before_s = time.process_time()
        self.client.loop_forever()
        used_s, took_s = time.process_time() - before_s, time.perf_counter() - self._began_s
        return self._count / took_s, used_s / self._count * 1e6

    def _begin(self) -> None:
        self._began_s = time.perf_counter()
        for _ in range(self._window):
            self._send()

    def _send(self) -> None:
        if self._sent < self._count:
            self._sent += 1
            self.client.publish(self._topic, self._payload, 1)

    def _answered(self) -> None:
        self._done += 1
        self._send()
        if self._done == self._count:
            self.client.disconnect()


def main() -> None:
    """Run the process."""
    parser = argparse.ArgumentParser(prog="python -m hil.bench_bare", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--topic", required=True)
    for name in ("bytes", "count", "window"):
        parser.add_argument(f"--{name}", type=int, required=True)
    asked = parser.parse_args()
    bare = Bare(asked.topic, bytes(asked.bytes), asked.count, asked.window)
    print(*bare.run(asked.port))


if __name__ == "__main__":
    main()
