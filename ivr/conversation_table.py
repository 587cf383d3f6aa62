"""The table of a conversation: every event in every state, decided on purpose.

A cell is a move, or the sentence with which a person is refused. Happenings (what
telephones do) are never refused: where they mean nothing the cell is `nothing`.
"""

from __future__ import annotations

from ivr import conversation_moves as moves
from ivr.conversation import STATES, Cell, Conversation, Event, Outcome, Refused, Turn

NOT_THERE = "座席不在通话中，请先返回通话"
COMING = "正在恢复座席通话，请稍候"
GOING = "通话正在转接，请稍候"
LOST = "座席电话尚未恢复，请稍候"
AWAY = {"left": NOT_THERE, "returning": COMING, "handing": GOING, "recalling": COMING, "lost": LOST}
"""States in which the agent herself is not on the line: no button of hers acts."""

NOBODY_ELSE = "通话中没有其他方"
RINGING = "已有一方正在呼叫，请先等待或取消"
IN_CONSULT = "正在单独咨询，请先返回来电人或进入三方通话"
EXPERT_WAITS = "专家正在等待，请先切换、进入三方通话或结束咨询"
HELD = "来电人正在听等待音，请先取消保持"


def _row(default: Cell | None = None, /, **cells: Cell) -> dict[str, Cell]:
    row: dict[str, Cell] = dict.fromkeys(STATES, default) if default is not None else {}
    row.update(cells)
    missing = set(STATES) - set(row)
    if missing:
        raise ValueError(f"no decision for {sorted(missing)}")
    return row


def _of_agent(**cells: Cell) -> dict[str, Cell]:
    return _row(None, **{**AWAY, **cells})


TABLE: dict[str, dict[str, Cell]] = {
    # --- the agent's buttons ---
    "hold": _of_agent(
        talking=moves.hold_caller,
        inviting=moves.hold_caller,
        conference=moves.hold_caller,
        held="通话已经处于保持状态",
        asking="来电人已经在听等待音",
        consulting="来电人已经在听等待音",
        aside=EXPERT_WAITS,
    ),
    "resume": _of_agent(
        held=moves.resume_caller,
        asking=moves.resume_caller,
        talking="通话没有处于保持状态",
        inviting="通话没有处于保持状态",
        conference="通话没有处于保持状态",
        aside="通话没有处于保持状态",
        consulting=IN_CONSULT,
    ),
    "consult": _of_agent(
        talking=moves.consult,
        held=moves.consult,
        consulting=moves.consult,
        conference=moves.consult,
        asking=RINGING,
        inviting=RINGING,
        aside=EXPERT_WAITS,
    ),
    "invite": _of_agent(
        talking=moves.invite,
        conference=moves.invite,
        held=HELD,
        asking=RINGING,
        inviting=RINGING,
        consulting=IN_CONSULT,
        aside=EXPERT_WAITS,
    ),
    "emergency": _of_agent(
        talking=moves.call_emergency,
        held=moves.call_emergency,
        conference=moves.call_emergency,
        consulting=moves.call_emergency,
        aside=moves.call_emergency,
        asking=RINGING,
        inviting=RINGING,
    ),
    "cancel": _of_agent(
        asking=moves.cancel,
        inviting=moves.cancel,
        conference=moves.cancel,
        consulting=moves.cancel,
        aside=moves.cancel,
        talking="没有正在呼叫的一方",
        held="没有正在呼叫的一方",
    ),
    "back": _of_agent(
        asking=moves.back,
        consulting=moves.back,
        aside=moves.back,
        conference=moves.back,
        inviting=moves.back,
        held="请使用取消保持",
        talking="已经在与来电人通话",
    ),
    "swap": _of_agent(
        consulting=moves.swap,
        aside=moves.swap,
        talking=NOBODY_ELSE,
        held=NOBODY_ELSE,
        asking=RINGING,
        inviting=RINGING,
        conference="已经是三方通话",
    ),
    "join": _of_agent(
        consulting=moves.join_all,
        aside=moves.join_all,
        asking=moves.join_all,
        talking=NOBODY_ELSE,
        held=NOBODY_ELSE,
        inviting=moves.join_rest,
        conference=moves.join_rest,
    ),
    "mute": _row(moves.mute, **AWAY),
    "unmute": _row(moves.unmute, **AWAY),
    "drop": _row(moves.drop, **AWAY),
    "leave": _of_agent(
        consulting=moves.leave,
        aside=moves.leave,
        conference=moves.leave,
        talking="没有其他方在线，不能退出，请使用挂机或转接",
        held="没有其他方在线，不能退出，请使用挂机或转接",
        asking="对方尚未接通，请等待接通或直接挂机完成转接",
        inviting="对方尚未接通，请等待接通或直接挂机完成转接",
    ),
    "transfer": _of_agent(
        talking=moves.transfer,
        held=moves.transfer,
        asking=RINGING,
        inviting=RINGING,
        consulting="正在单独咨询，可退出并留下专家完成转接",
        aside="专家正在等待，可退出并留下专家完成转接",
        conference="三方通话中可退出并留下专家完成转接",
    ),
    "come_back": _row(
        "您已经在通话中",
        left=moves.come_back,
        returning=COMING,
        recalling=COMING,
        handing=GOING,
        lost=LOST,
    ),
    "hang_up": _of_agent(
        talking=moves.hang_up,
        held=moves.hang_up,
        asking=moves.hang_up_leaving,
        inviting=moves.hang_up_leaving,
        consulting=moves.hang_up_leaving,
        aside=moves.hang_up_leaving,
        conference=moves.hang_up_leaving,
    ),
    # --- the supervisor's buttons ---
    "listen": _row(moves.supervise),
    "whisper": _row(moves.supervise),
    "barge": _row(moves.supervise),
    "take_over": _row(moves.take_over),
    "stop": _row(moves.stop_supervising),
    # --- what telephones do ---
    "party_answered": _row(
        moves.party_answered,
        handing=moves.transfer_answered,
        recalling=moves.party_meets_caller_at_once,
        lost=moves.party_meets_caller_at_once,
    ),
    "party_ready": _row(
        moves.party_ready,
        handing=moves.transfer_done,
        recalling=moves.party_meets_caller,
        lost=moves.party_meets_caller,
    ),
    "party_gone": _row(
        moves.party_gone,
        left=moves.last_party_gone,
        returning=moves.party_gone_on_return,
        handing=moves.transfer_failed,
    ),
    "agent_gone": _row(
        moves.nothing,
        talking=moves.hang_up,
        held=moves.hang_up,
        asking=moves.hang_up_leaving,
        inviting=moves.hang_up_leaving,
        consulting=moves.hang_up_leaving,
        aside=moves.hang_up_leaving,
        conference=moves.hang_up_leaving,
    ),
    "agent_lost": _row(
        moves.agent_lost,
        conference=moves.agent_lost_in_conference,
        left=moves.nothing,
        returning=moves.nothing,
        handing=moves.nothing,
        recalling=moves.nothing,
        lost=moves.nothing,
    ),
    "agent_back": _row(moves.nothing, lost=moves.ring_again, left=moves.ring_again),
    "agent_answered": _row(
        moves.nothing, recalling=moves.agent_is_back, returning=moves.agent_is_back
    ),
    "agent_not_answered": _row(
        moves.nothing, recalling=moves.not_back_yet, returning=moves.stay_away
    ),
    "grace_over": _row(moves.nothing, lost=moves.give_up_agent, left=moves.forget_lost),
    "caller_gone": _row(moves.caller_gone),
    "supervisor_answered": _row(moves.supervisor_answered),
    "supervisor_gone": _row(moves.supervisor_gone),
}

HAPPENINGS = frozenset(name for name in list(TABLE)[list(TABLE).index("party_answered") :])
"""Events that no person asked for: none of their cells refuses."""


def decide(conversation: Conversation, event: Event, at_ms: int) -> Outcome:
    """What an event makes of a conversation.

    Args:
        at_ms: when it happened (epoch milliseconds).

    Raises:
        Refused: a person asked for what can't be done in this state.
        KeyError: there is no such event.
    """
    cell = TABLE[event.name][conversation.state]
    if isinstance(cell, str):
        raise Refused(cell)
    turn = Turn(conversation, event, at_ms)
    cell(turn)
    turn.keep_listening()
    return turn.outcome()
