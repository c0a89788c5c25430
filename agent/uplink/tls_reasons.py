"""Why TLS with the broker did not come about: what happened, likely cause, what to do, in both languages. Pure.

Numbers are those of X.509 verification (OpenSSL's X509_V_ERR_…), names those of OpenSSL's reasons.
"""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from agent.config_problem import Say
from agent.model import Instant

_NOT_YET_VALID, _EXPIRED = 9, 10
_OWN_CA = Say(
    "If the broker's operator has a certificate authority of his own, put its certificate into mqtt.ca_file",
    "如运营方使用自建 CA，请把其 CA 证书填入 mqtt.ca_file",
)
_UNKNOWN_CA = Say(
    f"the broker's certificate is signed by nobody this agent trusts. {_OWN_CA.en}; if there is one already, it"
    " may be of another broker, or an intermediate certificate is missing at the broker",
    f"消息服务器的证书不是由受信任的 CA 签发。{_OWN_CA.zh}；如已填写，可能属于其他服务器，或服务器缺少中间证书",
)
_NAME = Say(
    "the broker's certificate is for another name than {host} ({told}). Set mqtt.host to a name in the certificate"
    " (openssl x509 -noout -ext subjectAltName shows them); one that no name server knows can stand in /etc/hosts",
    "消息服务器的证书不是签发给 {host} 的（{told}）。请把 mqtt.host 设为证书中的名称"
    "（openssl x509 -noout -ext subjectAltName 可查看）；域名服务器不识别的名称可写入 /etc/hosts",
)
_WEAK = Say(
    "the broker's certificate, or one above it, is too weak by today's measure ({told}). It has to be made anew",
    "消息服务器的证书或其上级证书强度不足（{told}）。需重新签发",
)
_PURPOSE = Say(
    "the broker's certificate is not made for a server ({told}). It has to be made anew",
    "消息服务器的证书不是服务器用途（{told}）。需重新签发",
)
_VERIFY: Mapping[int, Say] = {
    **dict.fromkeys((2, 18, 19, 20, 21), _UNKNOWN_CA),  # no issuer found, or signed by itself
    **dict.fromkeys((62, 64), _NAME),  # host name, address
    **dict.fromkeys((66, 67, 68), _WEAK),  # keys, digest
    **dict.fromkeys((24, 26, 79), _PURPOSE),  # no authority, purpose, an authority's flags
}
_UNVERIFIED = Say(
    "the broker's certificate does not stand the check ({told}). Ask the broker's operator",
    "消息服务器的证书未通过校验（{told}）。请联系服务器管理员",
)

_PLAIN = Say(
    "what listens on {host}:{port} does not speak TLS. It may be the port for MQTT without: check mqtt.port (8883 at"
    " most brokers) and mqtt.tls",
    "{host}:{port} 不使用 TLS。可能是未加密的 MQTT 端口：请检查 mqtt.port（多为 8883）和 mqtt.tls",
)
_VERSION = Say(
    "the broker speaks no TLS of version 1.2 or later, and older ones are not safe. It has to be renewed",
    "消息服务器不支持 TLS 1.2 及以上版本，旧版本不安全。需升级服务器",
)
_WANTS_OURS = Say(
    "the broker demands a certificate of this agent. Set mqtt.certificate_file and mqtt.key_file",
    "消息服务器要求客户端证书。请设置 mqtt.certificate_file 和 mqtt.key_file",
)
_OURS_UNKNOWN = Say(
    "the broker does not know who signed this agent's certificate. mqtt.certificate_file may be of another broker, or"
    " lack an intermediate certificate",
    "消息服务器不信任签发本终端证书的 CA。mqtt.certificate_file 可能用于其他服务器，或缺少中间证书",
)
_OURS_EXPIRED = Say(
    "the broker says that this agent's certificate has expired. Have it renewed, and put it into"
    " mqtt.certificate_file; it is read at the next attempt",
    "消息服务器称本终端证书已过期。请续期并更新 mqtt.certificate_file，下次尝试即生效",
)
_OURS_BAD = Say(
    "the broker does not accept this agent's certificate ({told}). Ask the broker's operator",
    "消息服务器不接受本终端的证书（{told}）。请联系服务器管理员",
)
_ALERTS: Mapping[str, Say] = {
    "WRONG_VERSION_NUMBER": _PLAIN,
    "PACKET_LENGTH_TOO_LONG": _PLAIN,
    "RECORD_LAYER_FAILURE": _PLAIN,
    "UNSUPPORTED_PROTOCOL": _VERSION,
    "TLSV1_ALERT_PROTOCOL_VERSION": _VERSION,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _WANTS_OURS,
    "TLSV1_ALERT_UNKNOWN_CA": _OURS_UNKNOWN,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _OURS_EXPIRED,
    "SSLV3_ALERT_BAD_CERTIFICATE": _OURS_BAD,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _OURS_BAD,
    "SSLV3_ALERT_CERTIFICATE_REVOKED": _OURS_BAD,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _OURS_BAD,
}
_FAILED = Say(
    "TLS with {host}:{port} did not come about ({told}). Ask the broker's operator what its log says",
    "与 {host}:{port} 的 TLS 握手失败（{told}）。请联系服务器管理员查看其日志",
)
_BROKE_OFF = Say(
    "{host}:{port} closed the connection during the TLS handshake. It may be the port for MQTT without TLS, or demand"
    " a certificate of this agent: check mqtt.port, mqtt.tls and mqtt.certificate_file",
    "{host}:{port} 在 TLS 握手时断开。可能是未加密的端口，或要求客户端证书："
    "请检查 mqtt.port、mqtt.tls 和 mqtt.certificate_file",
)
_SLOW = Say(
    "{host}:{port} did not finish the TLS handshake in time. The link may be too slow, or the port not speak TLS:"
    " check the network, mqtt.port and mqtt.tls",
    "{host}:{port} 未按时完成 TLS 握手。可能线路太慢，或该端口不使用 TLS：请检查网络、mqtt.port 和 mqtt.tls",
)
HUNG_UP = Say(
    "the broker closed the connection after the TLS handshake, before it answered. It may demand another certificate"
    " of this agent, or another version of MQTT: check mqtt.certificate_file, mqtt.protocol and the broker's log",
    "消息服务器在 TLS 握手后、应答前断开。可能要求其他客户端证书，或 MQTT 版本不符："
    "请检查 mqtt.certificate_file、mqtt.protocol 和服务器日志",
)


def failed(error: BaseException, host: str, port: int, now: Instant) -> Say:
    """Say why; `now` because a certificate is judged by this computer's clock."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _unverified(error, host, now)
    if isinstance(error, TimeoutError):
        return _filled(_SLOW, host, port)
    name = getattr(error, "reason", None) or ""
    if isinstance(error, (ssl.SSLEOFError, ConnectionError)) or "UNEXPECTED_EOF" in name:
        return _filled(_BROKE_OFF, host, port)
    told = name.replace("_", " ").lower() or str(error)
    return _filled(_ALERTS.get(name, _FAILED), host, port, told)


def _unverified(error: ssl.SSLCertVerificationError, host: str, now: Instant) -> Say:
    if error.verify_code in (_NOT_YET_VALID, _EXPIRED):
        return _out_of_date(error.verify_code == _EXPIRED, now)
    return _filled(_VERIFY.get(error.verify_code, _UNVERIFIED), host, 0, error.verify_message)


def _out_of_date(expired: bool, now: Instant) -> Say:  # noqa: FBT001 - which of two
    """A clock that was never set is the likelier cause, and then nothing is wrong with the broker."""
    clock = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=now.wall_us)).isoformat(
        timespec="minutes"
    )
    what = (
        Say(
            "the broker's certificate, or one above it, has expired",
            "消息服务器的证书或其上级证书已过期",
        )
        if expired
        else Say(
            "the broker's certificate, or one above it, is not valid yet",
            "消息服务器的证书或其上级证书尚未生效",
        )
    )
    if now.synchronised:
        return Say(
            f"{what.en}: this computer's clock, which is synchronised, says {clock}. The broker's operator has to"
            " renew it",
            f"{what.zh}：本机时钟（已同步）为 {clock}。请服务器管理员更新证书",
        )
    return Say(
        f"{what.en} by this computer's clock, which is not synchronised and says {clock}. The clock is likely wrong:"
        " check the time source (timedatectl); as soon as it is set, the connection comes about",
        f"按本机时钟（未同步，{clock}），{what.zh}。多半是时钟有误：请检查对时（timedatectl），校准后即可连接",
    )


def _filled(said: Say, host: str, port: int, told: str = "") -> Say:
    values = {"host": host, "port": port, "told": told}
    return Say(said.en.format(**values), said.zh.format(**values))
