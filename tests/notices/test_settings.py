"""`[notices]`: what a channel needs as soon as it is on, and that no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.errors import SettingsError
from config.load import load

GOOD = """
[notices]
caller = ["sms"]

[notices.dingtalk]
on = true
[[notices.dingtalk.robots]]
name = "group"
token = "t"
secret = "SECx"

[notices.zwding]
on = true
tenant_id = "196729"
app_key = "k"
app_secret = "s"

[notices.sms]
gateway = "http"
[notices.sms.http]
url = "https://sms.example.cn/send"
body = { phone = "{to}", msg = "{text}", id = "{key}" }
success_field = "data.code"
success_values = ["0"]
idempotent = true
[notices.sms.http.headers]
"X-Api-Key" = "x"

[notices.email]
on = true
host = "mail.example.cn"
login = "hotline"
password = "p"
sender = "12345@example.cn"

[notices.webhook]
on = true
[[notices.webhook.hooks]]
name = "platform"
url = "https://platform.example.cn/hook"
secret = "s"

[[notices.teams]]
name = "supervisors"
zwding = ["acc-1"]
sms = ["13800006661"]
dingtalk = "group"
webhook = "platform"
"""


def place(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "hotline.toml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(tmp_path: Path, text: str) -> list[str]:
    path = place(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(path, {})
    return [str(mistake).removeprefix(f"{path}: ") for mistake in caught.value.mistakes]


def test_shipped_every_channel_is_off() -> None:
    assert load(environ={}).notices.on == frozenset()


def test_a_place_with_everything(tmp_path: Path) -> None:
    read = load(place(tmp_path, GOOD), {}).notices
    assert read.on == {"dingtalk", "zwding", "sms", "email", "webhook"}
    assert read.channels_of("caller") == ("sms",)
    assert read.sms.http.body == {"phone": "{to}", "msg": "{text}", "id": "{key}"}
    assert read.sms.http.headers == {"X-Api-Key": "x"}
    team = read.team_of("supervisors")
    assert team
    assert (team.dingtalk, team.webhook, team.sms) == ("group", "platform", ("13800006661",))
    assert "SECx" not in repr(read)
    assert "1380000" not in repr(read)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[notices.zwding]\non = true", "notices.zwding.app_secret: found nothing"),
        ("[notices.dingtalk]\non = true", "notices.dingtalk.robots: found nothing"),
        ('[notices.sms]\ngateway = "cmpp"', "notices.sms.cmpp.secret: found nothing"),
        ('[notices.sms]\ngateway = "http"', "notices.sms.http.body: found no {to} or no {text}"),
        ('[notices.sms]\ngateway = "pigeon"', "expected one of off, cmpp, http"),
        ("[notices.email]\non = true", "notices.email.sender: found nothing"),
        (
            '[notices.email]\nlogin = "x"\nsecurity = "none"',
            "expected starttls or tls, since a password is sent",
        ),
        ('[notices]\ncaller = ["email"]', "expected sms alone, or nothing"),
        ('[notices]\nunit = ["fax"]', "expected each one of zwding, dingtalk, sms, email, webhook"),
        ("[notices]\nlongest_wait_s = 1.0", "expected at least first_wait_s (10)"),
        ("[notices.dingtalk]\nper_minute = 21", "expected a whole number from 1 to 20"),
        (
            '[[notices.teams]]\nname = "supervisors"\ndingtalk = "nobody"',
            'found "nobody", expected the name of a robot',
        ),
        ("[notices.sms.http]\nidempotant = true", 'expected "idempotent"'),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, told: str) -> None:
    assert any(told in mistake for mistake in mistakes(tmp_path, text)), mistakes(tmp_path, text)


def test_no_secret_is_in_a_mistake(tmp_path: Path) -> None:
    text = GOOD.replace('"https://platform.example.cn/hook"', '"ftp://user:hidden@x"')
    text = text.replace('token = "t"', "token = 4711")
    found = "\n".join(mistakes(tmp_path, text))
    assert "something hidden here" in found
    assert "4711" not in found
    assert "hidden@x" not in found
