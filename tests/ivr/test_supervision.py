"""Supervision when Asterisk refuses, or when a controller died between two steps. No Asterisk.

Who hears whom is measured on a real one: tests/e2e/test_supervision_sound.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ivr import ari, supervision
from ivr.ari import operations as op
from ivr.supervision import Supervision, bridge_of

CALL = "c" * 32
CHIEF, AGENT, CALLER = "seat-chief", "seat-agent", "in-caller"
CALLS_BRIDGE = f"br-{CALL}"


class Exchange(ari.Client):
    """Channels, their snoops and bridges as plain sets; `refuses` names what is refused next."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1/ari", "u", "p", "app")
        self.channels = {CHIEF, AGENT, CALLER}
        self.snoops: dict[str, tuple[str, str, str]] = {}
        self.bridges: dict[str, set[str]] = {CALLS_BRIDGE: {AGENT, CALLER}}
        self.tones: set[str] = set()
        self.refuses: set[op.Operation[Any]] = set()

    async def enter(self, channel_id: str, request: Any) -> Any:
        return await request

    async def request(
        self,
        operation: op.Operation[Any],
        *ids: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        blocking: bool = False,
        timeout: float | None = None,
    ) -> Any:
        if operation in self.refuses:
            self.refuses.discard(operation)
            raise ari.ServerError(500, "no", operation.method, "", operation.path)
        asked = dict(query or {})
        doing: dict[op.Operation[Any], Callable[..., Any]] = {
            op.CHANNEL_HANGUP: self._hang_up,
            op.BRIDGE_CREATE: lambda bridge: self.bridges.setdefault(bridge, set()) and None,
            op.BRIDGE_DESTROY: self._destroy,
            op.BRIDGE_ADD: self._add,
            op.BRIDGE_REMOVE: self._remove,
            op.BRIDGE_PLAY: lambda _, tone: self.tones.add(tone),
            op.PLAYBACK_STOP: self._silence,
        }
        if operation is op.CHANNEL_SNOOP:
            return self._snoop(ids[0], ids[1], asked["spy"], asked["whisper"])
        if operation in (op.BRIDGE_ADD, op.BRIDGE_REMOVE):
            return doing[operation](*ids, tuple(asked["channel"]))
        return doing[operation](*ids)

    def _snoop(self, target: str, snoop: str, spy: str, whisper: str) -> None:
        if target not in self.channels:
            raise ari.NotFound(404, "Channel not found", "", "", "")
        self.channels.add(snoop)
        self.snoops[snoop] = (target, spy, whisper)

    def _hang_up(self, channel: str) -> None:
        if channel not in self.channels:
            raise ari.NotFound(404, "Channel not found", "", "", "")
        self.ends(channel)

    def ends(self, channel: str) -> None:
        """A channel ends, with the snoops on it."""
        self.channels.discard(channel)
        self.snoops.pop(channel, None)
        for inside in self.bridges.values():
            inside.discard(channel)
        for snoop in [s for s, (target, _, _) in self.snoops.items() if target == channel]:
            self.ends(snoop)

    def _destroy(self, bridge: str) -> None:
        if self.bridges.pop(bridge, None) is None:
            raise ari.NotFound(404, "Bridge not found", "", "", "")

    def _inside(self, bridge: str, channels: tuple[str, ...]) -> set[str]:
        if bridge not in self.bridges:
            raise ari.NotFound(404, "Bridge not found", "", "", "")
        if not set(channels) <= self.channels:
            raise ari.BadRequest(400, "Channel not found", "", "", "")
        return self.bridges[bridge]

    def _add(self, bridge: str, channels: tuple[str, ...]) -> None:
        elsewhere = [b for b, inside in self.bridges.items() if inside & set(channels)]
        assert not elsewhere, f"{channels} are in {elsewhere} still"
        self._inside(bridge, channels).update(channels)

    def _remove(self, bridge: str, channels: tuple[str, ...]) -> None:
        inside = self._inside(bridge, channels)
        if not set(channels) <= inside:
            raise ari.Unprocessable(422, "Channel not in this bridge", "", "", "")
        inside.difference_update(channels)

    def _silence(self, tone: str) -> None:
        if tone not in self.tones:
            raise ari.NotFound(404, "Playback not found", "", "", "")
        self.tones.discard(tone)

    # --- what is there ---

    def found(self) -> tuple[dict[str, ari.ChannelData], dict[str, ari.BridgeData]]:
        """As Asterisk tells it after a restart of ours; who whispers is in the snoop's words."""
        channels = {}
        for channel in self.channels:
            target, _, whisper = self.snoops.get(channel, ("", "", ""))
            mode = "whisper" if whisper == "out" else "listen"
            args = ("app", "snoop", CALL, CHIEF, mode) if target else ("app", "seat", CALL)
            name = f"Snoop/{target}-00000000" if target else f"PJSIP/{channel}-00000000"
            place = ari.DialplanPlace(app_name="Stasis", app_data=",".join(args))
            channels[channel] = ari.ChannelData(channel, name, "Up", dialplan=place)
        bridges = {
            bridge: ari.BridgeData(id=bridge, channels=tuple(inside))
            for bridge, inside in self.bridges.items()
        }
        return channels, bridges

    def check_unheard_and_tidy(self) -> None:
        """Nothing of a supervisor is left, and she is nowhere."""
        assert self.snoops == {}
        assert self.bridges == {CALLS_BRIDGE: {AGENT, CALLER} & self.channels}
        assert self.tones == set()


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
def watch(exchange: Exchange) -> Supervision:
    return Supervision(exchange, CALL, CALLER)


def only_snoop(exchange: Exchange) -> tuple[str, str, str]:
    ((_, snoop),) = exchange.snoops.items()
    return snoop


@pytest.mark.parametrize("first", ["listen", "whisper", "barge"])
@pytest.mark.parametrize("then", ["listen", "whisper", "barge"])
async def test_any_mode_leads_to_any_other_and_leaves_nothing(
    exchange: Exchange, watch: Supervision, first: str, then: str
) -> None:
    for mode in (first, then):
        await watch.supervise(CHIEF, mode, AGENT)
        assert watch.mode(CHIEF) == mode
        if mode == "barge":
            assert CHIEF in exchange.bridges[CALLS_BRIDGE]
            assert exchange.snoops == {}
        else:
            whispers = "out" if mode == "whisper" else "none"
            assert only_snoop(exchange) == (AGENT, "both", whispers)
            assert exchange.bridges[bridge_of(CHIEF)] == {CHIEF, *exchange.snoops}
        assert bool(exchange.tones) == (mode == "whisper")
    await watch.close()
    assert watch.mode(CHIEF) is None
    exchange.check_unheard_and_tidy()


async def test_nobody_ever_whispers_to_the_caller(exchange: Exchange, watch: Supervision) -> None:
    await watch.whisper(CHIEF, CALLER)
    assert watch.mode(CHIEF) == "listen"
    assert only_snoop(exchange) == (CALLER, "both", "none")


@pytest.mark.parametrize("before", [None, "listen", "whisper", "barge"])
async def test_when_the_snoop_is_refused_she_is_where_she_was(
    exchange: Exchange, watch: Supervision, before: str | None
) -> None:
    if before is not None:
        await watch.supervise(CHIEF, before, AGENT)
    stood = exchange.found()
    exchange.refuses.add(op.CHANNEL_SNOOP)
    with pytest.raises(ari.Refused):
        await watch.whisper(CHIEF, AGENT)
    assert watch.mode(CHIEF) == before
    assert exchange.found() == stood


@pytest.mark.parametrize("before", [None, "listen", "whisper", "barge"])
@pytest.mark.parametrize("refused", [op.BRIDGE_ADD, op.BRIDGE_CREATE])
async def test_when_she_can_not_be_brought_together_with_it_she_is_nowhere_and_unheard(
    exchange: Exchange, watch: Supervision, before: str | None, refused: op.Operation[Any]
) -> None:
    if before is not None:
        await watch.supervise(CHIEF, before, AGENT)
    exchange.refuses.add(refused)
    if refused is op.BRIDGE_CREATE and before in ("listen", "whisper"):
        await watch.listen(CHIEF, AGENT)
        assert watch.mode(CHIEF) == "listen", "her bridge was there already"
        return
    with pytest.raises(ari.Refused):
        await watch.listen(CHIEF, AGENT)
    assert watch.mode(CHIEF) is None
    await watch.close()
    exchange.check_unheard_and_tidy()


async def test_when_she_has_hung_up_stopping_is_no_error(
    exchange: Exchange, watch: Supervision
) -> None:
    await watch.whisper(CHIEF, AGENT)
    exchange.ends(CHIEF)
    await watch.stop(CHIEF)
    await watch.stop(CHIEF)
    exchange.check_unheard_and_tidy()


async def test_when_the_agent_has_left_she_moves_to_the_caller(
    exchange: Exchange, watch: Supervision
) -> None:
    await watch.whisper(CHIEF, AGENT)
    exchange.ends(AGENT)
    await watch.whisper(CHIEF, CALLER)
    assert only_snoop(exchange) == (CALLER, "both", "none")
    assert exchange.bridges[bridge_of(CHIEF)] == {CHIEF, *exchange.snoops}
    assert exchange.tones == set(), "nobody whispers any more"


@pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
async def test_another_controller_finds_her_in_her_mode(
    exchange: Exchange, watch: Supervision, mode: str
) -> None:
    await watch.supervise(CHIEF, mode, AGENT)
    again = Supervision(exchange, CALL, CALLER)
    await again.recover(*exchange.found(), [CHIEF])
    assert again.mode(CHIEF) == mode
    assert bool(exchange.tones) == (mode == "whisper")
    await again.stop(CHIEF)
    exchange.check_unheard_and_tidy()


async def test_killed_between_two_modes_only_the_snoop_in_her_bridge_is_kept(
    exchange: Exchange, watch: Supervision
) -> None:
    await watch.listen(CHIEF, AGENT)
    kept = set(exchange.snoops)
    # The next controller's step had begun: a second snoop, in no bridge yet.
    exchange._snoop(AGENT, "snoop-second", "both", "out")
    again = Supervision(exchange, CALL, CALLER)
    await again.recover(*exchange.found(), [CHIEF])
    assert again.mode(CHIEF) == "listen"
    assert set(exchange.snoops) == kept


async def test_who_is_found_nowhere_has_no_mode(exchange: Exchange) -> None:
    watch = Supervision(exchange, CALL, CALLER)
    await watch.recover(*exchange.found(), [CHIEF])
    assert watch.mode(CHIEF) is None


async def test_the_sweep_ends_what_belongs_to_no_supervisor_and_nothing_else(
    exchange: Exchange, watch: Supervision
) -> None:
    await watch.whisper(CHIEF, AGENT)
    await supervision.sweep(exchange, *exchange.found(), [CHIEF])
    assert watch.mode(CHIEF) == "whisper"
    assert len(exchange.snoops) == 1
    exchange.ends(CHIEF)
    await supervision.sweep(exchange, *exchange.found(), [])
    assert exchange.snoops == {}
    assert set(exchange.bridges) == {CALLS_BRIDGE}


async def test_without_its_silence_a_whisper_goes_on(
    exchange: Exchange, watch: Supervision
) -> None:
    exchange.refuses.add(op.BRIDGE_PLAY)
    await watch.whisper(CHIEF, AGENT)
    assert watch.mode(CHIEF) == "whisper"
    await watch.stop(CHIEF)
    exchange.check_unheard_and_tidy()
