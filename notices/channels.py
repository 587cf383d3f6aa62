"""The channels that a place has switched on, built from its settings."""

from __future__ import annotations

from datetime import tzinfo

from config.channels import Notices
from notices.cmpp import CmppSms, Reports
from notices.dingtalk import DingTalkRobot
from notices.email import Mail
from notices.outcome import Channel
from notices.sms_http import SmsGateway
from notices.webhook import Hooks
from notices.zwding import Zwd


def build(settings: Notices, zone: tzinfo, reports: Reports) -> list[Channel]:
    """One object a channel that is on.

    Args:
        zone: in which times are told.
        reports: takes what the network says of a message later (`notices.cmpp.Reports`).
    """
    made: list[Channel] = []
    if settings.zwding.on:
        made.append(Zwd(settings.zwding, zone))
    if settings.dingtalk.on:
        made.append(DingTalkRobot(settings.dingtalk))
    if settings.sms.gateway == "cmpp":
        made.append(CmppSms(settings.sms.cmpp, settings.sms.sign, reports))
    if settings.sms.gateway == "http":
        made.append(SmsGateway(settings.sms.http, settings.sms.sign))
    if settings.email.on:
        made.append(Mail(settings.email, settings.send_s))
    if settings.webhook.on:
        made.append(Hooks(settings.webhook))
    return made
