// SPDX-License-Identifier: MIT
// What run.mjs tells the tests: where the servers listen, which binary, how patient to be.

function need(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start the tests through tests/e2e/run.mjs`);
  return value;
}

export const binary = () => need('PARLEY_E2E_BINARY');
// "127.0.0.1:4711", of the server that speaks TLS and of the one that does not.
export const tlsHost = () => need('PARLEY_E2E_TLS_HOST');
export const plainHost = () => need('PARLEY_E2E_PLAIN_HOST');
export const speechDir = () => need('PARLEY_TEST_SPEECH_DIR');
export const transcriptsDir = () => process.env.PARLEY_E2E_TRANSCRIPTS;

// Under sanitizers the server is several times slower; nothing here judges its speed.
export const smoke = process.env.PARLEY_E2E_SUBSET === 'smoke';
export const patience_ms = smoke ? 120_000 : 40_000;
