"""What a decided move changes, as plain data: columns, terms, wishes, papers, lists, notices.

`tickets.moving` carries it out in one transaction. Days are resolved to moments there, by the
calendar; what is said here is only which period counts from when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tickets.rules.decide import Decision
from tickets.rules.facts import Facts
from tickets.rules.guards import finding_holds
from tickets.rules.states import COMPLAINTS, ENDED, POOR


@dataclass(frozen=True, slots=True)
class NewTerm:
    """A term that begins now: its kind, and the name of the period that it takes."""

    kind: str
    period: str


@dataclass(frozen=True, slots=True)
class NewPaper:
    kind: str
    body: Mapping[str, Any]
    state: str


@dataclass(slots=True)
class Effects:
    """What changes besides the state.

    `void` terms end without being judged, `met` ones are judged by now; `resume` goes on with a
    stopped term, `extend_days` moves the `done` term, `reopen` takes up the last `done` term again.
    """

    columns: dict[str, Any] = field(default_factory=dict)
    why: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    met: tuple[str, ...] = ()
    void: tuple[str, ...] = ()
    begin: tuple[NewTerm, ...] = ()
    pause: bool = False
    resume: bool = False
    reopen: bool = False
    extend_days: int = 0
    ask: tuple[str, Mapping[str, Any]] | None = None
    answer: tuple[str, bool, str] | None = None
    assisting: tuple[int, ...] | None = None
    assist_text: str | None = None
    papers: tuple[NewPaper, ...] = ()
    sign: tuple[str, ...] = ()
    send_back: bool = False
    rating: Mapping[str, Any] | None = None
    enlist: tuple[str, ...] = ()
    delist: tuple[str, ...] = ()
    notices: tuple[tuple[str, str], ...] = ()
    """Template and to whom: unit, unit_head, assisting, supervisors, business_office, caller."""


Maker = Callable[[Facts, Mapping[str, Any], str], Effects]


def effects(facts: Facts, decision: Decision) -> Effects:
    """What the decided move changes."""
    made = _MAKERS[decision.asked.name](facts, decision.form, decision.move.name)
    if decision.move.to in ENDED:
        made.columns.setdefault("closed_ms", facts.now_ms)
        rest = ("dispatch", "accept", "done", "approve", "follow_up", "supervise", "rectify")
        made.void = tuple(kind for kind in rest if kind not in made.met)
    return made


def done_period(facts_type: str | None, difficulty: str | None) -> str:
    """Which period the handling takes: Q二(二)1."""
    if facts_type not in COMPLAINTS:
        return "reply_days"
    return f"{difficulty or 'ordinary'}_days"


def _plain(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    text = form.get("text") or form.get("reason") or form.get("answer") or ""
    return Effects(why=text)


def _reject(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    return Effects({"complete": True}, form["reason"], {"told": form["told"]})


def _answer(_: Facts, __: Mapping[str, Any], ___: str) -> Effects:
    return Effects({"complete": True})


def _merge(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    into = {"merged_into": form["into"], "complete": True}
    return Effects(into, form.get("reason", ""), {"into": form["into"]})


def _submit(_: Facts, __: Mapping[str, Any], ___: str) -> Effects:
    return Effects(
        {"complete": True},
        begin=(NewTerm("dispatch", "dispatch_days"),),
        notices=(("received", "caller"), ("to_dispatch", "dispatchers")),
    )


def _deliver(facts: Facts, form: Mapping[str, Any], move: str) -> Effects:
    """Moves 6 and 8: to the unit, whose periods begin now."""
    ruled = move == "rule"
    columns = {"unit_id": form["unit_id"], "difficulty": form["difficulty"]}
    made = Effects(columns | {"round": 1, "ruled": ruled, "contacted_ms": None})
    made.why = form["ruling"] if ruled else form.get("note", "")
    made.said = {"unit_id": form["unit_id"], "assisting": form.get("assisting", [])}
    made.said["difficulty"] = form["difficulty"]
    made.met = ("dispatch",)
    made.begin = _handling(facts, form["difficulty"])
    made.assisting = tuple(form.get("assisting", ()))
    made.notices = (("dispatched", "unit"), ("assisting", "assisting"))
    if ruled:
        named = ("issue", "present", "basis", "ruling", "unit_id")
        made.papers = (NewPaper("minutes", {n: form[n] for n in named}, "kept"),)
    return made


def _handling(facts: Facts, difficulty: str | None) -> tuple[NewTerm, ...]:
    """Accepting and doing both count from the delivery to the unit."""
    return (
        NewTerm("accept", "accept_days"),
        NewTerm("done", done_period(facts.type, difficulty)),
    )


def _review(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    return Effects(
        why=form["reason"], met=("dispatch",), begin=(NewTerm("dispatch", "review_days"),)
    )


def _flag_special(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    paper = NewPaper("special_report", {"text": form["text"]}, "to_sign")
    return Effects({"special": True}, papers=(paper,))


def _sign_special(_: Facts, __: Mapping[str, Any], ___: str) -> Effects:
    return Effects(sign=("special_report",))


def _accept(_: Facts, __: Mapping[str, Any], ___: str) -> Effects:
    return Effects(met=("accept",))


def _ask(kind: str) -> Maker:
    def make(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
        why = form.get("reason") or form.get("text") or ""
        return Effects(why=why, ask=(kind, form), notices=((f"asked_{kind}", "office"),))

    return make


def _agree(kind: str, **more: Any) -> Maker:
    def make(facts: Facts, form: Mapping[str, Any], _: str) -> Effects:
        said = form.get("answer", "")
        made = Effects(why=said, answer=(kind, True, said), **more)
        made.notices = ((f"agreed_{kind}", "unit"),)
        ask = facts.ask(kind)
        if kind == "extension" and ask is not None:
            made.extend_days = ask.form["days"]
            made.columns = {"extended": facts.extended + ask.form["days"]}
        if kind == "return":
            made.columns = {"unit_id": None, "round": 0, "returned": facts.returned + 1}
            made.said = {"unit_id": facts.unit_id}
            made.begin = (NewTerm("dispatch", "dispatch_days"),)
        return made

    return make


def _refuse(kind: str) -> Maker:
    def make(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
        made = Effects(why=form["reason"], answer=(kind, False, form["reason"]))
        made.notices = ((f"refused_{kind}", "unit"),)
        return made

    return make


def _resume(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    return Effects(why=form["reason"], resume=True)


def _contact(facts: Facts, form: Mapping[str, Any], _: str) -> Effects:
    columns = {"contacted_ms": facts.now_ms}
    return Effects(columns, form["text"], {"means": form["means"]})


def _assist_reply(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    return Effects(why=form["text"], assist_text=form["text"], notices=(("assisted", "unit"),))


def _reply(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    columns = {n: form[n] for n in ("reply_public", "reply_internal")}
    made = Effects(columns, met=("done",), begin=(NewTerm("approve", "approve_days"),))
    made.said = dict(columns)
    return made


def _send_back(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    made = Effects(why=form["reason"], met=("approve",), reopen=True)
    made.notices = (("sent_back", "unit"),)
    return made


def _approve(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    made = Effects(why=form.get("answer", ""), met=("approve",))
    made.begin = (NewTerm("follow_up", "follow_up_days"),)
    return made


def _follow_up(facts: Facts, form: Mapping[str, Any], move: str) -> Effects:
    """Moves 17, 18, 19, and the follow-up of a rectification (22)."""
    stars = form.get("stars")
    made = Effects({"tries": facts.tries + 1}, form.get("text", ""))
    made.said = {"stars": stars, "reached": form["reached"], "how": form["how"]}
    made.rating = {"stars": stars, "how": form["how"], "text": form.get("text", "")}
    if stars is not None:
        made.columns["stars"] = stars
    if move != "follow_up" or stars is not None:
        made.met = ("follow_up",)
    if stars is not None and stars <= POOR:
        made.enlist = ("poor",)  # Q二(二)4
    if move == "settle":
        made.delist = ("poor", "rectification", "responsibility") if stars is not None else ()
        made.notices = (("settled", "caller"),)
    elif move == "again":
        made.columns |= {"round": 2, "tries": 0, "contacted_ms": None}
        made.begin = _handling(facts, facts.difficulty)
        made.notices = (("again", "unit"), ("again", "unit_head"))
    elif move == "escalate":
        made.begin = (NewTerm("supervise", "supervise_days"),)
        made.notices = (("escalated", "supervisors"), ("escalated", "unit_head"))
    elif stars is not None:
        made.begin = (NewTerm("supervise", "supervise_days"),)
        made.notices = (("rectification_failed", "supervisors"),)
    return made


def _draft_finding(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    causes = form.get("causes", [])
    finding = {"within_duty": form["within_duty"], "causes": causes, "evidence": form["evidence"]}
    papers = [NewPaper("finding", finding, "to_sign")]
    if finding_holds(finding):
        papers.append(NewPaper("rectification_letter", {"text": form["letter"]}, "to_sign"))
    return Effects(papers=tuple(papers), said={"holds": finding_holds(finding)})


def _return_draft(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    return Effects(why=form["reason"], send_back=True)


def _order(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    made = Effects(why=form.get("answer", ""), met=("supervise",))
    made.columns = {"rectified": True, "tries": 0, "contacted_ms": None, "stars": None}
    made.sign = ("finding", "rectification_letter")
    made.begin = (NewTerm("rectify", "rectify_days"),)
    made.enlist = ("rectification", "responsibility")  # Q二(二)4
    made.notices = tuple(
        ("rectification", to)
        for to in ("unit", "unit_head", "business_office")  # Y二(五)
    )
    return made


def _dismiss(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    made = Effects(why=form["reason"], met=("supervise",), delist=("poor",))
    # A draft that says otherwise is not left waiting for a signature.
    made.send_back = True
    return made


def _rectify(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    made = Effects({"reply_public": form["reply_public"], "stars": None, "tries": 0})
    made.met = ("rectify",)
    made.begin = (NewTerm("follow_up", "follow_up_days"),)
    made.papers = (NewPaper("rectification_report", {"text": form["report"]}, "kept"),)
    made.said = {"reply_public": form["reply_public"]}
    return made


def _draft_report(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    return Effects(papers=(NewPaper("discipline_report", {"text": form["text"]}, "to_sign"),))


def _report(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    made = Effects(why=form.get("answer", ""), sign=("discipline_report",))
    made.met = ("supervise",)
    made.void = ("rectify", "follow_up")
    return made


def _conclude(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    paper = NewPaper("outcome", {"text": form["text"]}, "kept")
    return Effects(why=form["text"], papers=(paper,), delist=("poor", "rectification"))


def _urge(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    return Effects(why=form["text"], notices=(("urged", "unit"),))


def _supervise(_: Facts, form: Mapping[str, Any], __: str) -> Effects:
    notices = (("supervised", "unit"), ("supervised", "unit_head"))
    return Effects(why=form["text"], notices=notices)


_MAKERS: dict[str, Maker] = {
    "answer": _answer,
    "reject": _reject,
    "merge": _merge,
    "submit": _submit,
    "dispatch": _deliver,
    "review": _review,
    "rule": _deliver,
    "flag_special": _flag_special,
    "sign_special": _sign_special,
    "accept": _accept,
    "ask_return": _ask("return"),
    "agree_return": _agree("return", void=("accept", "done")),
    "refuse_return": _refuse("return"),
    "ask_extension": _ask("extension"),
    "agree_extension": _agree("extension"),
    "refuse_extension": _refuse("extension"),
    "ask_suspension": _ask("suspension"),
    "suspend": _agree("suspension", pause=True),
    "refuse_suspension": _refuse("suspension"),
    "resume": _resume,
    "contact": _contact,
    "assist_reply": _assist_reply,
    "reply": _reply,
    "send_back": _send_back,
    "approve": _approve,
    "follow_up": _follow_up,
    "draft_finding": _draft_finding,
    "return_draft": _return_draft,
    "order_rectification": _order,
    "dismiss": _dismiss,
    "rectify": _rectify,
    "draft_report": _draft_report,
    "report_to_discipline": _report,
    "conclude": _conclude,
    "archive": _plain,
    "ask_termination": _ask("termination"),
    "terminate": _agree("termination"),
    "refuse_termination": _refuse("termination"),
    "urge": _urge,
    "supervise": _supervise,
    "note": _plain,
}
