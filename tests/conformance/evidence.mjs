// SPDX-License-Identifier: MIT
// Why a field is taken although no event shows it again: the test that sees it act, or the reason
// that it has no effect. report.mjs fails for a field that is neither shown, refused nor listed
// here, and for a test that does not have the field's name, or the word given beside it.
import { readFileSync } from 'node:fs';

const test = (file, word, more = '') => ({ file, word, more });
const scenario = (name, word) => test(`scenarios/${name}.scenario`, word);
const plain = (said) => ({ said });
const without = (why) => plain(`checked, without effect: ${why}`);
const unproven = (what) => plain(`taken: ${what}; no test sees it act`);

const OTHER_DETECTOR = without('belongs to the other kind of detection');
const NO_RESPONSES = without('a transcription session has no responses');
const SECRET_BY_REST = without('secrets are made by REST');
const ONE_VALUE = without('only the value that says "as always" is taken');
const NOT_KEPT = without('an input of its own is not kept, so it has no id and no state');
const MCP_RECORD = without('tells a model nothing');
const MCP_SESSION = 'session/mcp_test.cpp';
const FILTER = unproven('decides which tools are offered or need approval');

// [type of event, path, what is said of it]; the first that fits counts.
const TAKEN = [
  [/^conversation\.item\.create$/, /^previous_item_id$/, scenario('items/crud')],
  [/^conversation\.item\.create$/, /^item\.content\[\]\.audio$/, scenario('items/client_audio')],
  [/^conversation\.item\.create$/, /^item\.status$/, without('what a client adds is complete')],
  [/^conversation\.item\.create$/, /^item\.(call_id|output)$/, scenario('tools/parallel')],
  [/^conversation\.item\.create$/, /^item\.reason$/,
    test(MCP_SESSION, 'answer.item.reason')],
  [/^conversation\.item\.create$/, /^item\.(approval_request_id|approve)$/,
    test('e2e/node/mcp.test.mjs')],
  [/^conversation\.item\.(delete|retrieve)$/, /^item_id$/, scenario('items/crud')],
  [/^conversation\.item\.truncate$/, /./, scenario('barge_in/truncate')],
  [/^input_audio_buffer\.append$/, /^audio$/, scenario('turns/vad_turn', 'speech')],
  [/^input_audio_buffer\.commit$/, /^$/, scenario('turns/manual_commit', 'buffer.commit')],
  [/^response\.cancel$/, /^response_id$/, scenario('cancel/by_id')],

  [/^response\.create$/, /^response\.conversation$/, scenario('beside/classify')],
  [/^response\.create$/, /^response\.input\[\]\.id$/, scenario('beside/classify', '"id"')],
  [/^response\.create$/, /^response\.input\[\]\.(object|status)$/, NOT_KEPT],
  [/^response\.create$/, /^response\.input\[\]\.content\[\]\.detail$/,
    test('providers/openai/chat_request_test.cpp', 'detail')],
  [/^response\.create$/, /^response\.input\[\]\.(approv|reason|server_label|tools)/, MCP_RECORD],
  [/^response\.create$/, /^response\.input\[\]\.error\.(type|code)$/, MCP_RECORD],
  [/^response\.create$/, /^response\.input\[\]\.error/,
    unproven('its message is the result of the call')],
  [/^response\.create$/, /^response\.input\b/, scenario('beside/own_input')],
  [/^response\.create$/, /^response\.tool_choice\.server_label$/,
    test(MCP_SESSION, 'ToolChoiceMode::mcp')],
  [/\b(response\.create|session\.update)$/, /\.tools\[\]\.(allowed_callers|defer_loading)$/,
    ONE_VALUE],
  [/\b(response\.create|session\.update)$/, /\.tools\[\]\.authorization$/,
    test('providers/mcp/mcp_test.cpp', 'Bearer token', '; a secret, so not shown again')],
  [/\b(response\.create|session\.update)$/, /\.tools\[\]\.headers$/,
    unproven('sent to the MCP server, and a secret, so not shown again')],
  [/^response\.create$/, /\.tools\[\]\.server_description$/,
    test(MCP_SESSION, 'server_description')],
  [/^response\.create$/, /\.tools\[\]\.server_(label|url)$/, test(MCP_SESSION)],
  [/^response\.create$/, /\.allowed_tools(\.tool_names)?$/,
    test(MCP_SESSION, 'allowed.emplace().names')],
  [/^response\.create$/, /\.require_approval(\.never(\.read_only)?)?$/,
    test(MCP_SESSION, 'never_ask.emplace().read_only')],
  [/^response\.create$/, /\.tools\[\]\.(allowed_tools|require_approval)\./, FILTER],
  [/^response\.create$/, /^response\.max_response_output_tokens$/,
    scenario('failures/model', 'max_output_tokens')],
  [/^response\.create$/,
    /^response\.(instructions|tools|tool_choice|reasoning|parallel_tool_calls)\b/,
    scenario('beside/own_settings')],
  [/^(response\.create|session\.update)$/, /\.audio\.output\.voice(\.id)?$/,
    plain('shown again as the bare id')],

  [/^session\.update$/, /^session\.model$/,
    plain('another than the connection named is refused (`invalid_value`): '
      + '[decision](decisions/0004-lenient-about-models.md)')],
  [/session\.update$/, /transcription\.(delay|keywords)$/, test('session/transcription_test.cpp')],
  [/session\.update$/, /turn_detection\.(create_response|interrupt_response|idle_timeout_ms)$/,
    NO_RESPONSES],
  [/session\.update$/, /turn_detection\.(eagerness|threshold|.*_ms)$/, OTHER_DETECTOR],
  [/session\.update$/, /^session\.client_secret\b/, SECRET_BY_REST],
  [/^transcription_session\.update$/, /^session\.modalities$/, NO_RESPONSES],
];

// What the page says of a field that is taken; nothing for one that is not listed. Throws when the
// test does not speak of the field.
export function taken(type, path) {
  const found = TAKEN.find(([event, field]) => event.test(type) && field.test(path))?.[2];
  if (!found) return undefined;
  if (found.said) return found.said;
  const word = found.word ?? path.split('.').at(-1).replace('[]', '');
  const text = readFileSync(new URL(`../${found.file}`, import.meta.url), 'utf8');
  if (!text.includes(word)) throw new Error(`${found.file} says nothing of ${type} ${path}`);
  const name = found.file.replace(/^scenarios\/|\.scenario$/g, '');
  return `acts: [${name}](../tests/${found.file})${found.more}`;
}
