"""Why TLS with the broker did not come about, as a stable word. Pure; the sentences stand in uplink/tls_reasons.py.

Numbers are those of X.509 verification (OpenSSL's X509_V_ERR_…), names those of OpenSSL's reasons.
"""

import ssl
from typing import Final

_VERIFY: Final = {
    **dict.fromkeys((2, 18, 19, 20, 21), "wrong_ca"),
    **dict.fromkeys((62, 64), "wrong_name"),
    9: "not_yet_valid",
    10: "expired",
}
_REASONS: Final = {
    "WRONG_VERSION_NUMBER": "not_tls",
    "PACKET_LENGTH_TOO_LONG": "not_tls",
    "RECORD_LAYER_FAILURE": "not_tls",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "wants_certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "own_certificate_refused",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "own_certificate_refused",
    "SSLV3_ALERT_BAD_CERTIFICATE": "own_certificate_refused",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "own_certificate_refused",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "own_certificate_refused",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "own_certificate_refused",
}
_OF_CLOCK: Final = frozenset({"expired", "not_yet_valid"})


def tls_cause(error: BaseException, *, synchronised: bool) -> str:
    """Give the cause of check broker.tls; a date means nothing while the clock was never set."""
    if isinstance(error, ssl.SSLCertVerificationError):
        cause = _VERIFY.get(error.verify_code, "failed")
        return "clock_unsynchronised" if cause in _OF_CLOCK and not synchronised else cause
    name = getattr(error, "reason", None) or ""
    if isinstance(error, (ssl.SSLEOFError, ConnectionError)) or "UNEXPECTED_EOF" in name:
        return "not_tls"
    return _REASONS.get(name, "failed")
