# SPDX-License-Identifier: MIT
"""LiveKit Agents' RealtimeModel, used directly and inside an AgentSession; no LiveKit server."""
import asyncio
import json
import time
import unittest

from livekit import rtc
from livekit.agents import Agent, AgentSession, function_tool, llm
from livekit.agents.voice import io
from livekit.plugins.openai.realtime import RealtimeModel
from openai.types.realtime import AudioTranscription
from openai.types.realtime.realtime_audio_input_turn_detection import SemanticVad, ServerVad

from support import MODEL, PATIENCE_S, full, heard, speech, words
from tap import (KEY, SUNNY, WEATHER_SCHEMA, TapTest, ephemeral_key, guarded_server)

RATE = 24000
VAD = ServerVad(type="server_vad", create_response=True, interrupt_response=True)


def get_weather_tool(asked):
    @function_tool(raw_schema={"name": "get_weather", "parameters": WEATHER_SCHEMA,
                               "description": "Get the current weather in a city."})
    async def get_weather(raw_arguments: dict) -> str:
        asked.append(raw_arguments["city"].lower())
        return SUNNY
    return get_weather


class Ear(io.AudioInput):
    """What the user says, frame by frame."""

    def __init__(self):
        super().__init__(label="ear")
        self.frames = asyncio.Queue()

    async def __anext__(self):
        return await self.frames.get()

    async def append(self, audio):
        self.frames.put_nowait(rtc.AudioFrame(audio, RATE, 1, len(audio) // 2))


class Mouth(io.AudioOutput):
    """Plays at real pace to nobody, and says how far it came."""

    def __init__(self):
        super().__init__(label="mouth", sample_rate=RATE,
                         capabilities=io.AudioOutputCapabilities(pause=False))
        self.heard = 0.0
        self._clear()

    def _clear(self):
        self.pushed = 0.0
        self.started = None
        self.ending = None

    async def capture_frame(self, frame):
        await super().capture_frame(frame)
        if self.started is None:
            self.started = time.time()
            self.on_playback_started(created_at=self.started)
        self.pushed += frame.duration

    def flush(self):
        super().flush()
        if self.started is not None:
            left = self.started + self.pushed - time.time()
            self.ending = asyncio.get_running_loop().call_later(max(0, left), self._finish, False)

    def clear_buffer(self):
        if self.started is not None:
            self._finish(True)

    def _finish(self, interrupted):
        if self.ending is not None:
            self.ending.cancel()
        position = min(self.pushed, time.time() - self.started)
        self.heard += position
        self._clear()
        self.on_playback_finished(playback_position=position, interrupted=interrupted)


class LiveKitTest(TapTest):
    def model(self, relay, **options):
        model = RealtimeModel(model=MODEL, base_url=f"http://{relay.host}/v1",
                              **{"api_key": KEY, "turn_detection": VAD, **options})
        self.addAsyncCleanup(model.aclose)
        return model

    async def session(self, relay=None, **options):
        self.relay = relay or await self.tap()
        session = self.model(self.relay, **options).session()
        self.errors = []
        session.on("error", self.errors.append)
        self.addAsyncCleanup(session.aclose)
        await self.relay.wait("session.updated")
        return session

    def next(self, session, name, match=lambda event: True):
        """The next event of this name, as an awaitable."""
        future = asyncio.get_running_loop().create_future()
        session.on(name, lambda event: future.done() or match(event) and future.set_result(event))
        return asyncio.wait_for(future, PATIENCE_S)

    async def ears(self, session):
        async def append(audio):
            session.push_audio(rtc.AudioFrame(audio, RATE, 1, len(audio) // 2))
        return await self.microphone(append)

    async def read(self, generation):
        """Text, audio and function calls of one generation, through its streams."""
        text, audio, calls = "", b"", []
        async for message in generation.message_stream:
            async for part in message.text_stream:
                text += part
            async for frame in message.audio_stream:
                audio += frame.data.tobytes()
        async for call in generation.function_stream:
            calls.append(call)
        return text, audio, calls

    async def say(self, session, text):
        context = session.chat_ctx.copy()
        context.add_message(role="user", content=text)
        await session.update_chat_ctx(context)

    def assert_no_errors(self):
        self.assertEqual([str(error.error) for error in self.errors], [])
        self.assertEqual(self.relay.errors, [])

    async def test_a_text_turn(self):
        session = await self.session(modalities=["text"])
        await session.update_instructions("You are a helpful assistant.")
        await self.say(session, "What is two plus three?")
        text, audio, _ = await self.read(await session.generate_reply())
        self.assertRegex(text.lower(), r"\b(five|5)\b")
        self.assertEqual(audio, b"")
        self.assert_no_errors()

    async def test_a_spoken_turn(self):
        session = await self.session(
            input_audio_transcription=AudioTranscription(model="whisper-1"),
            turn_detection=SemanticVad(type="semantic_vad", create_response=True,
                                       eagerness="high", interrupt_response=True))
        generation = self.next(session, "generation_created")
        completed = self.next(session, "input_audio_transcription_completed",
                              lambda event: event.is_final)
        microphone = await self.ears(session)
        microphone.say(speech("hello-world"))
        text, audio, _ = await self.read(await generation)
        self.assert_spoken(text, audio)
        transcript = (await completed).transcript
        self.assertGreaterEqual(heard(transcript, words("hello-world")), 0.5, transcript)
        self.assert_no_errors()

    async def test_a_tool_runs_and_its_result_is_spoken(self):
        asked = []
        session = await self.session(modalities=["text"])
        await session.update_tools([get_weather_tool(asked)])
        await self.say(session, "What is the weather in Paris?")
        _, _, (call,) = await self.read(await session.generate_reply())
        self.assertEqual(call.name, "get_weather")
        self.assertEqual(json.loads(call.arguments)["city"].lower(), "paris")
        context = session.chat_ctx.copy()
        context.items.append(llm.FunctionCallOutput(
            call_id=call.call_id, name=call.name, output=SUNNY, is_error=False))
        await session.update_chat_ctx(context)
        text, _, _ = await self.read(await session.generate_reply(tool_choice="none"))
        self.assertRegex(text.lower(), r"21|twenty[ -]one|sunny")
        self.assert_no_errors()

    async def test_a_voice_interrupts_and_the_answer_is_truncated(self):
        session = await self.session()
        await self.say(session, "Please count from one to fifty.")
        generation = await session.generate_reply()
        message = await anext(aiter(generation.message_stream))
        await anext(aiter(message.audio_stream))
        started = self.next(session, "input_speech_started")
        following = self.next(session, "generation_created",
                              lambda event: event.response_id != generation.response_id)
        microphone = await self.ears(session)
        microphone.say(speech("hello-world"))
        await started
        session.interrupt()  # as an AgentSession does, although the server was faster
        session.truncate(message_id=message.message_id, modalities=["audio"], audio_end_ms=150)
        truncated = await self.relay.wait("conversation.item.truncated")
        self.assertEqual(truncated["item_id"], message.message_id)
        await self.read(await following)
        await self.relay.responses(2)
        self.assertEqual(self.relay.all("response.done")[0]["response"]["status"], "cancelled")
        self.assertEqual([str(error.error) for error in self.errors], [])
        for error in self.relay.errors:
            self.assertTrue(error["message"].startswith("Cancellation failed"), error)

    async def test_transcription_without_answers(self):
        session = await self.session(
            input_audio_transcription=AudioTranscription(model="whisper-1"),
            turn_detection=ServerVad(type="server_vad", create_response=False))
        completed = self.next(session, "input_audio_transcription_completed",
                              lambda event: event.is_final)
        microphone = await self.ears(session)
        microphone.say(speech("tt-weasels"))
        transcript = (await completed).transcript
        self.assertGreaterEqual(heard(transcript, words("tt-weasels")), 0.5, transcript)
        self.assertEqual(self.relay.all("response.created"), [])
        self.assert_no_errors()

    @full
    async def test_a_manual_turn(self):
        session = await self.session(turn_detection=None)
        pcm = speech("hello-world")
        session.push_audio(rtc.AudioFrame(pcm, RATE, 1, len(pcm) // 2))
        session.commit_audio()
        text, audio, _ = await self.read(await session.generate_reply())
        self.assert_spoken(text, audio)
        self.assert_no_errors()

    async def test_a_long_history_is_rebuilt_in_one_burst(self):
        session = await self.session(modalities=["text"])
        context = llm.ChatContext.empty()
        for number in range(25):
            context.add_message(role="user", content=f"My lucky number is {number}.")
            context.add_message(role="assistant", content="I see.")
        await session.update_chat_ctx(context)
        self.assertEqual([item.id for item in session.chat_ctx.items],
                         [item.id for item in context.items])
        shorter = context.copy()
        del shorter.items[5:45]
        shorter.items.insert(0, llm.ChatMessage(role="user", content=["My name is Ada."]))
        await session.update_chat_ctx(shorter)
        self.assertEqual([item.id for item in session.chat_ctx.items],
                         [item.id for item in shorter.items])
        self.assert_no_errors()

    async def test_an_ephemeral_key(self):
        relay = await self.tap(upstream=guarded_server())
        session = await self.session(relay, api_key=await ephemeral_key(relay))
        await self.say(session, "What is two plus three?")
        text, audio, _ = await self.read(await session.generate_reply())
        self.assertRegex(text.lower(), r"\b(five|5)\b")
        self.assert_spoken(text, audio)
        self.assert_no_errors()

    async def test_azure_by_its_deployment(self):
        self.relay = await self.tap()
        model = RealtimeModel.with_azure(
            azure_deployment=MODEL, azure_endpoint=f"http://{self.relay.host}", api_key=KEY,
            turn_detection=VAD)
        self.addAsyncCleanup(model.aclose)
        session = model.session()
        self.errors = []
        session.on("error", self.errors.append)
        self.addAsyncCleanup(session.aclose)
        await self.say(session, "What is two plus three?")
        text, audio, _ = await self.read(await session.generate_reply())
        self.assertRegex(text.lower(), r"\b(five|5)\b")
        self.assert_spoken(text, audio)
        self.assert_no_errors()

    async def test_an_agent_session_by_voice_with_an_interruption(self):
        self.relay = await self.tap()
        model = self.model(self.relay,
                           input_audio_transcription=AudioTranscription(model="whisper-1"))
        session = AgentSession(llm=model, aec_warmup_duration=None)  # there is no echo
        ear, mouth = Ear(), Mouth()
        session.input.audio, session.output.audio = ear, mouth
        said, errors = [], []
        session.on("conversation_item_added", lambda event: said.append(event.item))
        session.on("error", errors.append)
        async with session:
            await session.start(Agent(instructions="You are a helpful assistant."))
            handle = session.generate_reply(user_input="Please count from one to fifty.")
            await self.relay.wait("response.output_audio.delta")
            microphone = await self.microphone(ear.append)
            microphone.say(speech("hello-world"))
            truncated = await self.relay.wait("conversation.item.truncated")
            await handle
            self.assertTrue(handle.interrupted)
            first, _ = await self.relay.responses(2)
            await microphone.stop()
        said = [item for item in said if item.type == "message"]
        self.assertEqual(first["status"], "cancelled")
        self.assertEqual(truncated["item_id"], first["output"][0]["id"])
        cut = [item for item in said if item.role == "assistant" and item.interrupted]
        self.assertEqual(cut[0].id, truncated["item_id"])
        users = [item.text_content for item in said if item.role == "user"]
        self.assertTrue(any(heard(t, words("hello-world")) >= 0.5 for t in users), users)
        self.assertGreater(mouth.heard, 0)
        self.assertEqual(errors, [])

    async def test_an_agent_session_with_a_tool(self):
        asked = []
        self.relay = await self.tap()
        async with AgentSession(llm=self.model(self.relay, modalities=["text"])) as session:
            await session.start(Agent(instructions="You are a helpful assistant.",
                                      tools=[get_weather_tool(asked)]))
            result = await asyncio.wait_for(
                session.run(user_input="What is the weather in Paris?"), PATIENCE_S)
            result.expect.next_event().is_function_call(name="get_weather")
            result.expect.next_event().is_function_call_output(output=SUNNY)
            answer = result.expect.next_event().is_message(role="assistant")
            self.assertRegex(answer.event().item.text_content.lower(),
                             r"21|twenty[ -]one|sunny")
        self.assertEqual(asked, ["paris"])
        self.assertEqual(self.relay.errors, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
