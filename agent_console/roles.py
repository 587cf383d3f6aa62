"""Who may what, by role."""

from typing import Literal, get_args

Role = Literal["agent", "expert", "supervisor", "unit", "admin"]
EVERYBODY: frozenset[str] = frozenset(get_args(Role))
STAFF = EVERYBODY - {"unit"}
"""Those who work on the floor."""
EXPERTS: frozenset[str] = frozenset({"expert"})
HEADS: frozenset[str] = frozenset({"supervisor", "admin"})
"""Those who see every seat, call and recording."""
