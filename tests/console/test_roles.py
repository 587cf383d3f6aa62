"""Who may what: one row an operation, one column a role."""

from __future__ import annotations

import re

import pytest

from agent_console.routes import OPERATIONS
from tests.console.house import House, arrive

A, E, S, U, D = "agent", "expert", "supervisor", "unit", "admin"
FLOOR = {A, E, S, D}
HEADS = {S, D}
ALL = FLOOR | {U}

TABLE: dict[str, set[str] | None] = {
    "sign_in": None,
    "read_session": ALL,
    "sign_out": ALL,
    "read_settings": ALL,
    "read_seat": ALL,
    "make_phone": ALL,
    "go_available": FLOOR,
    "pause": FLOOR,
    "go_offline": ALL,
    "end_wrap_up": ALL,
    "say_goodbye": ALL,
    "read_current_call": ALL,
    "read_call": FLOOR,
    "request_of_call": ALL,
    "call_back": ALL,
    "list_experts": FLOOR,
    "add_expert": HEADS,
    "change_expert": HEADS,
    "read_own_expert": {E},
    "change_own_expert": {E},
    "list_asked_tickets": {E},
    "set_seat_state": HEADS,
    "sign_seat_out": HEADS,
    "lend_skill": HEADS,
    "take_skill_back": HEADS,
    "send_message": HEADS,
    "list_messages": FLOOR,
    "read_message": FLOOR,
    "list_missed": FLOOR,
    "finish_missed": FLOOR,
    "list_tickets": ALL,
    "read_suggested_unit": FLOOR,
    "read_ticket": ALL,
    "read_alike": FLOOR,
    "find_alike": FLOOR,
    "move_ticket": ALL,
    "preview_move": ALL,
    "list_desks": ALL,
    "list_papers": FLOOR,
    "read_paper": ALL,
    "read_list": ALL,
    "list_digests": FLOOR,
    "read_digest": FLOOR,
    "act_on_digest": FLOOR,
    "list_suggestions": FLOOR,
    "export_tickets": ALL,
    # Further, only people with a duty of their own.
    "read_trace": FLOOR,
    "list_notices": HEADS,
    "send_notice_again": HEADS,
    "drop_notice": HEADS,
    "edit_ticket": FLOOR,
    "complete_ticket": FLOOR,
    "read_audio": FLOOR,
    "read_floor": FLOOR,
    # Or a wall that knows the key: it checks by itself.
    "read_figures": None,
    "read_staffing": HEADS,
    "override_staffing": HEADS,
    "list_units": ALL,
    "list_classes": ALL,
    "list_kept_units": HEADS,
    "add_unit": {D},
    "change_unit": {D},
    "remove_unit": {D},
    "list_kept_classes": HEADS,
    "add_class": {D},
    "change_class": {D},
    "remove_class": {D},
    "list_people": {D},
    "add_person": {D},
    "change_person": {D},
    "renew_password": {D},
    "list_lines": HEADS,
    "put_line": {D},
    "remove_line": {D},
    "export_catalogue": HEADS,
    "import_catalogue": {D},
    "list_texts": HEADS,
    "set_text": {D},
    "list_keys": {D},
    "make_key": {D},
    "close_key": {D},
    "unmask_reporter": FLOOR,
    "keep_contact": FLOOR,
    "check_attachment": ALL,
    "attach_file": ALL,
    "list_attachments": ALL,
    "read_attachment": ALL,
    "remove_attachment": ALL,
    # Citizens, and platforms with a key of their own.
    "read_public_form": None,
    "send_public_file": None,
    "list_public_files": None,
    "remove_public_file": None,
    "submit_matter": None,
    "read_status": None,
    "take_matter": None,
    "read_matter": None,
    "read_calendar": ALL,
    "set_day": {D},
    "import_calendar": {D},
    "read_periods": ALL,
    "set_period": {D},
    "watch_live": ALL,
    "make_citizen_phone": None,
}


OF_DUTY = {"list_digests", "read_digest", "act_on_digest", "list_suggestions"}
"""Of those who may, a person without a duty there is refused too; a supervisor has it by role."""


def filled(path: str, number: str) -> str:
    """A path with something in each of its places."""
    path = path.replace("{id}", number).replace("{call_id}", "f" * 32)
    return re.sub(r"\{\w+\}", "business", path)


def test_given_the_operations_then_each_has_its_row() -> None:
    assert {o.name: o.roles and set(o.roles) for o in OPERATIONS} == TABLE


@pytest.mark.parametrize("role", sorted(ALL))
async def test_given_a_role_then_what_it_may_not_is_refused_and_the_rest_is_not(
    house: House, role: str
) -> None:
    await house.do(arrive, 1)
    person = await house.signed_in(role)
    for operation in OPERATIONS:
        allowed = TABLE[operation.name]
        if allowed is None or operation.name == "sign_out":
            continue
        answer = await person.ask(operation.method, filled(operation.path, "999"), {})
        if operation.name in OF_DUTY and role != "supervisor":
            assert answer.status in (400, 403), operation.name
            continue
        if role in allowed:
            assert answer.status not in (401, 403), operation.name
        else:
            assert (answer.status, answer.problem) == (403, "forbidden"), operation.name


async def test_given_nobody_signed_in_then_everything_but_signing_in_is_refused(
    house: House,
) -> None:
    for operation in OPERATIONS:
        if operation.roles is None:
            continue
        answer = await house.browser().ask(operation.method, filled(operation.path, "1"), {})
        assert (answer.status, answer.problem) == (401, "signed-out"), operation.name
