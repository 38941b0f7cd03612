# SPDX-License-Identifier: MIT
"""A tapped door to the server, for clients that own their socket: sdks/relay.mjs."""
import asyncio
import atexit
import base64
import faulthandler
import functools
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from openai import AsyncOpenAI

from support import BYTES_PER_MS, FRAME_MS, MODEL, PATIENCE_S, need, silence

RELAY = pathlib.Path(__file__).resolve().parents[1] / "sdks" / "relay.mjs"
LINE_MAX = 1 << 26  # one event holds minutes of audio at most

WEATHER_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}},
                  "required": ["city"]}
SUNNY = json.dumps({"temperature_c": 21, "sky": "sunny"})


KEY = "any-key-will-do"
SECRET = "sk-only-this-one-0123456789"


@functools.cache
def guarded_server():
    """The address of a server that opens to SECRET only, and to its ephemeral keys."""
    home = tempfile.TemporaryDirectory()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PARLEY_", "OPENAI_"))}
    server = subprocess.Popen(
        [need("PARLEY_E2E_BINARY"), "serve", "--listen", "127.0.0.1:0", "--token", SECRET],
        env={**kept, "XDG_DATA_HOME": home.name, "XDG_CONFIG_HOME": home.name}, cwd=home.name,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def stop():
        server.terminate()
        server.wait()
        server.stdout.close()
        home.cleanup()
    atexit.register(stop)
    for line in server.stdout:
        if found := re.search(r"ws://([\d.]+:\d+)", line):
            return found[1]
    raise RuntimeError("the guarded server ended at once")


async def ephemeral_key(relay):
    """A key of the guarded server, asked for through the relay as a backend would ask."""
    async with AsyncOpenAI(api_key=SECRET, base_url=f"http://{relay.host}/v1") as client:
        secret = await client.realtime.client_secrets.create(
            session={"type": "realtime", "model": MODEL})
    assert secret.value.startswith("ek_"), secret
    return secret.value


class Relay:
    """`host` stands for the server; `all`, `sent` and `wait` look at the events that went by."""

    @classmethod
    async def start(cls, name, dialect="ga", upstream=None, tls=False):
        relay = cls()
        relay.process = await asyncio.create_subprocess_exec(
            "node", str(RELAY), "--upstream", upstream or need("PARLEY_E2E_PLAIN_HOST"),
            "--name", name, "--dialect", dialect, *(["--tls"] if tls else []), limit=LINE_MAX,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        relay.records = []
        relay.problems = None
        relay.news = asyncio.Condition()
        relay.host = json.loads(await relay.process.stdout.readline())["host"]
        relay.reader = asyncio.create_task(relay._read())
        return relay

    async def _read(self):
        async for line in self.process.stdout:
            record = json.loads(line)
            async with self.news:
                if "event" in record:
                    self.records.append(record)
                elif "problems" in record:
                    self.problems = record["problems"]
                self.news.notify_all()

    async def stop(self):
        """What invariants the conversations broke."""
        self.process.stdin.close()
        await self.process.wait()
        await self.reader
        return self.problems

    def mark(self):
        return len(self.records)

    def all(self, kind, since=0, direction="server"):
        return [r["event"] for r in self.records[since:]
                if r["dir"] == direction and r["event"]["type"] == kind]

    def sent(self, kind, since=0):
        return self.all(kind, since, "client")

    @property
    def errors(self):
        return [event["error"] for event in self.all("error")]

    async def until(self, probe, what):
        """What `probe` returns, as soon as that is something."""
        async with self.news:
            try:
                await asyncio.wait_for(self.news.wait_for(probe), PATIENCE_S)
            except asyncio.TimeoutError:
                last = [f"{r['dir']} {r['event']['type']} {r['event'].get('error', '')}"
                        for r in self.records if not r["event"]["type"].endswith(
                            ("append", "audio.delta"))][-15:]
                raise AssertionError(
                    f"waited in vain for {what}; the last events: {last}") from None
        return probe()

    async def wait(self, kind, since=0, match=lambda event: True):
        return await self.until(
            lambda: next((e for e in self.all(kind, since) if match(e)), None), kind)

    async def responses(self, count, since=0):
        """The first `count` responses that were done."""
        await self.until(lambda: len(self.all("response.done", since)) >= count,
                         f"{count} responses")
        return [event["response"] for event in self.all("response.done", since)[:count]]

    def spoken(self, response_id):
        """Transcript and audio of a response."""
        def deltas(kind):
            return [e["delta"] for e in self.all(f"response.output_{kind}.delta")
                    if e["response_id"] == response_id]
        return ("".join(deltas("audio_transcript")),
                b"".join(base64.b64decode(d) for d in deltas("audio")))


class Microphone:
    """Frames of 20 ms at real pace: what was said, silence between, until stopped."""

    def __init__(self, append):
        self.append = append
        self.queue = bytearray(silence(300))
        self.task = asyncio.create_task(self._run())

    def say(self, audio):
        self.queue += audio

    async def _run(self):
        frame = FRAME_MS * BYTES_PER_MS
        loop = asyncio.get_running_loop()
        started = loop.time()
        sent = 0
        while True:
            while loop.time() - started >= sent * FRAME_MS / 1000:
                chunk = bytes(self.queue[:frame]).ljust(frame, b"\0")
                del self.queue[:frame]
                await self.append(chunk)
                sent += 1
            await asyncio.sleep(started + sent * FRAME_MS / 1000 - loop.time())

    async def stop(self):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class TapTest(unittest.IsolatedAsyncioTestCase):
    """Tests through a relay; the record is checked when the test ends."""

    async def asyncSetUp(self):
        asyncio.get_running_loop().set_debug(False)  # it complains about every 100 ms of work
        # A client that waits for ever ends the run, and shows where it waits.
        faulthandler.dump_traceback_later(3 * PATIENCE_S, exit=True)
        self.addCleanup(faulthandler.cancel_dump_traceback_later)

    async def tap(self, **options):
        module, name = type(self).__module__, self.id().rpartition(".")[2]
        module = pathlib.Path(module.replace("__main__", "python")).stem
        relay = await Relay.start(f"{module} {type(self).__name__} {name}", **options)

        async def check():
            self.assertEqual(await relay.stop(), [], "the record breaks invariants")
        self.addAsyncCleanup(check)
        return relay

    async def microphone(self, append):
        microphone = Microphone(append)
        self.addAsyncCleanup(microphone.stop)
        return microphone

    def assert_spoken(self, transcript, audio):
        count = len(transcript.split())
        self.assertGreater(count, 0, "the answer has no words")
        ms = len(audio) / BYTES_PER_MS
        self.assertTrue(100 * count < ms < 1500 + 1000 * count, f"{ms} ms for {count} words")
