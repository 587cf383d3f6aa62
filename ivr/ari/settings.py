"""The limits of a client; times in seconds. Every wait has one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    request_timeout: float = 5.0
    """For the answer to a request, where the call does not give its own."""
    blocking_timeout: float = 30.0
    """The same for a request that may wait for a channel (``blocking=True``)."""
    connect_timeout: float = 5.0
    """For one attempt to connect, handshake included."""
    start_timeout: float = 30.0
    """For the first connection, all attempts together."""
    close_timeout: float = 1.0
    """For Asterisk to say good-bye too."""
    ping_interval: float = 5.0
    silence_limit: float = 15.0
    """Nothing at all heard for so long: the connection is dead."""
    backoff_first: float = 0.1
    backoff_most: float = 5.0
    slow_answer: float = 0.5
    """A request unanswered for so long holds up the WebSocket: others go over HTTP meanwhile."""
    http_connections: int = 50
    """At most so many at a time; more wait their turn. Below ``sessionlimit`` of http.conf."""
