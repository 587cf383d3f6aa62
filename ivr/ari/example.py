"""Answer every call, play a sound, hang up. ``python -m ivr.ari.example URL USER PASSWORD``"""

import asyncio
import contextlib
import sys

from . import Channel, Client, Event, NotFound, PlaybackFinished, StasisStart, new_id


async def greet(client: Client, channel: Channel) -> None:
    playback_id = new_id("pb")
    with contextlib.suppress(NotFound), client.watch(playback_id) as events:  # first watch …
        await channel.answer()
        await channel.play("sound:hello-world", playback_id=playback_id)  # … then act
        await events.until(PlaybackFinished)
        await channel.hangup()


async def main(url: str, username: str, password: str) -> None:
    def on_event(event: Event) -> None:
        if isinstance(event, StasisStart):
            calls.create_task(greet(client, client.channel(event.channel.id)))

    async with (
        asyncio.TaskGroup() as calls,
        Client(url, username, password, "hello", on_event=on_event) as client,
    ):
        await client.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
