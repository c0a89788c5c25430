"""How long an X.509 certificate is valid, and who signed whom: the few fields of its DER that say so. Pure.

The standard library shows the dates of the other side's certificate only, and not those of a file that is not an
authority's. Fields: RFC 5280, section 4.1; encoding: X.690. Trusts nothing: whether a signature holds is for TLS to say.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_SEQUENCE, _INTEGER, _VERSION = 0x30, 0x02, 0xA0
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_TIMES = {
    _UTC_TIME: re.compile(rb"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z"),
    _GENERALIZED_TIME: re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z"),
}
_PIVOT = 50  # RFC 5280, 4.1.2.5.1: two digits from here on are of the last century
_LENGTH_BYTES_MOST = 4
_PEM = re.compile(
    r"-----BEGIN (?:X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END (?:X509 )?CERTIFICATE-----"
)


class NotACertificateError(ValueError):
    """The bytes are no certificate."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """When it holds, in seconds since 1970 UTC, and the names in it, as they are encoded."""

    issuer: bytes
    subject: bytes
    not_before_s: int
    not_after_s: int


def read_pem(text: str) -> tuple[Certificate, ...]:
    """Read every certificate of a file, in order; () where there is none. Raises NotACertificateError."""
    return tuple(read_der(_bytes_of(block)) for block in _PEM.findall(text))


def _bytes_of(block: str) -> bytes:
    try:
        return base64.b64decode("".join(block.split()), validate=True)
    except binascii.Error as wrong:
        raise NotACertificateError(str(wrong)) from wrong


def read_der(der: bytes) -> Certificate:
    """Read one certificate. Raises NotACertificateError."""
    fields = _Fields(_Fields(_Fields(der).take(_SEQUENCE)).take(_SEQUENCE))
    if fields.next_is(_VERSION):
        fields.take(_VERSION)
    fields.take(_INTEGER)  # the serial number
    fields.take(_SEQUENCE)  # how it is signed
    issuer = fields.take(_SEQUENCE)
    validity = _Fields(fields.take(_SEQUENCE))
    not_before_s, not_after_s = _time(validity), _time(validity)
    return Certificate(issuer, fields.take(_SEQUENCE), not_before_s, not_after_s)


def _time(fields: "_Fields") -> int:
    tag = _UTC_TIME if fields.next_is(_UTC_TIME) else _GENERALIZED_TIME
    raw = fields.take(tag)
    found = _TIMES[tag].fullmatch(raw)
    if found is None:
        raise NotACertificateError(f"no time: {raw[:20]!r}")
    year, month, day, hour, minute, second = map(int, found.groups())
    if tag == _UTC_TIME:
        year += 1900 if year >= _PIVOT else 2000
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as wrong:
        raise NotACertificateError(f"no time: {raw!r}") from wrong
    return int(moment.timestamp())


class _Fields:
    """Elements of DER that follow each other, taken one by one."""

    def __init__(self, der: bytes) -> None:
        self._der = der
        self._at = 0

    def next_is(self, tag: int) -> bool:
        """Whether the next element has this tag."""
        return self._der[self._at : self._at + 1] == bytes((tag,))

    def take(self, tag: int) -> bytes:
        """Return what the next element holds, which has to have this tag."""
        if not self.next_is(tag):
            raise NotACertificateError(f"no element 0x{tag:02x} at {self._at}")
        start, size = self._length(self._at + 1)
        if start + size > len(self._der):
            raise NotACertificateError("cut off")
        self._at = start + size
        return self._der[start : self._at]

    def _length(self, at: int) -> tuple[int, int]:
        """Where the content begins, and how long it is."""
        first = self._der[at : at + 1]
        if not first:
            raise NotACertificateError("cut off")
        count = first[0] - 0x80
        if count < 0:
            return at + 1, first[0]
        if not 1 <= count <= _LENGTH_BYTES_MOST:
            raise NotACertificateError("a length that no certificate has")
        start = at + 1 + count
        return start, int.from_bytes(self._der[at + 1 : start], "big")


def signer_of(certificate: Certificate, authorities: Sequence[Certificate]) -> Certificate | None:
    """The authority whose end would end the trust in a certificate; None where there are no authorities.

    Of several with the issuer's name the one that holds longest, for a renewed one stands beside the old. Where an
    intermediate stands between, nothing here says which: the one that ends first.
    """
    named = [each for each in authorities if each.subject == certificate.issuer]
    if named:
        return max(named, key=_end)
    return min(authorities, key=_end, default=None)


def first_to_end(chain: Sequence[Certificate]) -> Certificate | None:
    """Of an own certificate and those sent with it, the one that ends first; None of none."""
    return min(chain, key=_end, default=None)


def _end(certificate: Certificate) -> int:
    return certificate.not_after_s
