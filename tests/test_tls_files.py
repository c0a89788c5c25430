"""The files of TLS before anything connects: what contradicts, what cannot be used, and what `check` says of it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from agent.config import ConfigProblems, load
from agent.settings import MqttSettings
from agent.uplink import tls
from agent.uplink.certificates import NotACertificateError
from agent.uplink.tls import is_out_of_reach, material_of
from hil.authority import Authority, Pair

ROOT = Path(__file__).parent.parent
MINIMAL = '[elevator]\nsite = "s"\nid = "e01"\n'


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "bench")


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.client("e01")


def configured(folder: Path, mqtt: str) -> Path:
    path = folder / "agent.toml"
    path.write_text(f"{MINIMAL}[mqtt]\n{mqtt}", encoding="utf-8")
    return path


# ---- contradictions


@pytest.mark.parametrize(
    ("mqtt", "key"),
    [
        ('ca_file = "/ca.pem"', "mqtt.tls"),
        ('certificate_file = "/c"\nkey_file = "/k"', "mqtt.tls"),
        ('tls = true\ncertificate_file = "/c"', "mqtt.key_file"),
        ('tls = true\nkey_file = "/k"', "mqtt.certificate_file"),
    ],
)
def test_half_a_configuration_is_refused(tmp_path: Path, mqtt: str, key: str) -> None:
    with pytest.raises(ConfigProblems) as caught:
        load(configured(tmp_path, mqtt))
    (problem,) = caught.value.problems
    assert problem.key == key
    assert problem.remedy.en
    assert problem.remedy.zh != problem.remedy.en


@pytest.mark.parametrize(
    "mqtt",
    ["tls = true", 'tls = true\nca_file = "/x"', 'tls = true\ncertificate_file="/c"\nkey_file="k"'],
)
def test_a_whole_one_is_accepted_before_any_file_is_there(tmp_path: Path, mqtt: str) -> None:
    assert load(configured(tmp_path, mqtt)).mqtt.tls


@pytest.mark.parametrize("name", ["ca_file", "certificate_file", "key_file", "password_file"])
@pytest.mark.parametrize("lines", [0, 1, 20])
def test_a_secret_in_the_text_is_refused_and_not_repeated(
    tmp_path: Path, name: str, lines: int
) -> None:
    body = lines * "MIGHAgEA\\n"
    secret = f"-----BEGIN PRIVATE KEY-----{'MIGHA' if not lines else body}-----END PRIVATE KEY-----"
    with pytest.raises(ConfigProblems) as caught:
        load(configured(tmp_path, f'tls = true\nusername = "u"\n{name} = "{secret}"'))
    said = caught.value.text("en") + caught.value.text("zh")
    assert f"mqtt.{name}" in said
    assert "MIGH" not in said
    assert "BEGIN" not in said


def test_a_wrong_type_is_one_mistake_not_two(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems) as caught:
        load(configured(tmp_path, 'tls = "yes"\nca_file = "/ca.pem"'))
    assert [problem.key for problem in caught.value.problems] == ["mqtt.tls"]


# ---- what cannot be used


def problem_of(**files: object) -> tuple[str, str, str]:
    mqtt = msgspec.convert({"tls": True, **{k: str(v) for k, v in files.items()}}, MqttSettings)
    with pytest.raises(ConfigProblems) as caught:
        material_of(mqtt)
    (problem,) = caught.value.problems
    assert problem.remedy.zh
    return problem.key, problem.found.en, problem.remedy.en


def test_files_that_belong_together_are_taken(authority: Authority, pair: Pair) -> None:
    mqtt = MqttSettings(
        tls=True,
        ca_file=str(authority.certificate),
        certificate_file=str(pair.certificate),
        key_file=str(pair.key),
    )
    material = material_of(mqtt)
    assert [each.issuer for each in material.client] == [
        each.subject for each in material.authorities
    ]
    assert material_of(MqttSettings(tls=True)).authorities == ()


def test_a_file_that_is_not_there_is_named(pair: Pair, tmp_path: Path) -> None:
    gone = tmp_path / "gone.pem"
    assert problem_of(ca_file=gone)[:2] == ("mqtt.ca_file", "No such file or directory")
    told = problem_of(certificate_file=gone, key_file=pair.key)
    assert told[0] == "mqtt.certificate_file"
    told = problem_of(certificate_file=pair.certificate, key_file=gone)
    assert told[0] == "mqtt.key_file"
    assert "LoadCredential" in told[2]
    assert problem_of(ca_file="a\0b")[0] == "mqtt.ca_file"


def test_a_file_far_too_large_is_not_read_whole(tmp_path: Path) -> None:
    large = tmp_path / "large.pem"
    with large.open("wb") as file:
        file.truncate(tls.LARGEST_FILE + 1)
    assert "larger" in problem_of(ca_file=large)[1]
    with large.open("wb") as file:
        file.truncate(tls.LARGEST_FILE)
    assert "no certificate" in problem_of(ca_file=large)[1]


def test_a_key_of_another_certificate_is_named(authority: Authority, pair: Pair) -> None:
    other = authority.client("e02")
    key, found, _ = problem_of(certificate_file=pair.certificate, key_file=other.key)
    assert key == "mqtt.key_file"
    assert f"not the key of {pair.certificate}" in found


def test_files_taken_for_each_other_are_named(authority: Authority, pair: Pair) -> None:
    assert problem_of(ca_file=pair.key)[:2] == ("mqtt.ca_file", "no certificate in it")
    told = problem_of(certificate_file=pair.key, key_file=pair.key)
    assert told[:2] == ("mqtt.certificate_file", "no certificate in it")
    told = problem_of(certificate_file=pair.certificate, key_file=pair.certificate)
    assert told[:2] == ("mqtt.key_file", "no key in it")


def test_a_key_with_a_passphrase_asks_nobody_for_it(pair: Pair, tmp_path: Path) -> None:
    locked = tmp_path / "locked.key"
    command = ["openssl", "pkey", "-in", str(pair.key), "-aes128", "-passout", "pass:x"]
    subprocess.run([*command, "-out", str(locked)], check=True, capture_output=True)
    locked.chmod(0o600)
    key, found, remedy = problem_of(certificate_file=pair.certificate, key_file=locked)
    assert (key, found) == ("mqtt.key_file", "a key with a passphrase")
    assert "openssl pkey" in remedy


def test_a_certificate_that_is_cut_off_is_named(pair: Pair, tmp_path: Path) -> None:
    cut = tmp_path / "cut.pem"
    text = pair.certificate.read_text(encoding="ascii")
    cut.write_text(text[:200] + "\n-----END CERTIFICATE-----\n", encoding="ascii")
    told = problem_of(certificate_file=cut, key_file=pair.key)
    assert told[0] == "mqtt.certificate_file"


def test_a_key_everybody_may_read_is_refused_unless_somebody_is_told(
    pair: Pair, tmp_path: Path
) -> None:
    exposed = tmp_path / "e01.key"
    shutil.copy(pair.key, exposed)
    exposed.chmod(0o604)
    told = problem_of(certificate_file=pair.certificate, key_file=exposed)
    assert told[2] == f"chmod 640 {exposed}"
    heard: list[str] = []
    mqtt = MqttSettings(tls=True, certificate_file=str(pair.certificate), key_file=str(exposed))
    material_of(mqtt, exposed=lambda problem: heard.append(problem.key))
    assert heard == ["mqtt.key_file"]
    exposed.chmod(0o640)
    material_of(mqtt)


def test_comments_in_any_language_do_not_matter(authority: Authority, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    text = authority.certificate.read_text(encoding="ascii")
    bundle.write_text(f"# 上级机构\n{text}", encoding="utf-8")
    assert len(material_of(MqttSettings(tls=True, ca_file=str(bundle))).authorities) == 1


def test_what_only_tls_can_read_is_used_and_not_watched(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_: str) -> tuple[()]:
        raise NotACertificateError

    monkeypatch.setattr(tls, "read_pem", unreadable)
    assert material_of(MqttSettings(tls=True, ca_file=str(authority.certificate))).authorities == ()


def test_a_bare_name_is_out_of_reach_where_no_credentials_are_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert is_out_of_reach("mqtt-key")
    assert not is_out_of_reach("/etc/mqtt.key")
    assert not is_out_of_reach("")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/x")
    assert not is_out_of_reach("mqtt-key")


# ---- what `check` says


def checked(config: Path) -> tuple[int, dict[str, object]]:
    command = [sys.executable, "-m", "agent", "check", "--json", "--config", str(config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_check_tries_the_files(authority: Authority, pair: Pair, tmp_path: Path) -> None:
    files = f'ca_file = "{authority.certificate}"\ncertificate_file = "{pair.certificate}"\n'
    code, told = checked(configured(tmp_path, f'tls = true\n{files}key_file = "{pair.key}"\n'))
    assert code == 1  # no drivers
    assert told["valid"]
    other = authority.client("e02").key
    code, told = checked(configured(tmp_path, f'tls = true\n{files}key_file = "{other}"\n'))
    assert code == 2
    assert "mqtt.key_file" in json.dumps(told)


def test_check_warns_of_a_key_only_the_service_can_read(
    authority: Authority, pair: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    files = f'ca_file = "{authority.certificate}"\ncertificate_file = "{pair.certificate}"\n'
    code, told = checked(configured(tmp_path, f'tls = true\n{files}key_file = "mqtt-key"\n'))
    assert code == 1
    assert "credential_key" in json.dumps(told["warnings"])
