# SPDX-License-Identifier: MIT
"""Conversations through the official Python SDK, pointed at the server by base URL alone."""
import array
import json
import math
import unittest

from openai import AsyncOpenAI, OpenAI, AuthenticationError

from support import (BYTES_PER_MS, MODEL, RealtimeTest, base_url, full, heard, silence, speech,
                     words)
from tap import SECRET, guarded_server

WEATHER = {"type": "function", "name": "get_weather",
           "description": "Get the current weather in a city.",
           "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                          "required": ["city"]}}


def level_dbfs(pcm):
    samples = array.array("h", pcm)
    return 10 * math.log10(sum(s * s for s in samples) / len(samples) / 32768 ** 2 + 1e-12)


class ConversationTest(RealtimeTest):
    def assert_spoken(self, answer):
        self.assertEqual(answer["response"]["status"], "completed")
        count = len(answer["transcript"].split())
        self.assertGreater(count, 0)
        ms = len(answer["audio"]) / BYTES_PER_MS
        self.assertGreater(ms, 100 * count)
        self.assertLess(ms, 1500 + 1000 * count)
        self.assertGreater(level_dbfs(answer["audio"]), -45)

    async def text_turn(self, scheme, dialect):
        session = await self.open(scheme, dialect)
        await session.update({"output_modalities": ["text"]} if dialect == "ga"
                             else {"modalities": ["text"]})
        answer = await session.ask("What is two plus three?")
        self.assertRegex(answer["text"].lower(), r"\b(five|5)\b")
        self.assertEqual(answer["audio"], b"")

    async def test_a_text_turn_over_ws(self):
        await self.text_turn("http", "ga")

    async def test_a_text_turn_over_wss(self):
        await self.text_turn("https", "ga")

    @full
    async def test_a_text_turn_in_beta(self):
        await self.text_turn("https", "beta")

    async def voice_turn(self, scheme, dialect):
        session = await self.open(scheme, dialect)
        transcription = {"model": "whisper-1"}
        await session.update({"audio": {"input": {"transcription": transcription}}}
                             if dialect == "ga" else {"input_audio_transcription": transcription})
        since = session.mark()
        clip = speech("tt-weasels")
        await session.say(silence(300) + clip + silence(1500))
        started = await session.wait("input_audio_buffer.speech_started", since)
        committed = await session.wait("input_audio_buffer.committed", since)
        self.assertEqual(started["item_id"], committed["item_id"])
        completed = await session.wait(
            "conversation.item.input_audio_transcription.completed", since)
        self.assertGreaterEqual(heard(completed["transcript"], words("tt-weasels")), 0.5,
                                completed["transcript"])
        self.assert_spoken(await session.answer(since))

    async def test_a_spoken_turn_over_ws(self):
        await self.voice_turn("http", "ga")

    @full
    async def test_a_spoken_turn_over_wss(self):
        await self.voice_turn("https", "ga")

    @full
    async def test_a_spoken_turn_in_beta(self):
        await self.voice_turn("https", "beta")

    async def test_a_manual_commit(self):
        session = await self.open()
        await session.update({"audio": {"input": {"turn_detection": None}}})
        since = session.mark()
        clip = speech("hello-world")
        for at in range(0, len(clip), 960):
            await session.append(clip[at:at + 960])
        await session.send({"type": "input_audio_buffer.commit"})
        await session.wait("input_audio_buffer.committed", since)
        self.assertEqual(session.all("response.created"), [])
        await session.send({"type": "response.create"})
        self.assert_spoken(await session.answer(since))

    async def test_a_cancelled_answer(self):
        session = await self.open()
        await session.send({"type": "conversation.item.create", "item": {
            "type": "message", "role": "user",
            "content": [{"type": "input_text", "text": "Please count from one to fifty."}]}})
        since = session.mark()
        await session.send({"type": "response.create"})
        await session.wait("response.output_audio.delta", since)
        await session.send({"type": "response.cancel"})
        response = (await session.wait("response.done", since))["response"]
        self.assertEqual(response["status"], "cancelled")
        self.assertEqual(response["status_details"]["reason"], "client_cancelled")

    @full
    async def test_an_answer_that_the_user_interrupts(self):
        session = await self.open()
        await session.send({"type": "conversation.item.create", "item": {
            "type": "message", "role": "user",
            "content": [{"type": "input_text", "text": "Please count from one to fifty."}]}})
        since = session.mark()
        await session.send({"type": "response.create"})
        await session.wait("response.output_audio.delta", since)
        await session.say(speech("hello-world"))
        response = (await session.wait("response.done", since))["response"]
        self.assertEqual(response["status"], "cancelled")
        self.assertEqual(response["status_details"]["reason"], "turn_detected")
        await session.send({"type": "conversation.item.truncate", "content_index": 0,
                            "item_id": response["output"][0]["id"], "audio_end_ms": 150})
        await session.wait("conversation.item.truncated", since)
        await session.say(silence(1500))
        await session.wait("response.done", since,
                           lambda e: e["response"]["id"] != response["id"])

    async def test_a_function_call(self):
        session = await self.open()
        await session.update({"tools": [WEATHER]})
        response = (await session.ask("What is the weather in Paris?"))["response"]
        call = next(item for item in response["output"] if item["type"] == "function_call")
        self.assertEqual(call["name"], "get_weather")
        self.assertEqual(json.loads(call["arguments"])["city"].lower(), "paris")
        since = session.mark()
        await session.send({"type": "conversation.item.create", "item": {
            "type": "function_call_output", "call_id": call["call_id"],
            "output": json.dumps({"temperature_c": 21, "sky": "sunny"})}})
        await session.send({"type": "response.create"})
        answer = await session.answer(since)
        self.assertRegex(answer["transcript"].lower(), r"21|twenty[ -]one|sunny")
        self.assert_spoken(answer)

    async def test_bad_input_leaves_the_session_open(self):
        session = await self.open()
        await session.connection.send({"type": "session.nonsense", "event_id": "bad"})
        error = (await session.wait("error"))["error"]
        self.assertEqual((error["code"], error["param"], error["event_id"]),
                         ("invalid_value", "type", "bad"))
        self.assert_spoken(await session.ask("Hello."))


class SdkTest(unittest.IsolatedAsyncioTestCase):
    async def test_the_typed_events_of_the_sdk(self):
        # The loop that the SDK's own documentation shows.
        client = AsyncOpenAI(api_key="any", base_url=base_url("http"))
        async with client.realtime.connect(model=MODEL) as connection:
            await connection.session.update(
                session={"type": "realtime", "output_modalities": ["text"]})
            await connection.conversation.item.create(item={
                "type": "message", "role": "user",
                "content": [{"type": "input_text", "text": "What is two plus three?"}]})
            await connection.response.create()
            text = ""
            async for event in connection:
                self.assertNotEqual(event.type, "error")
                if event.type == "response.output_text.delta":
                    text += event.delta
                elif event.type == "response.done":
                    self.assertEqual(event.response.status, "completed")
                    break
        self.assertRegex(text.lower(), r"\b(five|5)\b")
        await client.close()

    async def test_an_ephemeral_key_and_its_session(self):
        base = f"http://{guarded_server()}/v1"
        async with AsyncOpenAI(api_key=SECRET, base_url=base) as backend:
            secret = await backend.realtime.client_secrets.create(
                expires_after={"anchor": "created_at", "seconds": 60},
                session={"type": "realtime", "model": MODEL, "instructions": "Be brief."})
        self.assertTrue(secret.value.startswith("ek_"))
        async with AsyncOpenAI(api_key=secret.value, base_url=base) as client:
            async with client.realtime.connect(model=MODEL) as connection:
                created = await connection.recv()
                self.assertEqual(created.type, "session.created")
                self.assertEqual(created.session.instructions, "Be brief.")
        async with AsyncOpenAI(api_key="ek_made_up", base_url=base, max_retries=0) as stranger:
            with self.assertRaises(AuthenticationError):
                await stranger.models.list()

    async def test_the_list_of_models(self):
        for scheme in ("http", "https"):
            client = OpenAI(api_key="any", base_url=base_url(scheme))
            try:
                self.assertIn(MODEL, [model.id for model in client.models.list()])
            except AuthenticationError:
                self.fail("a server without a token asked for one")
            finally:
                client.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
