"""Papers (整改函、专报 …): who may read which, and whom each is addressed to.

A unit reads what is addressed to it and what it wrote; findings, special reports and reports to
纪委监委 are for those who have a duty at the hotline.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, false, or_, true

from db.models import ticket_paper
from tickets.rules.facts import Actor

OF_THE_UNIT = (("minutes", "kept"), ("rectification_letter", "signed"),
               ("rectification_report", "kept"))  # fmt: skip
"""Kind and state of what units read."""
OF_EVERYBODY = ("minutes", "rectification_letter", "rectification_report", "outcome")
"""What those read who work at the hotline without a duty of their own."""
ADDRESSED = {
    "special_report": "党委、政府",
    "discipline_report": "纪委监委",
    "finding": "热线办主任",
    "outcome": "存档",
    "minutes": "存档",
    "rectification_report": "热线办",
}
"""To whom a paper goes; 整改函 goes to the unit."""


def has_duty(actor: Actor) -> bool:
    """Whether she works on papers: any duty, or the supervisor's and administrator's role."""
    return bool(actor.duties) or actor.role in ("supervisor", "admin")


def readable(actor: Actor) -> ColumnElement[bool]:
    """The condition on `ticket_paper` that holds for what this person may read."""
    if actor.role == "unit":
        return or_(
            false(),
            *(
                and_(ticket_paper.c.kind == kind, ticket_paper.c.state == state)
                for kind, state in OF_THE_UNIT
            ),
        )
    return true() if has_duty(actor) else ticket_paper.c.kind.in_(OF_EVERYBODY)
