"""The shape of the configuration: frozen, typed, with bounds and defaults; `config.py` reads it.

Every key an installer may write stands here once; `config/agent.example.toml` shows each with its
default.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\Z",
        description="up to 64 letters, digits, . _ -",
    ),
]
Limit = Annotated[float, Meta(ge=0.5, le=600)]
Percent = Annotated[float, Meta(ge=1, le=99)]
Celsius = Annotated[float, Meta(ge=0, le=120)]
Brief = Annotated[
    float, Meta(ge=0.1, le=600)
]  # the contract's own defaults lie below half a second


class _Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class ElevatorSettings(_Settings, frozen=True):
    """Which elevator this is; goes into `asset` and every topic."""

    site: Name
    id: Name
    name: str = ""
    registration_code: str = ""
    rescue_code: str = ""
    floors: Annotated[int, Meta(ge=2, le=200)] | None = None
    rated_speed_mm_s: Annotated[int, Meta(ge=50, le=20_000)] | None = None
    rated_load_kg: Annotated[int, Meta(ge=50, le=20_000)] | None = None
    property_company: str = ""
    maintenance_unit: str = ""
    manufacturer: str = ""
    installed_on: str = ""


class MqttSettings(_Settings, frozen=True):
    """The broker. Password and key come from files or systemd credentials, never from here.

    Without `ca_file` the system's authorities are trusted.
    """

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 1883
    protocol: Literal["5", "3.1.1"] = "5"
    username: str = ""
    password_file: str = ""
    tls: bool = False
    ca_file: str = ""
    certificate_file: str = ""
    key_file: str = ""
    client_id: str = ""
    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[^/#+$][^#+]*[^/#+]\Z",
            description="a topic without # and + or outer slashes",
        ),
    ] = "elevator/v1"
    keepalive_s: Annotated[int, Meta(ge=5, le=600)] = 20
    window: Annotated[int, Meta(ge=1, le=16)] = 16
    state_interval_s: Annotated[float, Meta(ge=0.5, le=60)] = 5.0


class OutboxSettings(_Settings, frozen=True):
    """Where the journal lives, which belongs on the data partition; how large it may become, how old its records.

    1,024 MB hold four years at about 1,000 events a day.
    """

    path: Annotated[str, Meta(min_length=1)] = "/var/lib/elevator-agent/outbox.db"
    max_mb: Annotated[int, Meta(ge=64, le=1_000_000)] = 1024
    keep_years: Annotated[int, Meta(ge=4, le=100)] = 10


class ControlSettings(_Settings, frozen=True):
    """The Unix socket of the running service."""

    path: Annotated[str, Meta(min_length=1)] = "/run/elevator-agent/control.sock"


class RequestsSettings(_Settings, frozen=True):
    """What may be asked over the broker beside `ping`, `snapshot` and `replay`, and how often anything at all."""

    allow: tuple[Literal["ack", "diagnostics"], ...] = ()
    per_minute: Annotated[float, Meta(ge=1, le=600)] = 60


class RecorderSettings(_Settings, frozen=True):
    """The flight recorder: how much is kept around a major or critical event, and where.

    An empty `directory` is `recordings` beside the journal.
    """

    directory: str = ""
    before_s: Annotated[float, Meta(ge=10, le=3600)] = 180
    after_s: Annotated[float, Meta(ge=5, le=600)] = 60
    total_mb: Annotated[int, Meta(ge=1, le=4096)] = 64
    keep_free_mb: Annotated[int, Meta(ge=10, le=100_000)] = 200


class PlatformSettings(_Settings, frozen=True):
    """The upstream platform: `codes` is its number scheme, a file of config/platforms by its name."""

    codes: Name | None = None


class MonitorSettings(_Settings, frozen=True):
    """The limits of the contract's section 3, in seconds."""

    trapped_off_level_s: Limit = 15
    trapped_at_level_s: Limit = 90
    stopped_outside_s: Limit = 15
    alarm_press_s: Limit = 0.5
    longest_zone_gap_s: Limit = 20
    presence_latch_s: Limit = 25
    presence_settle_s: Limit = 10
    presence_total_s: Limit = 10
    presence_window_s: Limit = 120
    button_stuck_s: Limit = 600
    not_closed_is_open_s: Limit = 10
    not_closed_passable_s: Limit = 5
    trifle_s: Limit = 3
    clear_s: Limit = 2
    moved_with_doors_open_s: Brief = 0.2
    doors_open_outside_s: Limit = 2
    landing_door_unlocked_s: Limit = 2
    safety_chain_moving_s: Brief = 0.3
    safety_chain_standing_s: Limit = 10
    mains_lost_s: Limit = 1
    entrapment_possible_s: Limit = 30
    ard_hold_s: Annotated[float, Meta(ge=0, le=600)] = 0
    unintended_movement_s: Limit = 1
    overspeed_s: Limit = 0.5
    brake_moving_s: Limit = 1
    brake_standing_s: Limit = 5
    run_time_limit_s: Limit = 60
    full_travel_s: Annotated[float, Meta(ge=0, le=600)] = 0
    start_failure_s: Limit = 60
    door_close_failure_s: Limit = 60
    door_held_open_s: Limit = 600
    door_open_failure_s: Limit = 15
    sensor_contradiction_s: Limit = 60
    parks_with_doors_open: bool = False
    battery_low_percent: Percent = 40
    machine_room_hot_c: Celsius = 40
    machine_room_hot_s: Limit = 600
    machine_room_door_open_s: Limit = 600
    disk_low_percent: Percent = 5
    host_hot_c: Celsius = 80
    host_hot_s: Limit = 60
    car_call_is_evidence: bool = True


Pin = Annotated[int, Meta(ge=0, le=27)]
Level = Literal["low", "high"]
Pull = Literal["up", "down", "none"]
DebounceMs = Annotated[int, Meta(ge=5, le=2000)]


class GpioInput(_Settings, frozen=True):
    """One contact. `active` is the level at which the signal is true (for a door: closed).

    `pull` is the resistor that holds the pin while the contact is open; without it the one against
    `active`. `debounce_ms` is how long a level must stand, `release_ms` how long for false where that
    differs. `inverse_pin` is the other contact of a pair, wired alike and true when the signal is
    false; both may say the same for less than `settle_ms` (1000). A counter counts its contact's
    becoming true, at most `max_hz` (5) times a second.
    """

    pin: Pin
    active: Level = "low"
    pull: Pull | None = None
    debounce_ms: DebounceMs = 50
    release_ms: DebounceMs | None = None
    inverse_pin: Pin | None = None
    settle_ms: Annotated[int, Meta(ge=20, le=10_000)] | None = None
    max_hz: Annotated[float, Meta(ge=0.1, le=20)] | None = None


class GpioAnnouncement(_Settings, frozen=True):
    """The output that starts a player to calm trapped people: on for `on_s`, again every `repeat_s`."""

    pin: Pin
    active: Level = "high"
    on_s: Annotated[float, Meta(ge=0.2, le=60)] = 2.0
    repeat_s: Annotated[float, Meta(ge=90, le=3600)] = 300.0


class ModbusSettings(_Settings, frozen=True, tag_field="kind", tag="modbus"):
    """A controller or sensor read over Modbus TCP or RTU, by a register-map profile.

    Signals in `without` are left to other drivers.
    """

    name: Name
    profile: Name
    url: Annotated[
        str,
        Meta(
            pattern=r"^((rtu\+)?tcp://[^/]+|serial:///[^?]+\?.+)\Z",
            description="tcp://host:port (502 if left out), rtu+tcp://host:port or "
            "serial:///dev/serial/by-id/…?baudrate=9600&parity=N",
        ),
    ]
    device_id: Annotated[int, Meta(ge=0, le=247)] = 1
    poll_interval_ms: Annotated[int, Meta(ge=20, le=60_000)] = 200
    timeout_ms: Annotated[int, Meta(ge=20, le=10_000)] = 500
    without: tuple[str, ...] = ()


class GpioSettings(_Settings, frozen=True, tag_field="kind", tag="gpio"):
    """Contacts on the Pi's own pins. `inputs` maps a signal to its pin; `announcement` is an output."""

    name: Name
    inputs: dict[str, GpioInput]
    announcement: GpioAnnouncement | None = None


_HOST = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)"
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
HostPort = Annotated[
    str,
    Meta(
        pattern=rf"^{_HOST}:{_PORT}\Z",
        description='host:port, such as "192.168.1.30:5060", port 1 to 65535',
    ),
]
HostMaybePort = Annotated[
    str,
    Meta(
        pattern=rf"^{_HOST}(:{_PORT})?\Z",
        description='host:port, such as "192.168.1.30:5060", or for icmp the host alone',
    ),
]
ProbeIntervalS = Annotated[float, Meta(ge=5, le=3600)]
ProbeTimeoutS = Annotated[float, Meta(ge=0.5, le=5)]


class IntercomSettings(_Settings, frozen=True, tag_field="kind", tag="intercom"):
    """One station of the five-party intercom: whether it is there, each `interval_s`.

    Probes sip, tcp and icmp ask the station at `address`; udp hears its heartbeat on the agent's own
    `address` (from `sender` alone, if given), mqtt on `topic` of the agent's broker; contact reads
    `pin`. `transport` is for sip. A question takes at most `timeout_s`.
    """

    name: Name
    station: Literal["car", "machine_room", "car_top", "pit", "duty_room"]
    probe: Literal["sip", "tcp", "icmp", "udp", "mqtt", "contact"] = "sip"
    address: HostMaybePort | None = None
    sender: (
        Annotated[
            str,
            Meta(
                pattern=r"^[0-9A-Fa-f:.]+\Z",
                description='an address in numbers, such as "192.168.1.30"',
            ),
        ]
        | None
    ) = None
    topic: Annotated[str, Meta(min_length=1)] | None = None
    pin: Pin | None = None
    active: Level = "low"
    debounce_ms: DebounceMs = 50
    transport: Literal["udp", "tcp"] = "udp"
    interval_s: ProbeIntervalS = 30
    timeout_s: ProbeTimeoutS = 4


class SerialSettings(_Settings, frozen=True, tag_field="kind", tag="serial"):
    """A controller on a serial link whose frames are not Modbus, read by a profile.

    Mode request asks; mode listen hears what another master asks, and never sends a byte: there
    `poll_interval_ms` is how often that master asks. Signals in `without` are left to other drivers.
    """

    name: Name
    profile: Name
    url: Annotated[
        str,
        Meta(
            pattern=r"^(rtu\+tcp://[^/]+|serial:///[^?]+\?.+)\Z",
            description="serial:///dev/serial/by-id/…?baudrate=9600&parity=N or rtu+tcp://host:port",
        ),
    ]
    mode: Literal["request", "listen"] = "request"
    poll_interval_ms: Annotated[int, Meta(ge=100, le=60_000)] = 1000
    timeout_ms: Annotated[int, Meta(ge=20, le=10_000)] = 500
    without: tuple[str, ...] = ()


class CameraSettings(_Settings, frozen=True, tag_field="kind", tag="camera"):
    """A camera in the car or the machine room, asked by RTSP OPTIONS whether it is there."""

    name: Name
    camera: Name
    address: HostPort
    interval_s: ProbeIntervalS = 60
    timeout_s: ProbeTimeoutS = 4


class CardSettings(_Settings, frozen=True, tag_field="kind", tag="card"):
    """A card reader: RDM6300 frames on a serial port (`url`), or Wiegand-26 on two pins."""

    name: Name
    reader: Name
    model: Literal["rdm6300", "wiegand26"] = "rdm6300"
    url: (
        Annotated[
            str,
            Meta(
                pattern=r"^serial:///[^?]+\?.+\Z",
                description="serial:///dev/serial/by-id/…?baudrate=9600&parity=N",
            ),
        ]
        | None
    ) = None
    data0_pin: Pin | None = None
    data1_pin: Pin | None = None


class HostSettings(_Settings, frozen=True, tag_field="kind", tag="host"):
    """The agent's own computer, read every `interval_s`; `modem_url` is the modem's AT port."""

    name: Name
    interval_s: Annotated[float, Meta(ge=5, le=3600)] = 30
    modem_url: (
        Annotated[
            str,
            Meta(
                pattern=r"^serial:///[^?]+\?.+\Z",
                description="serial:///dev/ttyUSB2?baudrate=115200&parity=N",
            ),
        ]
        | None
    ) = None


DriverSettings = (
    ModbusSettings
    | GpioSettings
    | IntercomSettings
    | SerialSettings
    | CameraSettings
    | CardSettings
    | HostSettings
)


class Settings(_Settings, frozen=True):
    """The whole file."""

    elevator: ElevatorSettings
    mqtt: MqttSettings = MqttSettings()
    requests: RequestsSettings = RequestsSettings()
    outbox: OutboxSettings = OutboxSettings()
    control: ControlSettings = ControlSettings()
    platform: PlatformSettings = PlatformSettings()
    recorder: RecorderSettings = RecorderSettings()
    monitor: MonitorSettings = MonitorSettings()
    drivers: tuple[DriverSettings, ...] = ()
