"""What contradicts what in `[mqtt]` about TLS. Opens no file: whether those can be used is tried by `check`."""

from collections.abc import Mapping
from typing import Any

from agent.config_problem import Report, Say, same, shown

_FILES = ("ca_file", "certificate_file", "key_file", "password_file")
_TLS_FILES = _FILES[:3]
_PAIR = ("certificate_file", "key_file")


def check_mqtt(sections: Mapping[str, Any], report: Report) -> None:
    """Report secrets that stand in the text, files without TLS, and half a pair."""
    mqtt = sections.get("mqtt")
    if mqtt is None:
        return
    _no_secrets(mqtt, report)
    given = [name for name in _TLS_FILES if getattr(mqtt, name)]
    if given and not mqtt.tls and not report.has("mqtt.tls"):
        allowed = Say(f"true, as {given[0]} is given", f"true，因为已给出 {given[0]}")
        remedy = Say(
            "Set mqtt.tls = true (and mqtt.port, which is 8883 at most brokers), or delete the files.",
            "请设置 mqtt.tls = true（以及 mqtt.port，多为 8883），或删除这些文件项。",
        )
        report.add("mqtt.tls", same("false"), allowed, remedy)
    missing = [name for name in _PAIR if not getattr(mqtt, name)]
    if len(missing) == 1:
        other = next(name for name in _PAIR if name not in missing)
        allowed = Say(f"a file, as {other} is given", f"文件，因为已给出 {other}")
        remedy = Say(
            "A certificate is of use only with its key: name both, or neither.",
            "证书须与私钥成对使用：两者都填，或都不填。",
        )
        report.add(f"mqtt.{missing[0]}", shown(""), allowed, remedy)


def _no_secrets(mqtt: Any, report: Report) -> None:  # noqa: ANN401 - a draft of MqttSettings
    """What is no path may be the secret itself."""
    for name in _FILES:
        key, value = f"mqtt.{name}", getattr(mqtt, name)
        if not report.has(key) and "-----BEGIN" in value:
            allowed = Say("the name of a file", "文件名")
            remedy = Say(
                "Write the text into a file that only the service may read, and its path here.",
                "请把内容写入仅服务可读的文件，此处填写其路径。",
            )
            report.add(key, Say("the text itself", "内容本身而非路径"), allowed, remedy)
