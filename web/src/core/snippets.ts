// SPDX-License-Identifier: MIT
//
// The current settings as a program: JavaScript, Python, shell and C++. Each asks one question by
// text and keeps the answer, so that it runs as it is; the token comes from the environment and is
// never written out.

import type { JsonObject, Settings, SnippetLanguage } from './api';
import { kSampleRates, parseTools, wireSession } from './settings';

export interface SnippetTarget {
  /** Of the server: `http://127.0.0.1:7866`. */
  readonly origin: string;
  readonly settings: Settings;
}

const kQuestion = 'Hello, who are you?';

export function codeSnippet(language: SnippetLanguage, target: SnippetTarget): string {
  switch (language) {
    case 'javascript':
      return javascript(target);
    case 'python':
      return python(target);
    case 'curl':
      return shell(target);
    case 'cpp':
      return cpp(target);
  }
}

function sessionOf(settings: Settings): JsonObject {
  return wireSession(settings, parseTools(settings.toolsJson).tools ?? []);
}

function webSocketUrl({ origin, settings }: SnippetTarget): string {
  return `${origin.replace(/^http/, 'ws')}/v1/realtime?model=${encodeURIComponent(settings.model)}`;
}

function indented(text: string, spaces: number): string {
  return text.replaceAll('\n', `\n${' '.repeat(spaces)}`);
}

// ------------------------------------------------------------------------------------ JavaScript

function javascript(target: SnippetTarget): string {
  const { settings } = target;
  const session = JSON.stringify(sessionOf(settings), null, 2);
  const audio = settings.modality === 'audio';
  return `// npm install ws        (browsers and Node 22 have WebSocket built in)
import { writeFileSync } from 'node:fs';
import WebSocket from 'ws';

const url = ${JSON.stringify(webSocketUrl(target))};
const token = process.env.PARLEY_TOKEN;
const protocols = ['realtime', ...(token ? [\`openai-insecure-api-key.\${token}\`] : [])];
const socket = new WebSocket(url, protocols);
const send = (event) => socket.send(JSON.stringify(event));
${audio ? 'const sound = [];\n' : ''}
socket.onerror = (event) => console.error(event.message ?? 'no connection');
socket.onopen = () => {
  send({ type: 'session.update', session: ${indented(session, 2)} });
  send({
    type: 'conversation.item.create',
    item: {
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text: ${JSON.stringify(kQuestion)} }],
    },
  });
  send({ type: 'response.create' });
};

socket.onmessage = ({ data }) => {
  const event = JSON.parse(data);
  switch (event.type) {
    case 'response.output_text.delta':
    case 'response.output_audio_transcript.delta':
      process.stdout.write(event.delta);
      break;
${
  audio
    ? `    case 'response.output_audio.delta':
      sound.push(Buffer.from(event.delta, 'base64'));
      break;
`
    : ''
}    case 'response.function_call_arguments.done':
      console.log('call', event.name, event.arguments);
      break;
    case 'error':
      console.error(event.error.message);
      break;
    case 'response.done':
${
  audio
    ? `      writeFileSync('${audioFile(settings)}', Buffer.concat(sound)); // ${playHint(settings)}
`
    : ''
}      socket.close();
  }
};
`.replace(audio ? '' : "import { writeFileSync } from 'node:fs';\n", '');
}

// ---------------------------------------------------------------------------------------- Python

function python(target: SnippetTarget): string {
  const { settings, origin } = target;
  const audio = settings.modality === 'audio';
  return `# pip install 'openai[realtime]'
${audio ? 'import base64\n' : ''}import os

from openai import OpenAI

client = OpenAI(
    base_url=${pythonText(`${origin}/v1`)},
    api_key=os.environ.get("PARLEY_TOKEN", "none"),
)
session = ${pythonValue(sessionOf(settings), 0)}

with client.realtime.connect(model=${pythonText(settings.model)}) as connection:
    connection.session.update(session=session)
    connection.conversation.item.create(
        item={
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": ${pythonText(kQuestion)}}],
        }
    )
    connection.response.create()
${audio ? '    sound = b""\n' : ''}    for event in connection:
        if event.type in ("response.output_text.delta", "response.output_audio_transcript.delta"):
            print(event.delta, end="", flush=True)
${
  audio
    ? `        elif event.type == "response.output_audio.delta":
            sound += base64.b64decode(event.delta)
`
    : ''
}        elif event.type == "response.function_call_arguments.done":
            print("call", event.name, event.arguments)
        elif event.type == "error":
            print(event.error.message)
        elif event.type == "response.done":
            break

print()
${
  audio
    ? `with open("${audioFile(settings)}", "wb") as file:  # ${playHint(settings)}
    file.write(sound)
`
    : ''
}`;
}

function pythonValue(value: unknown, depth: number): string {
  const pad = '    '.repeat(depth + 1);
  const end = '    '.repeat(depth);
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return pythonText(value);
  if (Array.isArray(value)) {
    if (value.every((entry) => typeof entry !== 'object' || entry === null)) {
      return `[${value.map((entry) => pythonValue(entry, 0)).join(', ')}]`;
    }
    const lines = value.map((entry) => `${pad}${pythonValue(entry, depth + 1)},\n`);
    return `[\n${lines.join('')}${end}]`;
  }
  const entries = Object.entries(value as object);
  if (entries.length === 0) return '{}';
  const lines = entries.map(
    ([key, entry]) => `${pad}${pythonText(key)}: ${pythonValue(entry, depth + 1)},\n`,
  );
  return `{\n${lines.join('')}${end}}`;
}

/**
 * JSON's escapes are Python's too, but for what lies beyond the first plane, which JSON writes as
 * it is.
 */
function pythonText(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\x7f');
}

// ----------------------------------------------------------------------------- curl and websocat

function shell(target: SnippetTarget): string {
  const { settings, origin } = target;
  const url = webSocketUrl(target);
  const question = {
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: kQuestion }] },
  };
  const lines = [
    JSON.stringify({ type: 'session.update', session: sessionOf(settings) }),
    JSON.stringify(question),
    JSON.stringify({ type: 'response.create' }),
  ];
  return `# A key for a browser, with these settings in it (curl):
curl --silent --request POST ${shellText(`${origin}/v1/realtime/client_secrets`)} \\
  --header "Authorization: Bearer \${PARLEY_TOKEN:-none}" \\
  --header 'Content-Type: application/json' \\
  --data @- <<'JSON'
${JSON.stringify({ session: { ...sessionOf(settings), model: settings.model } }, null, 2)}
JSON

# One question over the socket (websocat and jq): one event a line; prints the words of the answer
(
  cat <<'JSON'
${lines.join('\n')}
JSON
  sleep 20
) | websocat --text --header "Authorization: Bearer \${PARLEY_TOKEN:-none}" ${shellText(url)} \\
  | jq --unbuffered --raw-output --join-output \\
    'select(.type | test("(text|transcript)\\\\.delta$")) | .delta'
`;
}

function shellText(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

// ------------------------------------------------------------------------------------------- C++

function cpp(target: SnippetTarget): string {
  const { settings, origin } = target;
  const url = new URL(origin);
  const secure = url.protocol === 'https:';
  const port = url.port || (secure ? '443' : '80');
  const audio = settings.modality === 'audio';
  const path = `/v1/realtime?model=${encodeURIComponent(settings.model)}`;
  const update = JSON.stringify({ type: 'session.update', session: sessionOf(settings) }, null, 2);
  const soundFile = audio
    ? `  // ${playHint(settings)}
  std::ofstream sound("${audioFile(settings)}", std::ios::binary);
`
    : '';
  const libraries = secure ? ' -lssl -lcrypto' : '';
  return `// apt-get install g++ libboost-dev nlohmann-json3-dev${secure ? ' libssl-dev' : ''}
// g++ -std=c++20 talk.cpp -o talk${libraries}
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
${secure ? '#include <boost/asio/ssl.hpp>\n' : ''}#include <boost/beast/core.hpp>
${secure ? '#include <boost/beast/ssl.hpp>\n' : ''}#include <boost/beast/websocket.hpp>
#include <cstdlib>
${audio ? '#include <fstream>\n' : ''}#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using nlohmann::json;

${audio ? kCppBase64 : ''}int main() {
  const std::string host = ${cppText(url.hostname.replace(/^\[|\]$/g, ''))};
  const std::string port = ${cppText(port)};
  asio::io_context io;
  asio::ip::tcp::resolver resolver(io);
${secure ? kCppSecureSocket : kCppPlainSocket}
  socket.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
    const char* token = std::getenv("PARLEY_TOKEN");
    request.set("Authorization", std::string("Bearer ") + (token ? token : "none"));
  }));
  socket.handshake(${cppText(url.host)}, ${cppText(path)});

  const auto send = [&](const json& event) { socket.write(asio::buffer(event.dump())); };
  send(json::parse(${cppRaw(update)}));
  send({{"type", "conversation.item.create"},
        {"item",
         {{"type", "message"},
          {"role", "user"},
          {"content", {{{"type", "input_text"}, {"text", ${cppText(kQuestion)}}}}}}}});
  send({{"type", "response.create"}});

${soundFile}  for (boost::beast::flat_buffer buffer;; buffer.clear()) {
    socket.read(buffer);
    const json event = json::parse(boost::beast::buffers_to_string(buffer.data()));
    const std::string type = event.at("type");
    if (type == "response.output_text.delta" || type == "response.output_audio_transcript.delta") {
      std::cout << event.at("delta").get<std::string>() << std::flush;
${
  audio
    ? `    } else if (type == "response.output_audio.delta") {
      sound << decode_base64(event.at("delta"));
`
    : ''
}    } else if (type == "response.function_call_arguments.done") {
      std::cout << "call " << event.at("name") << ' ' << event.at("arguments") << '\\n';
    } else if (type == "error") {
      std::cerr << event.at("error").at("message").get<std::string>() << '\\n';
    } else if (type == "response.done") {
      break;
    }
  }
  std::cout << '\\n';
  socket.close(websocket::close_code::normal);
}
`;
}

const kCppBase64 = `std::string decode_base64(const std::string& text) {
  static const std::string letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int held = 0;
  for (const char letter : text) {
    const auto value = letters.find(letter);
    if (value == std::string::npos) break;
    bits = bits << 6 | static_cast<unsigned>(value);
    held += 6;
    if (held >= 8) bytes += static_cast<char>(bits >> (held -= 8) & 0xff);
  }
  return bytes;
}

`;

const kCppPlainSocket = `  websocket::stream<asio::ip::tcp::socket> socket(io);
  asio::connect(socket.next_layer(), resolver.resolve(host, port));`;

const kCppSecureSocket = `  asio::ssl::context tls(asio::ssl::context::tls_client);
  tls.set_default_verify_paths();
  tls.set_verify_mode(asio::ssl::verify_peer);
  websocket::stream<boost::beast::ssl_stream<asio::ip::tcp::socket>> socket(io, tls);
  asio::connect(boost::beast::get_lowest_layer(socket), resolver.resolve(host, port));
  SSL_set_tlsext_host_name(socket.next_layer().native_handle(), host.c_str());
  socket.next_layer().handshake(asio::ssl::stream_base::client);`;

function cppText(text: string): string {
  // Octal escapes have a fixed length; \\u in a narrow literal depends on the compiler's character
  // set.
  const bytes = new TextEncoder().encode(text);
  const letters = Array.from(bytes, (byte) => {
    if (byte === 0x22 || byte === 0x5c || byte === 0x3f) return `\\${String.fromCharCode(byte)}`;
    return byte >= 0x20 && byte < 0x7f
      ? String.fromCharCode(byte)
      : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${letters.join('')}"`;
}

/** A raw literal whose end does not occur in the text. */
function cppRaw(text: string): string {
  let mark = 'json';
  while (text.includes(`)${mark}"`)) mark += '_';
  return `R"${mark}(${text})${mark}"`;
}

// ----------------------------------------------------------------------------------------- sound

function audioFile(settings: Settings): string {
  return settings.outputFormat === 'pcm24'
    ? 'answer.pcm'
    : settings.outputFormat === 'pcmu'
      ? 'answer.ul'
      : 'answer.al';
}

function playHint(settings: Settings): string {
  const rate = kSampleRates[settings.outputFormat];
  const format =
    settings.outputFormat === 'pcm24'
      ? 's16le'
      : settings.outputFormat === 'pcmu'
        ? 'mulaw'
        : 'alaw';
  return `ffplay -f ${format} -ar ${rate} -ch_layout mono ${audioFile(settings)}`;
}
