"""Answer every call, play a sound, hang up. ``python -m ivr.ari.example URL USER PASSWORD``"""

import asyncio
import sys

from . import Client, Event, PlaybackFinished, StasisStart, new_id


async def main(url: str, username: str, password: str) -> None:
    async def greet(channel_id: str) -> None:
        channel = client.channel(channel_id)
        playback_id = new_id("pb")
        with client.watch(playback_id) as events:  # watched before it is asked for
            await channel.answer()
            await channel.play("sound:hello-world", playback_id=playback_id)
            await events.until(PlaybackFinished)
        await channel.hangup()

    def on_event(event: Event) -> None:
        if isinstance(event, StasisStart):
            calls.create_task(greet(event.channel.id))

    async with asyncio.TaskGroup() as calls:
        client = Client(url, username, password, "hello", on_event=on_event)
        async with client:
            await client.wait_closed()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
