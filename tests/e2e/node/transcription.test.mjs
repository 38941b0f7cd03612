// SPDX-License-Identifier: MIT
// Sessions that only hear: `?intent=transcription`.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DIALECTS, dial, full } from '../support/session.mjs';
import { Microphone, heard, silence, speech, words } from '../support/sound.mjs';

const SPOKEN = 'conf-onlyperson';

describe('transcription sessions', { concurrency: 2 }, () => {
  for (const dialect of DIALECTS) {
    test(`recorded speech becomes text and nothing else (${dialect})`, full, async (t) => {
      const path = '/v1/realtime?intent=transcription&model=whisper-1';
      const session = dial(t, { dialect, path });
      const created = dialect === 'beta' ? 'transcription_session.created' : 'session.created';
      await session.until(() => session.records.find((record) => record.event.type === created),
        created);
      const microphone = new Microphone(session);
      await microphone.say(Buffer.concat([speech(SPOKEN), silence(700)]));
      const said = await session.wait('conversation.item.input_audio_transcription.completed');
      microphone.stop();
      assert.ok(heard(said.transcript, words(SPOKEN)) >= 0.5, said.transcript);
      assert.ok(!session.records.some(({ event }) => /^response\./.test(event.type)));
      session.send({ type: 'response.create', event_id: 'no' });
      const refused = await session.wait('error');
      assert.equal(refused.error.event_id, 'no');
    });
  }
});
