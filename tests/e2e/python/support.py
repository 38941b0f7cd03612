# SPDX-License-Identifier: MIT
"""One realtime session through the official Python SDK, with everything on record."""
import asyncio
import base64
import json
import os
import pathlib
import re
import subprocess
import time
import unittest

from openai import AsyncOpenAI

MODEL = "parley"
SMOKE = os.environ.get("PARLEY_E2E_SUBSET") == "smoke"
# Under sanitizers the server is several times slower; nothing here judges its speed.
PATIENCE_S = 120 if SMOKE else 40
FRAME_MS = 20
BYTES_PER_MS = 48  # 24 kHz PCM16

full = unittest.skipIf(SMOKE, "not in the smoke subset")


def need(name):
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"{name} is not set: start the tests through tests/e2e/run.mjs")
    return value


def base_url(scheme):
    host = need("PARLEY_E2E_TLS_HOST" if scheme == "https" else "PARLEY_E2E_PLAIN_HOST")
    return f"{scheme}://{host}/v1"


def speech(name):
    """One of the recorded prompts as 24 kHz PCM16."""
    wav = pathlib.Path(need("PARLEY_TEST_SPEECH_DIR")) / f"{name}.wav"
    return subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(wav), "-f", "s16le",
                           "-ar", "24000", "-ac", "1", "-"], check=True,
                          capture_output=True).stdout


def words(name):
    texts = (pathlib.Path(need("PARLEY_TEST_SPEECH_DIR")) / "prompts.json").read_text()
    return json.loads(texts)[name]


def silence(ms):
    return bytes(ms * BYTES_PER_MS)


def heard(transcript, spoken):
    """The share of the spoken words that a transcript holds, in any order."""
    def split(text):
        return re.findall(r"[a-z0-9']+", text.lower())
    got = split(transcript)
    wanted = split(spoken)
    found = 0
    for word in wanted:
        if word in got:
            got.remove(word)
            found += 1
    return found / len(wanted)


class Session:
    """Reads in the background; what was heard is looked up or waited for."""

    def __init__(self, connection, dialect):
        self.connection = connection
        self.dialect = dialect
        self.records = []
        self.news = asyncio.Condition()
        self.reader = asyncio.create_task(self._read())

    async def _read(self):
        try:
            # As the SDK hands events over, typed. The record keeps what was on the wire.
            while True:
                data = await self.connection.recv_bytes()
                self.connection.parse_event(data)
                await self._record("server", json.loads(data))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # the connection closed, or the SDK could not read an event
            self.ended = error
            async with self.news:
                self.news.notify_all()

    async def _record(self, direction, event):
        async with self.news:
            self.records.append({"dir": direction, "event": event, "t": time.monotonic()})
            self.news.notify_all()

    def mark(self):
        return len(self.records)

    def all(self, kind, since=0):
        return [r["event"] for r in self.records[since:]
                if r["dir"] == "server" and r["event"]["type"] == kind]

    async def send(self, event):
        await self._record("client", event)
        await self.connection.send(event)

    async def wait(self, kind, since=0, match=lambda event: True):
        def found():
            return next((e for e in self.all(kind, since) if match(e)), None)

        def over():
            return found() or self.reader.done()
        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(over), PATIENCE_S)
            except asyncio.TimeoutError:
                pass
        if found() is None:
            last = [f"{r['dir']} {r['event']['type']}" for r in self.records[-15:]]
            raise AssertionError(f"waited in vain for {kind}; the last events: {last} "
                                 f"{getattr(self, 'ended', '')!r}")
        return found()

    async def say(self, audio):
        """Streams audio at real pace, in frames of 20 ms."""
        frame = FRAME_MS * BYTES_PER_MS
        started = asyncio.get_running_loop().time()
        for number, at in enumerate(range(0, len(audio), frame)):
            due = started + number * FRAME_MS / 1000
            await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))
            await self.append(audio[at:at + frame])

    async def append(self, audio):
        await self.send({"type": "input_audio_buffer.append",
                         "audio": base64.b64encode(audio).decode()})

    async def answer(self, since):
        """Waits for a whole response that starts after `since`; gathers what it said."""
        created = await self.wait("response.created", since)
        response_id = created["response"]["id"]
        done = await self.wait("response.done", since,
                               lambda e: e["response"]["id"] == response_id)
        prefix = "response.output_" if self.dialect == "ga" else "response."

        def deltas(kind):
            return [e["delta"] for e in self.all(f"{prefix}{kind}.delta", since)
                    if e["response_id"] == response_id]
        return {
            "response": done["response"],
            "text": "".join(deltas("text")),
            "transcript": "".join(deltas("audio_transcript")),
            "audio": b"".join(base64.b64decode(d) for d in deltas("audio")),
        }

    async def ask(self, text):
        await self.send({"type": "conversation.item.create", "item": {
            "type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}})
        since = self.mark()
        await self.send({"type": "response.create"})
        return await self.answer(since)

    async def update(self, session):
        since = self.mark()
        if self.dialect == "ga":
            session = {"type": "realtime", **session}
        await self.send({"type": "session.update", "session": session})
        return (await self.wait("session.updated", since))["session"]


class RealtimeTest(unittest.IsolatedAsyncioTestCase):
    """Opens sessions, and keeps their records for the schema check when the test ends."""

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it complains about every 100 ms of work

    async def open(self, scheme="http", dialect="ga"):
        # The SDK's beta client dials wss: whatever the base URL says.
        client = AsyncOpenAI(api_key="any-key-will-do", base_url=base_url(scheme), max_retries=0)
        realtime = client.realtime if dialect == "ga" else client.beta.realtime
        connection = await realtime.connect(model=MODEL).enter()
        session = Session(connection, dialect)
        self.addAsyncCleanup(self._finish, client, session)
        await session.wait("session.created")
        return session

    async def _finish(self, client, session):
        session.reader.cancel()
        await asyncio.gather(session.reader, return_exceptions=True)
        await session.connection.close()
        await client.close()
        directory = os.environ.get("PARLEY_E2E_TRANSCRIPTS")
        if not directory:
            return
        open_responses = (len(session.all("response.created"))
                          > len(session.all("response.done")))
        if open_responses:
            session.records[-1]["cut"] = True
        folder = pathlib.Path(directory) / session.dialect
        folder.mkdir(parents=True, exist_ok=True)
        name = self.id().rpartition(".")[2]
        number = len(list(folder.glob(f"python-{name}-*.jsonl"))) + 1
        lines = [json.dumps(record) for record in session.records]
        (folder / f"python-{name}-{number}.jsonl").write_text("\n".join(lines) + "\n")
