"""What can go wrong, as a tree:

AriError
├── ConnectionLost          the connection broke; a request in flight may or may not have been done
│   └── NotConnected        there was no connection: nothing was sent
├── RequestTimeout          no answer within the limit; it may or may not have been done
├── Fenced                  another client has taken our application over; this client is finished
├── ClientClosed            the client was closed by its owner
├── BadAnswer               Asterisk answered something that is not what its API describes
└── Refused                 Asterisk answered with an error
    ├── BadRequest          400  a parameter is missing or wrong
    ├── Unauthorized        401  wrong user or password
    ├── Forbidden           403  this user may not, or Asterisk will not
    ├── NotFound            404  the channel, bridge, … is gone
    ├── Conflict            409  not in our application, id in use, or wrong state
    ├── PreconditionFailed  412  the channel is in a state that does not allow it
    ├── Unprocessable       422  understood, and impossible
    └── ServerError         5xx  Asterisk could not

The text of an error is fit for a log: it names the operation as the API describes it
(``POST /channels/{channelId}/play``), never a value that was sent, and long digit runs in
Asterisk's own message are masked. The attributes carry everything, unmasked.
"""

import re

_DIGITS = re.compile(r"\d{3,}")


class AriError(Exception):
    """Everything this package raises on purpose."""


class ConnectionLost(AriError):
    """The connection broke. A request in flight may or may not have been done."""


class NotConnected(ConnectionLost):
    """There was no connection when the request was made: nothing was sent."""


class RequestTimeout(AriError):
    """No answer within the limit. The request may or may not have been done."""


class Fenced(AriError):
    """Another client has taken our application over."""


class ClientClosed(AriError):
    """The client was closed by its owner."""


class BadAnswer(AriError):
    """Asterisk answered something that does not fit its own description."""


class Refused(AriError):
    """Asterisk answered a request with an error."""

    def __init__(self, status: int, message: str, method: str, path: str, template: str) -> None:
        super().__init__(status, message, method, path, template)
        self.status = status
        self.message = message
        """Asterisk's own words."""
        self.method = method
        self.path = path
        """The path as it was sent, with its ids."""
        self.template = template
        """The path as the API describes it."""

    def __str__(self) -> str:
        said = _DIGITS.sub("…", self.message)
        return f"{self.method} /{self.template}: {self.status} {said}".rstrip()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class BadRequest(Refused):
    """400"""


class Unauthorized(Refused):
    """401"""


class Forbidden(Refused):
    """403"""


class NotFound(Refused):
    """404"""


class Conflict(Refused):
    """409"""


class PreconditionFailed(Refused):
    """412"""


class Unprocessable(Refused):
    """422"""


class ServerError(Refused):
    """5xx"""


_BY_STATUS: dict[int, type[Refused]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    422: Unprocessable,
}


def refused(status: int, message: str, method: str, path: str, template: str) -> Refused:
    """The error of our tree that belongs to a status."""
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else Refused)
    return kind(status, message, method, path, template)
