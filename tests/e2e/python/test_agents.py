# SPDX-License-Identifier: MIT
"""The OpenAI Agents SDK for Python, as its realtime quickstart shows it; url and key are ours."""
import asyncio
import unittest

from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner

from support import MODEL, full, heard, speech, words
from tap import KEY, SUNNY, TapTest, ephemeral_key, guarded_server


def texts(item):
    return "".join(getattr(part, "text", None) or getattr(part, "transcript", None) or ""
                   for part in item.content)


class AgentsTest(TapTest):
    async def connect(self, settings=None, tools=(), relay=None, api_key=KEY):
        self.relay = relay or await self.tap()
        self.events = []
        self.news = asyncio.Condition()
        agent = RealtimeAgent(name="Assistant", instructions="You are a helpful assistant.",
                              tools=list(tools))
        runner = RealtimeRunner(starting_agent=agent, config={
            "model_settings": {"model_name": MODEL, "modalities": ["audio"], **(settings or {})}})
        session = await runner.run(model_config={
            "url": f"ws://{self.relay.host}/v1/realtime?model={MODEL}", "api_key": api_key})
        await session.enter()
        self.addAsyncCleanup(session.close)
        reader = asyncio.create_task(self._read(session))
        self.addCleanup(reader.cancel)
        return session

    async def _read(self, session):
        async for event in session:
            async with self.news:
                self.events.append(event)
                self.news.notify_all()

    async def until(self, probe, what):
        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(probe), 40)
            except asyncio.TimeoutError:
                self.fail(f"waited in vain for {what}; seen {[e.type for e in self.events][-20:]}")
        return probe()

    def all(self, kind):
        return [event for event in self.events if event.type == kind]

    async def event(self, kind):
        return (await self.until(lambda: self.all(kind), kind))[0]

    def history(self, role):
        updates = self.all("history_updated")
        history = updates[-1].history if updates else []
        for event in self.all("history_added"):
            if event.item.item_id not in [item.item_id for item in history]:
                history = [*history, event.item]
        return [texts(i) for i in history if i.type == "message" and i.role == role]

    def assert_no_errors(self):
        # An event that its models refuse becomes an error event.
        self.assertEqual([event.error for event in self.all("error")], [])
        self.assertEqual(self.relay.errors, [])

    async def test_a_text_turn(self):
        session = await self.connect({"modalities": ["text"]})
        await session.send_message("What is two plus three?")
        await self.event("agent_end")
        await self.until(lambda: any("five" in t.lower() or "5" in t
                                     for t in self.history("assistant")), "the answer")
        self.assertIn("What is two plus three?", self.history("user"))
        self.assert_no_errors()

    async def test_a_spoken_turn(self):
        session = await self.connect(
            {"input_audio_transcription": {"model": "whisper-1"},
             "turn_detection": {"type": "semantic_vad", "interrupt_response": True}})
        microphone = await self.microphone(session.send_audio)
        microphone.say(speech("hello-world"))
        await self.event("audio_end")
        audio = b"".join(event.audio.data for event in self.all("audio"))
        (response,) = await self.relay.responses(1)
        self.assert_spoken(self.relay.spoken(response["id"])[0], audio)
        await self.until(lambda: any(heard(t, words("hello-world")) >= 0.5
                                     for t in self.history("user") if t), "the transcript")
        self.assert_no_errors()

    async def test_a_tool_runs_and_its_result_is_spoken(self):
        asked = []

        @function_tool
        def get_weather(city: str) -> str:
            """Get the current weather in a city."""
            asked.append(city.lower())
            return SUNNY

        session = await self.connect(tools=[get_weather])
        await session.send_message("What is the weather in Paris?")
        ended = await self.event("tool_end")
        self.assertEqual((asked, ended.output), (["paris"], SUNNY))
        _, response = await self.relay.responses(2)
        self.assertRegex(self.relay.spoken(response["id"])[0].lower(), r"21|twenty[ -]one|sunny")
        self.assert_no_errors()

    async def test_a_voice_interrupts_and_the_sdk_truncates(self):
        session = await self.connect({"turn_detection": {"type": "server_vad",
                                                         "interrupt_response": True}})
        await session.send_message("Please count from one to fifty.")
        await self.event("audio")
        microphone = await self.microphone(session.send_audio)
        microphone.say(speech("hello-world"))
        await self.event("audio_interrupted")
        truncated = await self.relay.wait("conversation.item.truncated")
        (truncate,) = self.relay.sent("conversation.item.truncate")
        self.assertEqual(truncated["audio_end_ms"], truncate["audio_end_ms"])
        await self.relay.wait("conversation.item.retrieved", match=lambda e: (
            e["item"]["id"] == truncate["item_id"]))
        first, _ = await self.relay.responses(2)
        self.assertEqual(first["status"], "cancelled")
        self.assert_no_errors()

    @full
    async def test_interrupt_cancels_at_once(self):
        session = await self.connect()
        await session.send_message("Please count from one to fifty.")
        await self.event("audio")
        await session.interrupt()
        (first,) = await self.relay.responses(1)
        self.assertEqual(first["status"], "cancelled")
        await session.send_message("What is two plus three?")
        _, second = await self.relay.responses(2)
        self.assertRegex(self.relay.spoken(second["id"])[0].lower(), r"\b(five|5)\b")
        self.assert_no_errors()

    async def test_transcription_without_answers(self):
        session = await self.connect({
            "input_audio_transcription": {"model": "whisper-1"},
            "turn_detection": {"type": "server_vad", "create_response": False}})
        microphone = await self.microphone(session.send_audio)
        microphone.say(speech("tt-weasels"))
        await self.until(lambda: any(heard(t, words("tt-weasels")) >= 0.5
                                     for t in self.history("user") if t), "the transcript")
        self.assertEqual(self.relay.all("response.created"), [])
        self.assert_no_errors()

    async def test_an_ephemeral_key(self):
        relay = await self.tap(upstream=guarded_server())
        session = await self.connect(relay=relay, api_key=await ephemeral_key(relay))
        await session.send_message("What is two plus three?")
        (response,) = await relay.responses(1)
        self.assertRegex(relay.spoken(response["id"])[0].lower(), r"\b(five|5)\b")
        self.assert_no_errors()


if __name__ == "__main__":
    unittest.main(verbosity=2)
