"""Our probes against SIP and RTSP software of others, and our own responders against their clients.

From Debian's packages, as real processes on loopback; `make test` installs what is missing.
"""

import asyncio
import subprocess

import pytest

from agent.drivers.probes import Ask, Station
from agent.drivers.rtsp_probe import RtspAsk
from agent.drivers.sip_probe import SipAsk
from hil.foreign import Foreign, baresip, program, rtsp_server, sipp
from hil.sip import SipStation
from tests.intercom_stage import ends

TRIES = 3
UP_S = 20.0
BOTH = pytest.mark.parametrize("transport", ["udp", "tcp"])


async def is_up(foreign: Foreign, how: Ask) -> bool:
    """Whether it answers within the time a loaded computer may need; False if it has ended."""
    deadline_s = asyncio.get_running_loop().time() + UP_S
    while foreign.running and asyncio.get_running_loop().time() < deadline_s:
        if await ends(Station("127.0.0.1", foreign.port, how, 2)) == "answered":
            return True
        await asyncio.sleep(0.05)
    return False


async def lives_keeps_silent_and_dies(foreign: Foreign, how: Ask) -> bool:
    """Go through a station's life; False if the program did not come up (its port was taken meanwhile)."""
    if not await is_up(foreign, how):
        return False
    assert await ends(Station("127.0.0.1", foreign.port, how, 5)) == "answered"
    foreign.freeze()
    assert await ends(Station("127.0.0.1", foreign.port, how, 0.7)) == "unanswered"
    foreign.thaw()
    assert await ends(Station("127.0.0.1", foreign.port, how, 5)) == "answered"
    foreign.stop()
    assert await ends(Station("127.0.0.1", foreign.port, how, 5)) == "unanswered"
    return True


def live(command, ask) -> None:
    said = ""
    for _ in range(TRIES):
        with Foreign(command) as foreign:
            if asyncio.run(lives_keeps_silent_and_dies(foreign, ask(foreign.port))):
                return
            said = foreign.said
    pytest.fail(f"the program did not come up; it said:\n{said}")


@BOTH
def test_a_sip_phone_is_seen_to_live_to_keep_silent_and_to_die(transport):
    live(baresip, lambda port: SipAsk(f"127.0.0.1:{port}", transport))


@BOTH
def test_a_sip_test_tool_is_seen_to_live_to_keep_silent_and_to_die(transport):
    live(sipp(transport), lambda port: SipAsk(f"127.0.0.1:{port}", transport))


def test_a_camera_server_is_seen_to_live_to_keep_silent_and_to_die():
    live(rtsp_server, lambda port: RtspAsk(f"127.0.0.1:{port}"))


@BOTH
def test_the_benchs_station_is_one_to_a_sip_client_of_others_too(transport):
    sipsak = program("sipsak", "sipsak")

    async def story() -> None:
        station = SipStation()
        await station.start()
        try:
            uri = f"sip:station@127.0.0.1:{station.port}"
            process = await asyncio.create_subprocess_exec(
                sipsak, "-v", "-E", transport, "-s", uri, stdout=subprocess.PIPE
            )
            said, _ = await asyncio.wait_for(process.communicate(), UP_S)
            assert process.returncode == 0, said
            assert b"SIP/2.0 200 OK" in said
            assert set(station.methods) == {"OPTIONS"}
        finally:
            await station.close()

    asyncio.run(story())
