"""What other parts say in English alone is said in Chinese as well: why a link is down, what a text has to look like."""

from typing import Any

import pytest
from msgspec import inspect

from agent.cli.link_reasons import link_reason
from agent.cli.texts import Words
from agent.config_forms import FORMS_ZH
from agent.drivers import bus, modbus, poller, serial_listener
from agent.settings import Settings

EN, ZH = Words("en"), Words("zh")
SAID = [
    value
    for file in (bus, poller, serial_listener)
    for name in ("_LOST", "_NEVER_SILENT", "_TWO_MASTERS", "_NOBODY", "_DIFFER", "_SILENT", "_NOISE",
                 "_UNANSWERED", "_ELSEWHERE")
    if isinstance(value := getattr(file, name, None), str)
]  # fmt: skip


@pytest.mark.parametrize("reason", [*SAID, "no route to host", "Connection refused"])
def test_what_a_driver_says_of_its_link_is_said_in_chinese(reason: str) -> None:
    assert len(SAID) >= 8
    zh = link_reason(reason, ZH)
    assert not any(word in zh for word in ("the ", "line", "master", "refused", "host"))
    assert link_reason(reason, EN) == reason


def test_what_was_measured_and_where_stays() -> None:
    where = "tcp://10.0.0.9 device_id 1, holding 0x0000+4: "
    wire = type("Wire", (), {"_settings": type("Asked", (), {"timeout_ms": 500})})()
    silence: str = vars(modbus.TcpWire)["_silence"](wire)
    assert link_reason(where + silence, ZH).startswith(where + "500 毫秒内无应答：")
    question: Any = None
    serial = vars(bus)["_unanswered"](question, b"", 300_000).wrong
    assert link_reason(serial, ZH).startswith("300 毫秒内无应答：")


def test_a_sentence_that_nobody_knows_and_none_at_all_stay() -> None:
    assert link_reason("a new sentence", ZH) == "a new sentence"
    assert link_reason(None, ZH) == ""


def test_every_form_of_a_text_in_the_configuration_has_chinese_words() -> None:
    forms = {form for form in _forms(inspect.type_info(Settings), set()) if " " in form}
    assert len(forms) >= 7
    assert forms == FORMS_ZH.keys()


def _forms(kind: object, seen: set[type]) -> set[str]:
    found: set[str] = set()
    match kind:
        case inspect.Metadata(type=inner):
            found = {(kind.extra_json_schema or {}).get("description", "")} | _forms(inner, seen)
        case inspect.StructType() if kind.cls not in seen:
            seen.add(kind.cls)
            found = set[str]().union(*(_forms(field.type, seen) for field in kind.fields))
        case inspect.UnionType(types=types):
            found = set[str]().union(*(_forms(each, seen) for each in types))
        case inspect.VarTupleType(item_type=inner) | inspect.DictType(value_type=inner):
            found = _forms(inner, seen)
        case _:
            pass
    return found
