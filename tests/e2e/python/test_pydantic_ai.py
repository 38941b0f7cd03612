# SPDX-License-Identifier: MIT
"""Pydantic AI's realtime sessions, as its documentation shows them; base URL and key are ours."""
import asyncio
import unittest

from pydantic_ai import Agent
from pydantic_ai.messages import SpeechPart, TextPart, ToolReturnPart
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.realtime import RealtimeTurnCompleteEvent
from pydantic_ai.realtime.openai import OpenAIRealtimeModel

from support import BYTES_PER_MS, MODEL, heard, speech, words
from tap import KEY, SUNNY, TapTest, ephemeral_key, guarded_server


class PydanticAiTest(TapTest):
    async def open(self, agent=None, relay=None, api_key=KEY, session=None, **settings):
        self.relay = relay or await self.tap()
        provider = OpenAIProvider(base_url=f"http://{self.relay.host}/v1", api_key=api_key)
        agent = agent or Agent(instructions="You are a helpful assistant.")
        realtime = agent.realtime(OpenAIRealtimeModel(MODEL, provider=provider),
                                  model_settings=settings)
        return await self.enterAsyncContext(realtime.session(**(session or {})))

    def parts(self, session, kind):
        return [part for message in session.all_messages() for part in message.parts
                if isinstance(part, kind)]

    def spoken(self, session, speaker):
        return [part for part in self.parts(session, SpeechPart) if part.speaker == speaker]

    async def test_a_text_turn(self):
        session = await self.open(output_modality="text")
        await session.send("What is two plus three?")
        await session.wait_for_reply()
        (part,) = self.parts(session, TextPart)
        self.assertRegex(part.content.lower(), r"\b(five|5)\b")
        self.assertEqual(self.relay.errors, [])

    async def test_a_spoken_turn(self):
        session = await self.open()
        sound = bytearray()

        async def play():
            async for chunk in session.stream_audio():
                sound.extend(chunk)
        player = asyncio.create_task(play())
        self.addCleanup(player.cancel)
        microphone = await self.microphone(session.send_audio)
        microphone.say(speech("hello-world"))
        async for event in session:
            if isinstance(event, RealtimeTurnCompleteEvent):
                break
        await microphone.stop()
        await session.wait_for_playback()
        (assistant,), (user,) = (self.spoken(session, "assistant"), self.spoken(session, "user"))
        self.assert_spoken(assistant.transcript, sound)
        self.assertGreaterEqual(heard(user.transcript, words("hello-world")), 0.5)
        self.assertEqual(self.relay.errors, [])

    async def test_a_tool_runs_and_its_result_is_spoken(self):
        agent = Agent(instructions="You are a helpful assistant.")
        asked = []

        @agent.tool_plain
        def get_weather(city: str) -> str:
            """Get the current weather in a city."""
            asked.append(city.lower())
            return SUNNY

        session = await self.open(agent, output_modality="text")
        await session.send("What is the weather in Paris?")
        await session.wait_for_reply()
        self.assertEqual(asked, ["paris"])
        self.assertEqual([part.content for part in self.parts(session, ToolReturnPart)], [SUNNY])
        self.assertRegex(self.parts(session, TextPart)[-1].content.lower(),
                         r"21|twenty[ -]one|sunny")
        self.assertEqual(self.relay.errors, [])

    async def test_a_voice_interrupts_and_the_session_truncates(self):
        session = await self.open(session={"handle_barge_in": True})

        async def play():
            async for chunk in session.stream_audio():
                await asyncio.sleep(len(chunk) / BYTES_PER_MS / 1000)
        player = asyncio.create_task(play())
        self.addCleanup(player.cancel)
        await session.send("Please count from one to fifty.")
        await self.relay.wait("response.output_audio.delta")
        microphone = await self.microphone(session.send_audio)
        microphone.say(speech("hello-world"))
        truncated = await self.relay.wait("conversation.item.truncated")
        (truncate,) = self.relay.sent("conversation.item.truncate")
        self.assertEqual(truncated["audio_end_ms"], truncate["audio_end_ms"])
        first, _ = await self.relay.responses(2)
        self.assertEqual(first["status"], "cancelled")
        await session.wait_for_reply()
        await microphone.stop()
        self.assertEqual(self.spoken(session, "assistant")[0].interrupted_at_ms,
                         truncate["audio_end_ms"])
        self.assertEqual(self.relay.errors, [])

    async def test_a_manual_turn(self):
        session = await self.open(turn_detection=False)
        await session.send_audio(speech("hello-world"))
        await session.commit_audio()
        await session.create_response()
        await session.wait_for_reply()
        (response,) = await self.relay.responses(1)
        self.assert_spoken(*self.relay.spoken(response["id"]))
        self.assertEqual(self.relay.errors, [])

    async def test_an_ephemeral_key(self):
        relay = await self.tap(upstream=guarded_server())
        session = await self.open(relay=relay, api_key=await ephemeral_key(relay),
                                  output_modality="text")
        await session.send("What is two plus three?")
        await session.wait_for_reply()
        (part,) = self.parts(session, TextPart)
        self.assertRegex(part.content.lower(), r"\b(five|5)\b")
        self.assertEqual(self.relay.errors, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
