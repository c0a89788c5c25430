"""TOML → frozen, typed settings; or every problem at once. Also where the password comes from.

Reads files and the environment, nothing else. It does not know which drivers or profiles exist:
it is told.
"""

import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent import config_rules
from agent.config_problem import ConfigProblems, Problem, Report, Say, same
from agent.config_rules import Profiles, SignalsOf
from agent.config_shape import draft_of
from agent.platforms import PlatformOf
from agent.settings import MqttSettings, Settings

__all__ = [
    "ConfigProblems",
    "Problem",
    "Profiles",
    "SignalsOf",
    "config_path",
    "load",
    "password",
    "password_path",
]

DEFAULT_PATH = "/etc/elevator-agent/agent.toml"
VARIABLE = "ELEVATOR_AGENT_CONFIG"
LARGEST_FILE = 256 * 1024  # bytes; a hundred times a full configuration
LONGEST_PASSWORD = 4096  # bytes


def config_path(option: str | Path | None = None) -> Path:
    """Choose the file: the option, else `ELEVATOR_AGENT_CONFIG`, else the one below `/etc`."""
    return Path(option or os.environ.get(VARIABLE) or DEFAULT_PATH)


def load(
    path: Path,
    *,
    signals_of: SignalsOf | None = None,
    profiles: Profiles | None = None,
    platform_of: PlatformOf | None = None,
) -> Settings:
    """Read the settings in a file.

    `signals_of` tells which signals a driver gives, `profiles` which register maps exist, and
    `platform_of` reads a number scheme; what is left out is not checked (a replay needs no
    drivers). Raises ConfigProblems with every problem there is.
    """
    tree = _read(path)
    report = Report(str(path))
    sections = draft_of(Settings, tree, report)
    config_rules.check(sections, report, signals_of, profiles, platform_of)
    if report.problems:
        raise ConfigProblems(tuple(report.problems))
    return msgspec.convert(tree, Settings)


def _read(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as wrong:  # ValueError: a zero byte in the name
        reason = getattr(wrong, "strerror", None) or str(wrong)
        remedy = Say(
            "Name the right file with --config, or see that this user may read it.",
            "请用 --config 指明文件，或检查当前用户的读取权限。",
        )
        raise _alone(path, same(reason), Say("a readable file", "可读取的文件"), remedy) from wrong
    if len(raw) > LARGEST_FILE:
        allowed = Say(f"at most {LARGEST_FILE} bytes", f"至多 {LARGEST_FILE} 字节")
        raise _alone(
            path,
            Say("a larger file", "过大的文件"),
            allowed,
            Say("Is it the right file?", "文件是否正确？"),
        )
    return _parsed(path, raw)


def _parsed(path: Path, raw: bytes) -> dict[str, object]:
    try:
        return tomllib.loads(
            raw.decode("utf-8-sig")
        )  # some editors put a mark before the first key
    except RecursionError as wrong:
        reason = "brackets nested too deep"
        raise _alone(path, same(reason), _TOML, _SYNTAX) from wrong
    except (
        ValueError
    ) as wrong:  # the syntax with line and column, bytes that are not UTF-8, endless digits
        raise _alone(path, same(str(wrong)), _TOML, _SYNTAX) from wrong


_TOML = Say("TOML text in UTF-8", "UTF-8 编码的 TOML 文本")
_SYNTAX = Say("Correct that place; then the rest is checked.", "请改正此处；之后才检查其余内容。")


def _alone(path: Path, found: Say, allowed: Say, remedy: Say, key: str = "") -> ConfigProblems:
    return ConfigProblems((Problem(str(path), key, found, allowed, remedy),))


def password(mqtt: MqttSettings, *, exposed: Callable[[Problem], None] | None = None) -> str | None:
    """Read the broker's password; None when no file is named.

    A name without a slash is a systemd credential. Raises ConfigProblems for a file that cannot be
    read or is empty, and for one that everybody may read, unless `exposed` is there to be told.
    """
    if not mqtt.password_file:
        return None
    path = password_path(mqtt.password_file)
    key = "mqtt.password_file"
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(LONGEST_PASSWORD + 1)
        text = raw.decode().rstrip("\r\n")
    except (OSError, ValueError) as wrong:
        reason = getattr(wrong, "strerror", None) or "text that is not UTF-8"
        raise _alone(path, same(reason), _SECRET, _READABLE, key) from wrong
    if mode & stat.S_IROTH:
        found = Say("a file that everybody may read", "任何人可读的文件")
        refusal = _alone(path, found, _SECRET, same(f"chmod 640 {path}"), key)
        if exposed is None:
            raise refusal
        exposed(refusal.problems[0])
    if not text or "\0" in text or len(raw) > LONGEST_PASSWORD:
        found = Say("no usable password in it", "其中没有可用的密码")
        raise _alone(
            path,
            found,
            _SECRET,
            Say("Write the password on its first line.", "请把密码写在首行。"),
            key,
        )
    return text


_SECRET = Say("a file with the password that only the service may read", "仅服务可读的密码文件")
_READABLE = Say(
    "Does it exist, and may the service's user read it? "
    "A bare name is a systemd credential (LoadCredential=).",
    "文件是否存在，服务用户可否读取？不含斜杠的名称是 systemd 凭据（LoadCredential=）。",
)


def password_path(name: str) -> Path:
    """Find the password's file: a name without a slash is a systemd credential, where there are any."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(folder, name) if folder and "/" not in name else Path(name)
