"""TLS to the broker: whom we trust and who we are, from files. Knows no MQTT and no connection.

The broker's certificate and name are always checked; there is no way around that. Who has a certificate authority of his
own names it in `mqtt.ca_file`.
"""

import os
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Never

from agent.config import ConfigProblems, password_path
from agent.config_problem import Problem, Say, same
from agent.settings import MqttSettings
from agent.uplink.certificates import Certificate, NotACertificateError, read_pem

LARGEST_FILE = 1024 * 1024  # bytes; four times what a system trusts altogether
_CA, _CERTIFICATE, _KEY = "mqtt.ca_file", "mqtt.certificate_file", "mqtt.key_file"

_PEM = Say("certificates as PEM text", "PEM 文本格式的证书")
_KEY_ALLOWED = Say(
    "a private key as PEM text, without a passphrase, that only the service may read",
    "PEM 文本格式、无口令、仅服务可读的私钥",
)
_READABLE = Say(
    "Does it exist, and may the service's user read it? For the key a bare name is a systemd "
    "credential (LoadCredential=).",
    "文件是否存在，服务用户可否读取？私钥不含斜杠的名称是 systemd 凭据（LoadCredential=）。",
)
_CONVERT = Say(
    "Is it the right file? A binary one becomes text by: openssl x509 -inform der -in FILE",
    "文件是否正确？二进制证书可转换：openssl x509 -inform der -in 文件",
)


@dataclass(frozen=True, slots=True)
class Material:
    """What a connection is made with: the context, the own certificates, and the authorities of `mqtt.ca_file`."""

    context: ssl.SSLContext
    client: tuple[Certificate, ...] = ()
    authorities: tuple[Certificate, ...] = ()


class HandshakeError(OSError):
    """The TCP connection stood, but TLS did not come about; the cause says why."""


class TellingSocket(ssl.SSLSocket):
    """Keeps what went wrong after the handshake, where TLS 1.3 tells a client that it is not let in."""

    failure: OSError | None = None

    def do_handshake(self, block: bool = False) -> None:  # type: ignore[explicit-override]  # noqa: FBT001, FBT002
        """As the library's; raises HandshakeError, and leaves no socket behind."""
        try:
            super().do_handshake(block)
        except OSError as error:
            self.close()
            raise HandshakeError(str(error)) from error

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:  # type: ignore[explicit-override]
        """As the library's."""
        try:
            return super().recv(buflen, flags)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except OSError as error:
            self.failure = error
            raise


def material_of(
    mqtt: MqttSettings, *, exposed: Callable[[Problem], None] | None = None
) -> Material:
    """Read the files. May block.

    Raises ConfigProblems where a file cannot be used, and for a key that everybody may read, unless `exposed` is there to
    be told.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificate and name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.sslsocket_class = TellingSocket
    return Material(context, _identify(context, mqtt, exposed), _trust(context, mqtt))


def _trust(context: ssl.SSLContext, mqtt: MqttSettings) -> tuple[Certificate, ...]:
    if not mqtt.ca_file:
        context.load_default_certs()
        return ()
    path = Path(mqtt.ca_file)
    text = _text(path, _CA, _PEM)
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError) as wrong:
        _refuse(path, _CA, Say("no certificate in it", "其中没有证书"), _PEM, _CONVERT, wrong)
    return _dates(text)


def _identify(
    context: ssl.SSLContext, mqtt: MqttSettings, exposed: Callable[[Problem], None] | None
) -> tuple[Certificate, ...]:
    if not mqtt.certificate_file:
        return ()
    certificate, key = Path(mqtt.certificate_file), password_path(mqtt.key_file)
    text = _text(certificate, _CERTIFICATE, _PEM)
    secret = _text(key, _KEY, _KEY_ALLOWED)
    if "CERTIFICATE-----" not in text:
        found = Say("no certificate in it", "其中没有证书")
        _refuse(certificate, _CERTIFICATE, found, _PEM, _CONVERT)
    if "PRIVATE KEY-----" not in secret:
        remedy = Say("Is it the right file?", "文件是否正确？")
        _refuse(key, _KEY, Say("no key in it", "其中没有私钥"), _KEY_ALLOWED, remedy)
    _look_who_may_read(key, exposed)
    try:
        context.load_cert_chain(certificate, key, _no_passphrase)
    except (ssl.SSLError, OSError, ValueError) as wrong:
        _refuse(*_pair_refused(certificate, key, wrong), wrong)
    return _dates(text)


def _look_who_may_read(key: Path, exposed: Callable[[Problem], None] | None) -> None:
    if not key.stat().st_mode & stat.S_IROTH:
        return
    found = Say("a file that everybody may read", "任何人可读的文件")
    problem = Problem(str(key), _KEY, found, _KEY_ALLOWED, same(f"chmod 640 {key}"))
    if exposed is None:
        raise ConfigProblems((problem,))
    exposed(problem)


class _PassphraseError(ValueError):
    pass


def _no_passphrase() -> Never:
    """The library would ask for it on the terminal."""
    raise _PassphraseError("the key has a passphrase")


def _pair_refused(
    certificate: Path, key: Path, wrong: Exception
) -> tuple[Path, str, Say, Say, Say]:
    """Why certificate and key cannot be used together, for `_refuse`."""
    if isinstance(wrong, _PassphraseError):
        found = Say("a key with a passphrase", "带口令的私钥")
        remedy = Say(
            "Remove it, for nobody is there to type it: openssl pkey -in FILE -out NEW",
            "无人值守，请去除口令：openssl pkey -in 文件 -out 新文件",
        )
        return key, _KEY, found, _KEY_ALLOWED, remedy
    reason = str(getattr(wrong, "reason", None) or wrong)
    if "MISMATCH" in reason:
        found = Say(f"not the key of {certificate}", f"与证书 {certificate} 不匹配的私钥")
        remedy = Say(
            "Give the pair that was made together; after a renewal both may be new.",
            "请使用成对生成的证书和私钥；续期后两者都可能更换。",
        )
        return key, _KEY, found, _KEY_ALLOWED, remedy
    found = Say(f"what TLS does not take ({reason})", f"TLS 不接受的内容（{reason}）")
    remedy = Say(
        "It may be cut off, or too weak by today's measure: have it made anew.",
        "可能不完整，或强度不足：请重新签发。",
    )
    return certificate, _CERTIFICATE, found, _PEM, remedy


def _text(path: Path, key: str, allowed: Say) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as wrong:  # ValueError: a zero byte in the name
        reason = getattr(wrong, "strerror", None) or str(wrong)
        _refuse(path, key, same(reason), allowed, _READABLE, wrong)
    if len(raw) > LARGEST_FILE:
        found = Say("a larger file than any of its kind", "过大的文件")
        _refuse(path, key, found, allowed, Say("Is it the right file?", "文件是否正确？"))
    return raw.decode("ascii", "ignore")  # comments may be in any language


def _refuse(
    path: Path, key: str, found: Say, allowed: Say, remedy: Say, wrong: Exception | None = None
) -> Never:
    raise ConfigProblems((Problem(str(path), key, found, allowed, remedy),)) from wrong


def _dates(text: str) -> tuple[Certificate, ...]:
    """Only what is watched depends on it: what TLS takes and this cannot read is used all the same."""
    try:
        return read_pem(text)
    except NotACertificateError:
        return ()


def is_out_of_reach(name: str) -> bool:
    """Whether a name is a systemd credential, and this process is given none: only the service can read it."""
    return bool(name) and "/" not in name and "CREDENTIALS_DIRECTORY" not in os.environ
