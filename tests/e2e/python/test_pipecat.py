# SPDX-License-Identifier: MIT
"""Pipecat's OpenAIRealtimeLLMService in a whole pipeline, with a transport in memory."""
import asyncio
import os
import time
import unittest

os.environ.setdefault("LOGURU_LEVEL", "ERROR")  # read when pipecat is imported

from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
from pipecat.frames.frames import (ErrorFrame, InputAudioRawFrame, InterimTranscriptionFrame,
                                   InterruptionFrame, LLMRunFrame, LLMTextFrame, TranscriptionFrame)
from pipecat.observers.base_observer import BaseObserver
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
from pipecat.services.openai.realtime import events
from pipecat.services.openai.realtime.llm import OpenAIRealtimeLLMService
from pipecat.transports.base_input import BaseInputTransport
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner

from support import BYTES_PER_MS, MODEL, PATIENCE_S, heard, speech, words
from tap import (KEY, SUNNY, WEATHER_SCHEMA, TapTest, ephemeral_key,
                 guarded_server)

RATE = 24000
PARAMS = TransportParams(audio_in_enabled=True, audio_in_sample_rate=RATE,
                         audio_out_enabled=True, audio_out_sample_rate=RATE)


class Ear(BaseInputTransport):
    """What the user says goes in by push_audio_frame."""

    async def start(self, frame):
        await super().start(frame)
        await self.set_transport_ready(frame)


class Mouth(BaseOutputTransport):
    """Plays at real pace to nobody, and keeps what it played."""

    def __init__(self, params):
        super().__init__(params)
        self.played = bytearray()
        self.due = 0.0

    async def start(self, frame):
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame):
        self.played += frame.audio
        self.due = max(self.due, time.monotonic()) + len(frame.audio) / BYTES_PER_MS / 1000
        await asyncio.sleep(self.due - time.monotonic())
        return True


class Watcher(BaseObserver):
    """Every frame that any processor pushes, once."""

    def __init__(self):
        super().__init__()
        self.frames = {}
        self.news = asyncio.Condition()

    async def on_push_frame(self, data):
        if data.frame.id in self.frames:
            return
        async with self.news:
            self.frames[data.frame.id] = data.frame
            self.news.notify_all()

    def all(self, kind):
        return [frame for frame in self.frames.values() if isinstance(frame, kind)]

    async def wait(self, kind):
        async with self.news:
            await asyncio.wait_for(self.news.wait_for(lambda: self.all(kind)), PATIENCE_S)
        return self.all(kind)[0]


class PipecatTest(TapTest):
    async def start(self, messages=(), tools=None, relay=None, api_key=KEY, **properties):
        self.relay = relay or await self.tap()
        llm = OpenAIRealtimeLLMService(
            api_key=api_key, base_url=f"ws://{self.relay.host}/v1/realtime",
            settings=OpenAIRealtimeLLMService.Settings(
                model=MODEL, system_instruction="You are a helpful assistant.",
                session_properties=events.SessionProperties(**properties)))
        self.ear, self.mouth, self.watcher = Ear(PARAMS), Mouth(PARAMS), Watcher()
        self.context = LLMContext(list(messages), tools) if tools else LLMContext(list(messages))
        pair = LLMContextAggregatorPair(self.context)
        worker = PipelineWorker(
            Pipeline([self.ear, pair.user(), llm, self.mouth, pair.assistant()]),
            params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE),
            observers=[self.watcher], cancel_on_idle_timeout=False, enable_rtvi=False)
        started = asyncio.Event()
        worker.event_handler("on_pipeline_started")(lambda *_: started.set())
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        running = asyncio.create_task(runner.run())

        async def end():
            await worker.cancel()
            await running
        self.addAsyncCleanup(end)
        await asyncio.wait_for(started.wait(), PATIENCE_S)
        await self.relay.wait("session.updated")
        return worker, llm

    async def ears(self):
        return await self.microphone(lambda audio: self.ear.push_audio_frame(
            InputAudioRawFrame(audio=audio, sample_rate=RATE, num_channels=1)))

    def assert_no_errors(self):
        # An event that its table does not know ends its receive loop with an error frame.
        self.assertEqual(self.watcher.all(ErrorFrame), [])
        self.assertEqual(self.relay.errors, [])

    def user(self, text):
        return [{"role": "user", "content": text}]

    async def test_a_text_turn(self):
        worker, _ = await self.start(self.user("What is two plus three?"),
                                     output_modalities=["text"])
        await worker.queue_frame(LLMRunFrame())
        await self.relay.responses(1)
        await self.watcher.wait(LLMTextFrame)
        text = "".join(frame.text for frame in self.watcher.all(LLMTextFrame))
        self.assertRegex(text.lower(), r"\b(five|5)\b")
        self.assert_no_errors()

    async def test_a_spoken_turn(self):
        await self.start(audio=events.AudioConfiguration(input=events.AudioInput(
            transcription=events.InputAudioTranscription(model="whisper-1"))))
        microphone = await self.ears()
        microphone.say(speech("hello-world"))
        (response,) = await self.relay.responses(1)
        transcript, audio = self.relay.spoken(response["id"])
        self.assert_spoken(transcript, audio)
        frame = await self.watcher.wait(TranscriptionFrame)
        self.assertGreaterEqual(heard(frame.text, words("hello-world")), 0.5, frame.text)
        await microphone.stop()
        self.assertGreater(len(self.mouth.played), 0)
        self.assert_no_errors()

    async def test_a_tool_runs_and_its_result_is_spoken(self):
        asked = []

        async def get_weather(params):
            asked.append(params.arguments["city"].lower())
            await params.result_callback(SUNNY)

        worker, llm = await self.start(
            self.user("What is the weather in Paris?"),
            ToolsSchema(standard_tools=[FunctionSchema(
                name="get_weather", description="Get the current weather in a city.",
                properties=WEATHER_SCHEMA["properties"], required=["city"])]))
        llm.register_function("get_weather", get_weather)
        await worker.queue_frame(LLMRunFrame())
        _, response = await self.relay.responses(2)
        self.assertEqual(asked, ["paris"])
        self.assertRegex(self.relay.spoken(response["id"])[0].lower(), r"21|twenty[ -]one|sunny")
        self.assert_no_errors()

    async def test_a_voice_interrupts_and_the_service_truncates(self):
        worker, _ = await self.start(self.user("Please count from one to fifty."))
        await worker.queue_frame(LLMRunFrame())
        await self.relay.wait("response.output_audio.delta")
        microphone = await self.ears()
        microphone.say(speech("hello-world"))
        await self.watcher.wait(InterruptionFrame)
        truncated = await self.relay.wait("conversation.item.truncated")
        (truncate,) = self.relay.sent("conversation.item.truncate")
        self.assertEqual(truncated["audio_end_ms"], truncate["audio_end_ms"])
        first, _ = await self.relay.responses(2)
        self.assertEqual(first["status"], "cancelled")
        await microphone.stop()
        self.assert_no_errors()

    async def test_an_item_is_retrieved_with_its_audio(self):
        _, llm = await self.start()
        microphone = await self.ears()
        microphone.say(speech("hello-world"))
        committed = await self.relay.wait("input_audio_buffer.committed")
        item = await llm.retrieve_conversation_item(committed["item_id"])
        self.assertEqual(item.role, "user")
        with self.assertRaisesRegex(Exception, "does not exist"):
            await llm.retrieve_conversation_item("item_nobody_made")
        await self.relay.responses(1)
        await microphone.stop()
        # The one error that it asked for, and that does not end its session.
        self.assertEqual([error["code"] for error in self.relay.errors],
                         ["item_retrieve_invalid_item_id"])
        self.assertEqual(self.watcher.all(ErrorFrame), [])

    async def test_transcripts_arrive_bit_by_bit(self):
        await self.start(audio=events.AudioConfiguration(input=events.AudioInput(
            transcription=events.InputAudioTranscription(model="whisper-1", language="en"),
            noise_reduction=events.InputAudioNoiseReduction(type="near_field"))))
        microphone = await self.ears()
        microphone.say(speech("tt-weasels"))
        frame = await self.watcher.wait(TranscriptionFrame)
        await microphone.stop()
        self.assertGreaterEqual(heard(frame.text, words("tt-weasels")), 0.5, frame.text)
        interim = [f.text for f in self.watcher.all(InterimTranscriptionFrame)]
        self.assertEqual("".join(interim), frame.text)
        self.assert_no_errors()

    async def test_an_ephemeral_key(self):
        relay = await self.tap(upstream=guarded_server())
        worker, _ = await self.start(self.user("What is two plus three?"), relay=relay,
                                     api_key=await ephemeral_key(relay),
                                     output_modalities=["text"])
        await worker.queue_frame(LLMRunFrame())
        await self.relay.responses(1)
        self.assert_no_errors()


if __name__ == "__main__":
    unittest.main(verbosity=2)
