"""What can go wrong around Asterisk. Every message says what happened and what to do.

DialplanError
├── AsteriskUnusable    this Asterisk is missing, too old or incomplete
├── FetchFailed         none could be fetched
├── RenderError         a setting can't be written into Asterisk's configuration
├── PortTaken           a port of the settings is in use
├── StartFailed         it did not come up
└── StopFailed          it did not go down
"""

from __future__ import annotations


class DialplanError(Exception):
    """The root of them all."""


class AsteriskUnusable(DialplanError):
    """The Asterisk looked at can't be used; the message says why."""


class FetchFailed(DialplanError):
    """No Asterisk could be fetched; the message says what to install instead."""


class RenderError(DialplanError):
    """A setting can't be carried by Asterisk's configuration files."""


class PortTaken(DialplanError):
    """Something else listens where our Asterisk should."""


class StartFailed(DialplanError):
    """Asterisk ended or stayed silent while it was being started."""


class StopFailed(DialplanError):
    """Asterisk is still there after everything was tried."""
