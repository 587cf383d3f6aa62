"""The rules of a ticket: states, moves, who may do them and what they do. Pure: no clock, no I/O.

The table is data (`table`), a guard is a function (`guards`), `decide` says yes or why not, and
`effects` what then changes. Drawing and clauses: docs/tickets.md.
"""

from tickets.rules.form import MAX_COMPANY, MAX_TEXT, Missing, what_is_missing
from tickets.rules.states import STATES

__all__ = ["MAX_COMPANY", "MAX_TEXT", "STATES", "Missing", "what_is_missing"]
