"""A certificate authority of the bench, made with the openssl command line; knows no broker and no agent.

`Authority(folder, "bench").issue("e01")` gives files with a certificate and its key. Validity can begin and end at any
time, as it does on sites whose certificates nobody renewed.
"""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_CONFIG = """
[ca]
default_ca = bench
[bench]
dir = .
database = index.txt
serial = serial
new_certs_dir = issued
certificate = ca.pem
private_key = ca.key
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = req_name
[req_name]
"""
_CA = "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
_LEAF = "basicConstraints=CA:false\nextendedKeyUsage={purpose}\n{names}"
_SERVER, _CLIENT = "serverAuth", "clientAuth"
_WAIT_S = 30


class OpensslMissing(RuntimeError):  # noqa: N818 - the name says what is wrong
    """No openssl command on this machine."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Files with a certificate and its key."""

    certificate: Path
    key: Path


class Authority:
    """One authority and what it has issued, in a folder of its own below `folder`."""

    def __init__(self, folder: Path, name: str, *, days: float = 3650) -> None:
        self._folder = folder / name
        self._name = name
        self._count = 0
        (self._folder / "issued").mkdir(parents=True)
        self._write("ca.cnf", _CONFIG)
        self._write("index.txt", "")
        self._write("serial", "1000\n")
        self._write("ca.ext", _CA)
        self._key("ca.key")
        self._request("ca.key", "ca.csr", f"Authority {name}")
        self._sign("ca.csr", "ca.pem", "ca.ext", _days(0, days), ["-selfsign"])

    @property
    def certificate(self) -> Path:
        """The authority's own certificate."""
        return self._folder / "ca.pem"

    def server(
        self, names: Sequence[str] = ("IP:127.0.0.1",), *, start_days: float = -1, days: float = 365
    ) -> Pair:
        """A broker's certificate, for these names; valid from `start_days` until `days` from now."""
        return self._issue("broker", _SERVER, names, _days(start_days, days))

    def client(self, name: str, *, start_days: float = -1, days: float = 365) -> Pair:
        """An agent's certificate, with this common name."""
        return self._issue(name, _CLIENT, (), _days(start_days, days))

    def _issue(self, name: str, purpose: str, names: Sequence[str], span: list[str]) -> Pair:
        self._count += 1
        stem = f"{self._count}-{name}"
        alternative = f"subjectAltName={','.join(names)}\n" if names else ""
        self._write(f"{stem}.ext", _LEAF.format(purpose=purpose, names=alternative))
        self._key(f"{stem}.key")
        self._request(f"{stem}.key", f"{stem}.csr", name)
        self._sign(f"{stem}.csr", f"{stem}.pem", f"{stem}.ext", span, [])
        return Pair(self._folder / f"{stem}.pem", self._folder / f"{stem}.key")

    def _key(self, file: str) -> None:
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", file)
        (self._folder / file).chmod(0o600)

    def _request(self, key: str, file: str, name: str) -> None:
        subject = f"/CN={name}"
        self._openssl(
            "req", "-new", "-config", "ca.cnf", "-key", key, "-subj", subject, "-out", file
        )

    def _sign(self, request: str, file: str, ext: str, span: list[str], more: list[str]) -> None:
        signing = ["-config", "ca.cnf", "-batch", "-notext", "-in", request, "-out", file]
        self._openssl("ca", *signing, "-keyfile", "ca.key", "-extfile", ext, *span, *more)

    def _write(self, file: str, text: str) -> None:
        (self._folder / file).write_text(text, encoding="ascii")

    def _openssl(self, *arguments: str) -> None:
        binary = shutil.which("openssl")
        if binary is None:
            raise OpensslMissing("openssl was not found in PATH: install it (apt install openssl)")
        done = subprocess.run(
            [binary, *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=_WAIT_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")


def _days(start: float, end: float) -> list[str]:
    now = datetime.now(UTC)
    times = [(now + timedelta(days=days)).strftime("%Y%m%d%H%M%SZ") for days in (start, end)]
    return ["-startdate", times[0], "-enddate", times[1]]
