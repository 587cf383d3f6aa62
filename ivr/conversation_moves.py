"""The moves of a conversation: what each cell of the table does. Pure."""

from __future__ import annotations

from dataclasses import replace

from ivr.conversation import (
    HUNG_UP,
    NO_ANSWER,
    Announce,
    End,
    Hold,
    Leg,
    Mute,
    Refused,
    Requeue,
    RingSeat,
    Supervise,
    Turn,
    listened_to,
)

LOST_HINT = "座席中途掉线，来电人已等候，请先致歉"
JOINED = "已经是三方通话"
JOINS_BY_ITSELF = "对方接通后自动进入三方通话"
FAILED_HINT = "转接未成功，来电人已等候"
CUT_HINT = "专家线路中断，来电人已等候，请先致歉"

REFUSED = 21
"""Q.850: whoever was rung said no."""


def nothing(_turn: Turn) -> None:
    """It changes nothing here."""


# --- hold ---


def hold_caller(turn: Turn) -> None:
    """The caller hears music; whoever else is in goes on without him."""
    turn.hold(turn.now.caller)
    turn.note("held")


def resume_caller(turn: Turn) -> None:
    """The caller is back in."""
    turn.join(turn.now.caller)
    turn.note("resumed")


# --- bringing somebody in ---


def consult(turn: Turn) -> None:
    """Ring somebody to ask him alone; the caller has music meanwhile."""
    turn.ring("consult")
    turn.hold(turn.now.caller)


def invite(turn: Turn) -> None:
    """Ring somebody who joins all at once; the caller stays."""
    turn.ring("invite")


def call_emergency(turn: Turn) -> None:
    """110, 119, 120, 122: the caller is in and stays in, whatever was before."""
    turn.ring("invite")
    turn.join(turn.now.caller)


def cancel(turn: Turn) -> None:
    """Stop ringing; the agent is with the caller again when nobody else is in."""
    ringing = turn.now.others("ringing", "announcing")
    if not ringing:
        raise Refused("没有正在呼叫的一方")
    turn.let_all_go(ringing, "cancelled")
    turn.note("party_cancelled")
    _not_alone(turn)


def party_answered(turn: Turn) -> None:
    """Who was rung picked up. An outside party hears first that the call is recorded."""
    leg = turn.now.leg(turn.event.leg)
    if leg is None or leg.place != "ringing":
        return
    turn.note("party_answered", leg=leg.id, label=leg.label)
    if leg.kind == "seat":
        turn.change(leg, answered=True)
        party_ready(turn)
        return
    turn.change(leg, place="announcing", answered=True)
    turn.do(Announce(leg.id))


def _coming(turn: Turn) -> Leg | None:
    """Who was rung and may join now; None when it is too late for him."""
    leg = turn.now.leg(turn.event.leg)
    if leg is None or leg.role != "other" or leg.place not in ("ringing", "announcing"):
        return None
    return turn.change(leg, answered=True)


def party_ready(turn: Turn) -> None:
    """He is in: with the agent alone, or with all."""
    leg = _coming(turn)
    if leg is None:
        return
    turn.join(leg)
    if turn.now.agent is None and turn.now.lost_seat is None:
        # The agent has left for good: a colleague has the call from now on.
        _new_agent(turn)


def party_meets_caller(turn: Turn) -> None:
    """The caller waits for an agent who may come back: better with somebody than alone."""
    leg = _coming(turn)
    if leg is None:
        return
    turn.join(leg)
    turn.join(turn.now.caller)


def party_meets_caller_at_once(turn: Turn) -> None:
    """Picked up meanwhile: a seat joins, others hear the notice first."""
    leg = turn.now.leg(turn.event.leg)
    if leg is not None and leg.place == "ringing" and leg.kind == "seat":
        turn.note("party_answered", leg=leg.id, label=leg.label)
        turn.change(leg, answered=True)
        party_meets_caller(turn)
        return
    party_answered(turn)


def transfer_done(turn: Turn) -> None:
    """The agent is gone already: caller and new party are brought together."""
    leg = _coming(turn)
    if leg is None:
        return
    turn.join(leg)
    turn.join(turn.now.caller)
    turn.note("transferred", label=leg.label)
    _new_agent(turn)


def transfer_answered(turn: Turn) -> None:
    """Picked up while the agent is gone: a seat takes the call over, others hear the notice."""
    leg = turn.now.leg(turn.event.leg)
    if leg is None or leg.place != "ringing":
        return
    if leg.kind == "seat":
        turn.change(leg, answered=True)
        transfer_done(turn)
        return
    party_answered(turn)


def party_gone(turn: Turn) -> None:
    """A party went, or never came; the agent is with the caller again when she is alone."""
    if _party_went(turn):
        _not_alone(turn)


def last_party_gone(turn: Turn) -> None:
    """The caller was alone with the expert: a hang-up ends the call, a broken line does not.

    As long as anybody else is there, or on his way, the caller is not alone.
    """
    if not _party_went(turn) or turn.now.others("in") or _supervisor_steps_in(turn):
        return
    caller = turn.now.caller
    if turn.now.lost_seat is not None:
        turn.hold(caller, "agent_lost")
    elif turn.now.others():
        turn.hold(caller, "connecting")
    elif turn.event.cause == HUNG_UP:
        turn.do(End("expert_hung_up"))
    elif turn.now.owner_seat is None:
        _back_to_queue(turn, CUT_HINT, "to_person")
    else:
        turn.hold(caller, "connecting")
        turn.ring_owner(turn.event.spare, "recall")


def party_gone_on_return(turn: Turn) -> None:
    """The agent is being rung to come back, and the expert went meanwhile."""
    if _party_went(turn) and not turn.now.others("in"):
        turn.hold(turn.now.caller, "connecting")


def transfer_failed(turn: Turn) -> None:
    """Nobody took the transferred call: back to the agent who gave it away."""
    if not _party_went(turn) or turn.now.others():
        return
    if turn.now.owner_seat is None:
        _back_to_queue(turn, FAILED_HINT, "transfer_failed")
        return
    turn.do(Hold(turn.now.caller.id, "transfer_failed"))
    turn.ring_owner(turn.event.spare, "recall")


def _party_went(turn: Turn) -> bool:
    leg = turn.now.leg(turn.event.leg)
    if leg is None or leg.role != "other":
        return False
    cause = turn.event.cause
    why = ("hung_up" if cause == HUNG_UP else "lost") if leg.answered else why_not(cause)
    turn.remove(leg, why, hang_up=cause == NO_ANSWER and not leg.answered)
    turn.note("party_gone", leg=leg.id, label=leg.label, cause=why)
    return True


def why_not(cause: int) -> str:
    """Why somebody who was rung did not come, by Q.850 cause."""
    if cause == 17:
        return "busy"
    if cause == 21:
        return "refused"
    if cause in (1, 2, 3, 28):
        return "wrong_number"
    if cause in (18, 19, HUNG_UP):
        return "not_answered"
    return "unreachable"


def _not_alone(turn: Turn) -> None:
    """An agent with nobody and nobody on the way goes back to the caller."""
    agent = turn.now.agent
    if agent is None or agent.place != "in":
        return
    if not turn.now.others("in", "ringing", "announcing"):
        turn.join(turn.now.caller)


# --- between the two ---


def back(turn: Turn) -> None:
    """The others go, agent and caller talk on."""
    turn.let_all_go(turn.now.others(), "dropped")
    turn.join(turn.now.caller)
    turn.note("back_to_caller")


def swap(turn: Turn) -> None:
    """From expert to caller, or from caller to expert; the other side has music."""
    if turn.now.caller.place == "held":
        for leg in turn.now.others("in"):
            turn.hold(leg)
        turn.join(turn.now.caller)
    else:
        turn.hold(turn.now.caller)
        for leg in turn.now.others("held"):
            turn.join(leg)
    turn.note("swapped")


def join_all(turn: Turn) -> None:
    """三方通话: everybody hears everybody. Q二(二)1"""
    turn.join(turn.now.caller)
    for leg in turn.now.others("held"):
        turn.join(leg)
    turn.note("joined")


def join_rest(turn: Turn) -> None:
    """Who still waits with music comes in; nobody does: say what is the case."""
    held = turn.now.others("held")
    if not held:
        raise Refused(JOINED if turn.now.others("in") else JOINS_BY_ITSELF)
    for leg in held:
        turn.join(leg)
    turn.note("joined")


def mute(turn: Turn) -> None:
    _mute(turn, on=True)


def unmute(turn: Turn) -> None:
    _mute(turn, on=False)


def _mute(turn: Turn, *, on: bool) -> None:
    leg = turn.named()
    if leg.muted == on:
        raise Refused("该方已经静音" if on else "该方没有静音")
    if leg.place in ("ringing", "announcing"):
        raise Refused("该方尚未接通")
    turn.change(leg, muted=on)
    turn.do(Mute(leg.id, on))
    turn.note("muted" if on else "unmuted", leg=leg.id, label=leg.label)


def drop(turn: Turn) -> None:
    """The agent takes somebody off the call."""
    leg = turn.named()
    if leg.role != "other":
        raise Refused("来电人和座席不能移除，请使用挂机")
    turn.remove(leg, "dropped")
    turn.note("party_dropped", leg=leg.id, label=leg.label)
    _not_alone(turn)


# --- the agent goes ---


def leave(turn: Turn) -> None:
    """The agent goes, caller and expert talk on; the call stays hers. Q二(二)1"""
    _agent_goes(turn, "left")


def hang_up(turn: Turn) -> None:
    """With nobody but the caller this is the end of the call."""
    agent = turn.now.agent
    if agent is not None:
        turn.remove(agent, "agent_hung_up", hang_up=turn.event.name == "hang_up")
    if not _supervisor_steps_in(turn):
        turn.do(End("agent_hung_up"))


def _supervisor_steps_in(turn: Turn) -> bool:
    """A supervisor who has barged in does not leave the caller alone: the call is hers."""
    barged = [leg for leg in turn.now.supervisors if leg.place == "in"]
    if not barged or turn.now.lost_seat is not None:
        return False
    turn.join(turn.now.caller)
    _promote(turn, barged[0])
    return True


def hang_up_leaving(turn: Turn) -> None:
    """Others are on the call: only the agent goes, nobody else is dropped."""
    _agent_goes(turn, "agent_hung_up", hang_up=turn.event.name == "hang_up")


def _agent_goes(turn: Turn, cause: str, *, hang_up: bool = True) -> None:
    turn.remove(turn.agent(), cause, hang_up=hang_up)
    turn.note("agent_left")
    _unmute_all(turn)
    if turn.now.others("in", "held"):
        turn.join(turn.now.caller)
        for leg in turn.now.others("held"):
            turn.join(leg)
        _new_agent(turn)
    else:
        # Somebody is still being rung: the caller waits for him with music.
        turn.hold(turn.now.caller, "connecting")


def _unmute_all(turn: Turn) -> None:
    """Only she could have ended it."""
    for leg in turn.now.legs:
        if leg.muted:
            turn.change(leg, muted=False)
            turn.do(Mute(leg.id, on=False))


def _new_agent(turn: Turn) -> None:
    """A colleague's seat among those who are in has the call from now on."""
    seats = [leg for leg in turn.now.others("in") if leg.kind == "seat"]
    if seats:
        _promote(turn, seats[0])


def _promote(turn: Turn, leg: Leg) -> None:
    turn.change(leg, role="agent", place="in", kind="seat", purpose="talk")
    turn.now = replace(turn.now, owner_seat=leg.seat_id, owner_label=leg.label, lost_seat=None)
    turn.note("owner_changed", seat=leg.seat_id, label=leg.label)


def transfer(turn: Turn) -> None:
    """Blind: the agent is free at once, the caller hears a sentence and music."""
    target = turn.event.target
    if target is None:
        raise Refused("请选择转接对象")
    if target.kind == "queue":
        turn.remove(turn.agent(), "transferred")
        turn.note("transferred", label=target.label)
        _unmute_all(turn)
        turn.do(Requeue(target.value, False, None, "connecting"))
        return
    turn.ring("transfer")
    turn.hold(turn.now.caller, "connecting")
    turn.remove(turn.agent(), "transferred")
    _unmute_all(turn)


def come_back(turn: Turn) -> None:
    """The agent returns to the call that she had left."""
    turn.ring_owner(turn.event.leg, "come_back")
    turn.note("coming_back")


# --- the agent is lost, and found ---


def agent_lost(turn: Turn) -> None:
    """Her page is gone: the caller hears why it is quiet; those whom she asked wait too."""
    _lose(turn)
    turn.let_all_go(turn.now.others("ringing", "announcing"), "cancelled")
    for leg in turn.now.others("in"):
        turn.hold(leg)
    caller = turn.now.caller
    if caller.place == "in":
        turn.hold(caller, "agent_lost")
    else:
        turn.do(Hold(caller.id, "agent_lost"))


def agent_lost_in_conference(turn: Turn) -> None:
    """Caller and expert have each other: they talk on."""
    _lose(turn)
    for leg in turn.now.others("held"):
        turn.join(leg)


def _lose(turn: Turn) -> None:
    agent = turn.agent()
    turn.remove(agent, "lost")
    turn.now = replace(turn.now, lost_seat=agent.seat_id)
    turn.note("agent_lost", seat=agent.seat_id)
    _unmute_all(turn)


def ring_again(turn: Turn) -> None:
    """Her telephone is there again."""
    if turn.now.lost_seat is not None and turn.now.owner_seat is not None:
        turn.ring_owner(turn.event.spare, "recall")


def agent_is_back(turn: Turn) -> None:
    leg = turn.now.leg(turn.event.leg)
    if leg is None or leg.role != "agent":
        return
    turn.change(leg, answered=True)
    turn.join(turn.agent())
    turn.join(turn.now.caller)
    turn.now = replace(turn.now, lost_seat=None)
    turn.note("agent_back", seat=leg.seat_id)


def stay_away(turn: Turn) -> None:
    """She was rung to come back and did not pick up; caller and expert talk on."""
    _not_rung(turn)
    if turn.event.cause == REFUSED:
        turn.now = replace(turn.now, lost_seat=None)
    if turn.now.lost_seat is None:
        _new_agent(turn)


def not_back_yet(turn: Turn) -> None:
    """A page that is just coming up may miss a ring: it is rung again while her time lasts."""
    _not_rung(turn)
    if turn.now.lost_seat is None or turn.event.cause == REFUSED:
        give_up_agent(turn)


def give_up_agent(turn: Turn) -> None:
    """She did not come back in time: the caller is next, and the next agent is told why."""
    turn.note("agent_not_back", seat=turn.now.lost_seat or turn.now.owner_seat)
    was_lost = turn.now.lost_seat is not None
    turn.now = replace(turn.now, lost_seat=None)
    if not _supervisor_steps_in(turn):
        _back_to_queue(turn, LOST_HINT if was_lost else FAILED_HINT, "to_person")


def forget_lost(turn: Turn) -> None:
    """Her time is over; caller and expert talk on without her."""
    turn.now = replace(turn.now, lost_seat=None)
    turn.note("agent_not_back", seat=turn.before.lost_seat)
    _new_agent(turn)


def _not_rung(turn: Turn) -> None:
    leg = turn.now.agent
    if leg is not None and leg.place != "in":
        turn.remove(leg, "not_answered", hang_up=turn.event.cause == NO_ANSWER)


def _back_to_queue(turn: Turn, hint: str, sentence: str) -> None:
    turn.let_all_go(turn.now.others(), "ended")
    turn.now = replace(turn.now, lost_seat=None)
    _unmute_all(turn)
    turn.do(Requeue(None, True, hint, sentence))


def caller_gone(turn: Turn) -> None:
    turn.do(End("caller_hung_up"))


# --- supervisors ---


def supervise(turn: Turn) -> None:
    """Listen, whisper or barge: ring her telephone, or change what she does on the line."""
    event = turn.event
    how = event.name
    agent = turn.now.agent
    if how == "whisper" and (agent is None or agent.place != "in"):
        raise Refused("座席不在通话中，不能密语")
    leg = _hers(turn)
    if leg is None:
        if event.seat is None:
            raise Refused("您没有席位，不能监听")
        if any(x.seat_id == event.seat for x in turn.now.legs):
            raise Refused("您已经在本次通话中")
        if event.seat in (turn.now.owner_seat, turn.now.lost_seat):
            raise Refused("您是本次通话的负责座席，请使用返回通话")
        turn.add(
            Leg(
                id=event.leg,
                role="supervisor",
                place="ringing",
                kind=how,  # type: ignore[arg-type]
                label=event.label,
                seat_id=event.seat,
                account_id=event.account,
                purpose="supervise",
            )
        )
        turn.do(RingSeat(event.leg, event.seat))
        turn.note(how)
        return
    if leg.kind == how:
        raise Refused("已经处于该状态")
    if leg.place == "ringing":
        turn.change(leg, kind=how)
    else:
        turn.change(leg, kind=how, place="in" if how == "barge" else "apart")
        turn.do(Supervise(leg.id, how, listened_to(turn.now)))
    turn.note(how)


def supervisor_answered(turn: Turn) -> None:
    leg = turn.now.leg(turn.event.leg)
    if leg is None or leg.role != "supervisor" or leg.place != "ringing":
        return
    turn.change(leg, answered=True, place="in" if leg.kind == "barge" else "apart")
    turn.do(Supervise(leg.id, leg.kind, listened_to(turn.now)))


def supervisor_gone(turn: Turn) -> None:
    leg = turn.now.leg(turn.event.leg)
    if leg is not None and leg.role == "supervisor":
        turn.remove(leg, "hung_up", hang_up=turn.event.cause == NO_ANSWER and not leg.answered)


def stop_supervising(turn: Turn) -> None:
    leg = _hers(turn)
    if leg is None:
        raise Refused("您没有在监听本次通话")
    turn.remove(leg, "stopped")


def take_over(turn: Turn) -> None:
    """The supervisor is the agent from now on; the agent is free."""
    leg = _hers(turn)
    if leg is None or leg.place == "ringing":
        raise Refused("请先监听或强插，接通后再接管")
    agent = turn.now.agent
    if agent is not None:
        turn.remove(agent, "taken_over")
    turn.do(Supervise(leg.id, "barge", turn.now.caller.id))
    turn.join(turn.now.caller)
    turn.note("taken_over")
    _promote(turn, leg)


def _hers(turn: Turn) -> Leg | None:
    return next((x for x in turn.now.supervisors if x.seat_id == turn.event.seat), None)
