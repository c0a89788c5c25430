"""Certificates read from files, and when their end is near: dates against openssl's own, steps as timelines."""

import base64
import contextlib
import random
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.model import Event, Instant, Row, Severity, Transition
from agent.settings import MqttSettings
from agent.uplink.certificates import (
    Certificate,
    NotACertificateError,
    first_to_end,
    read_der,
    read_pem,
    signer_of,
)
from agent.uplink.expiry import CODE, Expiry, days_left, expected_of, step_of
from hil.authority import Authority

DAY_S = 24 * 3600
END_S = 2_000_000_000


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "bench")


# ---- reading


def openssl_dates(file: Path) -> tuple[int, int]:
    command = ["openssl", "x509", "-noout", "-dates", "-in", str(file)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    ends = [line.partition("=")[2].removesuffix(" GMT") for line in told.splitlines()]
    first, last = (datetime.strptime(e, "%b %d %H:%M:%S %Y").replace(tzinfo=UTC) for e in ends)
    return int(first.timestamp()), int(last.timestamp())


@pytest.mark.parametrize("days", [1, 365, 30 * 365])  # the last one ends after 2050
def test_dates_and_names_are_those_that_openssl_reads(authority: Authority, days: int) -> None:
    file = authority.client("e01", days=days).certificate
    (found,) = read_pem(file.read_text(encoding="ascii"))
    assert (found.not_before_s, found.not_after_s) == openssl_dates(file)
    (signer,) = read_pem(authority.certificate.read_text(encoding="ascii"))
    assert found.issuer == signer.subject
    assert found.subject != signer.subject
    assert b"e01" in found.subject


def test_a_bundle_is_read_in_its_order(authority: Authority) -> None:
    first = authority.client("e01").certificate.read_text(encoding="ascii")
    second = authority.certificate.read_text(encoding="ascii")
    found = read_pem(f"comment\n{first}\nmore\r\n{second}")
    assert found == (*read_pem(first), *read_pem(second))
    assert read_pem("") == ()
    assert read_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----") == ()


def element(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def made(*, version: bool = True, times: tuple[bytes, bytes] | None = None) -> bytes:
    """The fields of a certificate up to its subject."""
    start, end = times or (element(0x17, b"700101000000Z"), element(0x18, b"20330518033320Z"))
    head = element(0xA0, element(2, b"\x02")) if version else b""
    fields = element(2, b"\x01"), element(0x30), element(0x30, b"issuer")
    validity = element(0x30, start, end)
    return element(0x30, element(0x30, head, *fields, validity, element(0x30, b"x" * 200)))


def test_a_certificate_without_a_version_is_one_of_the_first_version() -> None:
    assert read_der(made(version=False)) == read_der(made())
    assert read_der(made()) == Certificate(b"issuer", b"x" * 200, 0, END_S)


@pytest.mark.parametrize(
    ("text", "year"),
    [
        (b"491231235959Z", 2049),
        (b"500101000000Z", 1950),
        (b"991231235959Z", 1999),
        (b"000101000000Z", 2000),
    ],
)
def test_two_digits_of_a_year_are_of_the_century_of_the_standard(text: bytes, year: int) -> None:
    found = read_der(made(times=(element(0x17, text), element(0x17, text))))
    assert datetime.fromtimestamp(found.not_after_s, UTC).year == year


def test_the_end_that_means_never_is_read() -> None:
    found = read_der(
        made(times=(element(0x18, b"19700101000000Z"), element(0x18, b"99991231235959Z")))
    )
    assert found.not_after_s == 253_402_300_799


@pytest.mark.parametrize(
    "time",
    [
        element(0x17, b"700101000000"),
        element(0x17, b"7001010000Z"),
        element(0x17, b"20330518033320Z"),
        element(0x18, b"330518033320Z"),
        element(0x18, b"20331318033320Z"),
        element(0x18, b"20330518033360Z"),
        element(0x18, b"2033051803332\xffZ"),
        element(0x02, b"\x01"),
    ],
)
def test_what_is_no_time_is_refused(time: bytes) -> None:
    with pytest.raises(NotACertificateError):
        read_der(made(times=(time, time)))


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x05\x00",
        b"\x30\x80\x00\x00",  # without an end: not DER
        b"\x30\x85\x01\x00\x00\x00\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x02\x01\x01",
    ],
)
def test_what_is_no_certificate_is_refused(der: bytes) -> None:
    with pytest.raises(NotACertificateError):
        read_der(der)


def test_text_that_is_no_base64_is_refused() -> None:
    with pytest.raises(NotACertificateError):
        read_pem("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(der: bytes) -> None:
    refused_or_read(lambda: read_der(der))


def refused_or_read(read: Callable[[], object]) -> None:
    with contextlib.suppress(NotACertificateError):
        read()


def test_a_damaged_certificate_is_read_or_refused(authority: Authority) -> None:
    text = authority.certificate.read_text(encoding="ascii")
    whole = base64.b64decode("".join(text.splitlines()[1:-1]))
    dice = random.Random(7)
    for _ in range(3000):
        der = bytearray(whole[: dice.randint(1, len(whole))])
        der[dice.randrange(len(der))] = dice.randrange(256)
        refused_or_read(lambda der=bytes(der): read_der(der))  # type: ignore[misc]


# ---- which of several


def cert(end_s: int = END_S, subject: str = "", issuer: str = "") -> Certificate:
    return Certificate(issuer.encode(), subject.encode(), 0, end_s)


def test_the_authority_is_the_one_that_signed_and_its_renewed_one_counts() -> None:
    server = cert(issuer="A")
    old, new, other = cert(5, "A"), cert(9, "A"), cert(1, "B")
    assert signer_of(server, [old, new, other]) == new
    assert signer_of(server, [cert(7, "C"), other]) == other
    assert signer_of(server, []) is None


def test_a_chain_ends_with_the_first_of_it() -> None:
    assert first_to_end([cert(9), cert(3), cert(7)]) == cert(3)
    assert first_to_end([]) is None


def test_what_should_be_there_is_what_is_configured() -> None:
    assert expected_of(MqttSettings()) == set()
    assert expected_of(MqttSettings(tls=True)) == {"server"}
    whole = MqttSettings(tls=True, ca_file="a", certificate_file="b", key_file="c")
    assert expected_of(whole) == {"server", "client", "ca"}


# ---- steps


def at(days_before: float, *, synchronised: bool = True) -> Instant:
    wall_s = END_S - days_before * DAY_S
    return Instant(uptime_us=5, wall_us=round(wall_s * 1_000_000), synchronised=synchronised)


SECOND = 1 / DAY_S


@pytest.mark.parametrize(
    ("days", "step", "left"),
    [
        (31, None, 31), (30 + SECOND, None, 30), (30, 30, 30), (7 + SECOND, 30, 7), (7, 7, 7),
        (1 + SECOND, 7, 1), (1, 1, 1), (SECOND, 1, 0), (0, 1, 0), (-SECOND, 1, -1), (-400, 1, -400),
    ],
)  # fmt: skip
def test_a_step_begins_with_its_day(days: float, step: int | None, left: int) -> None:
    assert step_of(cert(), at(days)) == step
    assert days_left(cert(), at(days)) == left


class Watch:
    """An expiry, what it is told, and what it said, as (transition, severity, step or reason)."""

    def __init__(self, **certificates: Certificate) -> None:
        self.known: dict[str, Certificate] = certificates
        self.expiry = Expiry({"server", "client", "ca"}, lambda: self.known)
        self.events: list[Event] = []

    def look(self, now: Instant) -> list[tuple[str, str, object]]:
        events = self.expiry.look(now)
        self.events += events
        return [told(event) for event in events]


def told(event: Event) -> tuple[str, str, object]:
    said = event.detail.get("reason", event.detail.get("within_days"))
    return (event.transition.value, event.severity.value, said)


def test_each_step_is_raised_once_until_the_certificate_is_renewed() -> None:
    watch = Watch(server=cert())
    assert watch.look(at(31)) == []
    assert watch.look(at(30)) == [("raised", "minor", 30)]
    assert watch.look(at(29)) == []
    assert watch.look(at(7)) == [
        ("cleared", "minor", "nearer_its_end"), ("raised", "major", 7),
    ]  # fmt: skip
    assert watch.look(at(2)) == []
    assert watch.look(at(1)) == [
        ("cleared", "major", "nearer_its_end"), ("raised", "major", 1),
    ]  # fmt: skip
    assert watch.look(at(-3)) == []
    watch.known["server"] = cert(END_S + 365 * DAY_S)
    assert watch.look(at(-3)) == [("cleared", "major", "renewed")]
    assert watch.look(at(-3)) == []
    assert {(event.code, event.instance) for event in watch.events} == {(CODE, "server")}


def test_an_end_that_is_near_at_the_first_look_is_one_raise() -> None:
    assert Watch(client=cert()).look(at(0.5)) == [("raised", "major", 1)]


def test_a_certificate_renewed_for_a_few_days_only_is_said_with_its_new_step() -> None:
    watch = Watch(server=cert())
    watch.look(at(1))
    watch.known["server"] = cert(END_S + 19 * DAY_S)
    assert watch.look(at(1)) == [("cleared", "major", "renewed"), ("raised", "minor", 30)]


def test_a_clock_that_is_not_synchronised_neither_raises_nor_clears() -> None:
    watch = Watch(server=cert())
    assert watch.look(at(1, synchronised=False)) == []
    assert watch.look(at(1)) == [("raised", "major", 1)]
    assert watch.look(at(20_000, synchronised=False)) == []
    assert watch.look(at(20_000)) == [("cleared", "major", "renewed")]


def test_one_certificate_does_not_speak_for_another() -> None:
    watch = Watch(server=cert(), client=cert(END_S + 100 * DAY_S), ca=cert())
    watch.look(at(5))
    assert [event.instance for event in watch.events] == ["server", "ca"]
    assert watch.events[0].detail == {
        "not_after": "2033-05-18T03:33:20.000Z", "days_left": 5, "within_days": 7,
    }  # fmt: skip
    watch.known.clear()
    assert watch.look(at(0.5)) == []


def row_of(event: Event) -> Row:
    return Row(
        seq=1, journal="j", raised_seq=1, event=event, boot_id="b", wall_us=0, synchronised=True
    )


def test_what_stood_before_a_restart_is_not_said_again() -> None:
    before = Watch(server=cert())
    before.look(at(5))
    after = Watch(server=cert())
    after.expiry.adopt([row_of(event) for event in before.events])
    assert after.look(at(4)) == []
    assert after.look(at(1)) == [
        ("cleared", "major", "nearer_its_end"), ("raised", "major", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("step", [None, "7", 5, 2.0])
def test_a_step_the_journal_does_not_tell_is_taken_for_the_first(step: object) -> None:
    (event,) = Watch(server=cert()).expiry.look(at(5))
    event = msgspec.structs.replace(event, detail={"within_days": step})
    after = Watch(server=cert())
    after.expiry.adopt([row_of(event)])
    assert after.look(at(5))[-1] == ("raised", "major", 7)


def test_what_stands_in_the_journal_about_others_is_left_alone() -> None:
    other = Event(code="disk_low", transition=Transition.RAISED, severity=Severity.MINOR, at_us=1)
    watch = Watch()
    watch.expiry.adopt([row_of(other), row_of(msgspec.structs.replace(other, code=CODE))])
    assert watch.look(at(5)) == []


def test_what_is_not_configured_any_more_does_not_stand() -> None:
    before = Watch(server=cert(), client=cert())
    before.look(at(5))
    after = Expiry({"server"}, lambda: {"server": cert()})
    after.adopt(row_of(event) for event in before.events)
    said = after.look(at(5, synchronised=False))
    assert [(event.instance, told(event)) for event in said] == [
        ("client", ("cleared", "major", "configuration_changed"))
    ]
    assert after.look(at(5)) == []


def test_the_days_left_are_shown_while_the_clock_can_be_trusted() -> None:
    known: Mapping[str, Certificate] = {"server": cert(), "ca": cert(END_S + 100 * DAY_S)}
    facts = Expiry({"server"}, lambda: known).facts
    assert facts(at(9.5)) == {
        "ca": {"not_after": "2033-08-26T03:33:20.000Z", "days_left": 109},
        "server": {"not_after": "2033-05-18T03:33:20.000Z", "days_left": 9},
    }
    untrusted = facts(at(9.5, synchronised=False))["server"]
    assert untrusted == {"not_after": "2033-05-18T03:33:20.000Z", "days_left": None}
    assert Expiry().facts(at(1)) == {}
