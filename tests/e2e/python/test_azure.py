# SPDX-License-Identifier: MIT
"""The AzureOpenAI class of pip `openai` at Azure's doors; endpoint and key are ours."""
import base64
import json
import unittest

from openai import AsyncAzureOpenAI, AsyncOpenAI

from support import MODEL, full, heard, need, speech, words
from tap import KEY, SUNNY, WEATHER_SCHEMA, TapTest

WEATHER = {"type": "function", "name": "get_weather", "parameters": WEATHER_SCHEMA,
           "description": "Get the current weather in a city."}


class AzureTest(TapTest):
    async def connect(self, api_version="2024-10-01-preview"):
        # The class dials wss: whatever the endpoint says.
        self.relay = await self.tap(dialect="beta", tls=True,
                                    upstream=need("PARLEY_E2E_TLS_HOST"))
        client = AsyncAzureOpenAI(azure_endpoint=f"https://{self.relay.host}", api_key=KEY,
                                  api_version=api_version)
        self.addAsyncCleanup(client.close)
        connection = await client.beta.realtime.connect(model=MODEL).enter()
        self.addAsyncCleanup(connection.close)
        return connection

    async def say(self, connection, text):
        await connection.conversation.item.create(item={
            "type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]})

    async def events(self, connection, last):
        """All events up to the first of this type, as the SDK types them."""
        seen = []
        async for event in connection:
            seen.append(event)
            self.assertNotEqual(event.type, "error", event)
            if event.type == last:
                return seen

    async def text_turn(self, api_version):
        connection = await self.connect(api_version)
        await connection.session.update(session={"modalities": ["text"]})
        await self.say(connection, "What is two plus three?")
        await connection.response.create()
        seen = await self.events(connection, "response.done")
        text = "".join(e.delta for e in seen if e.type == "response.text.delta")
        self.assertRegex(text.lower(), r"\b(five|5)\b")

    async def test_a_text_turn_of_the_first_preview(self):
        await self.text_turn("2024-10-01-preview")

    @full
    async def test_a_text_turn_of_the_last_preview(self):
        await self.text_turn("2025-04-01-preview")

    async def test_a_spoken_turn(self):
        connection = await self.connect()
        await connection.session.update(session={
            "turn_detection": {"type": "server_vad"},
            "input_audio_transcription": {"model": "whisper-1"}})

        async def append(audio):
            await connection.input_audio_buffer.append(audio=base64.b64encode(audio).decode())
        microphone = await self.microphone(append)
        microphone.say(speech("hello-world"))
        seen = await self.events(connection, "response.done")
        said = "".join(e.delta for e in seen if e.type == "response.audio_transcript.delta")
        self.assert_spoken(said, b"".join(base64.b64decode(e.delta) for e in seen
                                          if e.type == "response.audio.delta"))
        completed = await self.relay.wait("conversation.item.input_audio_transcription.completed")
        self.assertGreaterEqual(heard(completed["transcript"], words("hello-world")), 0.5)

    async def test_a_tool_call_and_its_result(self):
        connection = await self.connect()
        await connection.session.update(session={"modalities": ["text"], "tools": [WEATHER]})
        await self.say(connection, "What is the weather in Paris?")
        await connection.response.create()
        (call,) = (await self.events(connection, "response.done"))[-1].response.output
        self.assertEqual(json.loads(call.arguments)["city"].lower(), "paris")
        await connection.conversation.item.create(item={
            "type": "function_call_output", "call_id": call.call_id, "output": SUNNY})
        await connection.response.create()
        seen = await self.events(connection, "response.done")
        text = "".join(e.delta for e in seen if e.type == "response.text.delta")
        self.assertRegex(text.lower(), r"21|twenty[ -]one|sunny")

    @full
    async def test_a_voice_interrupts_the_answer(self):
        connection = await self.connect()
        await self.say(connection, "Please count from one to fifty.")
        await connection.response.create()
        delta = (await self.events(connection, "response.audio.delta"))[-1]

        async def append(audio):
            await connection.input_audio_buffer.append(audio=base64.b64encode(audio).decode())
        microphone = await self.microphone(append)
        microphone.say(speech("hello-world"))
        await self.events(connection, "input_audio_buffer.speech_started")
        await connection.conversation.item.truncate(
            item_id=delta.item_id, content_index=0, audio_end_ms=20)
        first = (await self.events(connection, "response.done"))[-1]
        self.assertEqual(first.response.status, "cancelled")
        await self.events(connection, "conversation.item.truncated")
        await self.events(connection, "response.done")


class AzureGaTest(TapTest):
    async def test_a_spoken_answer(self):
        # As Azure documents its GA: the plain client, at /openai/v1.
        relay = await self.tap()
        async with AsyncOpenAI(api_key=KEY, base_url=f"http://{relay.host}/openai/v1") as client:
            async with client.realtime.connect(model=MODEL) as connection:
                await connection.conversation.item.create(item={
                    "type": "message", "role": "user",
                    "content": [{"type": "input_text", "text": "What is two plus three?"}]})
                await connection.response.create()
                async for event in connection:
                    if event.type == "response.done":
                        break
                self.assert_spoken(*relay.spoken(event.response.id))
        self.assertEqual(relay.errors, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
