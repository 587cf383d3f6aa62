"""Who may what, by role. What a person may do with tickets is told by her duties (`tickets.people`)."""

from typing import Literal, get_args

Role = Literal["agent", "expert", "supervisor", "unit", "admin"]
EVERYBODY: frozenset[str] = frozenset(get_args(Role))
STAFF = EVERYBODY - {"unit"}
"""Those who work on the floor."""
DESKS = EVERYBODY
"""Those who work on tickets: units too, each with what is theirs (`tickets.scope`)."""
EXPERTS: frozenset[str] = frozenset({"expert"})
HEADS: frozenset[str] = frozenset({"supervisor", "admin"})
"""Those who see every seat, call and recording."""
ADMINS: frozenset[str] = frozenset({"admin"})
"""Those who keep the house: units, people, classes, catalogue, texts."""
