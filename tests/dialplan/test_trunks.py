"""A trunk by registration, at a registrar played by SIPp."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dialplan.conftest import until
from tests.dialplan.sipp import ear, sipp, tone
from tests.support.asterisk import running_asterisk
from tests.support.ports import free_port
from tests.support.settings import make_settings

pytestmark = pytest.mark.integration

PASSWORD = "p;w x#"


async def test_it_registers_with_its_password_and_the_registrars_calls_are_taken() -> None:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="hl-") as directory:
        settings = make_settings(Path(directory))
        trunk = replace(
            settings.trunks[0],
            name="carrier",
            addresses=(),
            register_to=f"127.0.0.1:{port}",
            username="0775000001",
            password=PASSWORD,
        )
        settings = replace(settings, trunks=(trunk,))
        async with (
            sipp(
                "registrar",
                sip_port=settings.asterisk.sip_port,
                ear_port=9,
                port=port,
                marks={"username": "0775000001", "password": PASSWORD},
            ) as registrar,
            running_asterisk(settings=settings) as asterisk,
            ear(tone(440)) as caller,
        ):
            await registrar.done(30)
            async with sipp(
                "caller", sip_port=asterisk.sip_port, ear_port=caller.port, hold_s=0.5
            ) as calls:
                await calls.done()
            await until(lambda: len(list(settings.spool.glob("*.raw"))) == 1)
            said = asterisk.process.log_file.read_text()
            assert "pjsip" not in said
