"""A test telephone: SIPp does the signalling, we do the sound.

`Citizen` is a caller, `Seats` are the telephones of any number of seats. Used by
`make demo-call`, by the end-to-end tests and by nobody's production.
"""

from hotline.testphone.citizen import Citizen, NotAnswered, Outcome
from hotline.testphone.seats import SeatCall, Seats
from hotline.testphone.twin import SippFailed

__all__ = ["Citizen", "NotAnswered", "Outcome", "SeatCall", "Seats", "SippFailed"]
