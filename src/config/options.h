// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

// The configuration as typed values. One struct feeds the file (`parley.toml`), the environment,
// the flags and docs/reference/config.md. Every field has a default.
namespace parley::config {

struct ServerOptions {
  std::vector<std::string> listen = {"127.0.0.1:7866"};
  std::vector<std::string> tokens;         // clients must present one of these; empty: open to all
  std::string tls = "off";                 // "off", "auto" (a local certificate), "files"
  std::string tls_cert;                    // PEM chain, with tls = "files"
  std::string tls_key;                     // PEM key, with tls = "files"
  int loops = 0;                           // event loops; 0: one per core
  std::string unknown_models = "default";  // a model we do not have: "default" or "refuse"
  int sessions_max = 1000;                 // more are refused with 503 and Retry-After
  int send_queue_bytes_max = 32 << 20;  // a client that reads slower than this is closed with 1008
  int ping_interval_s = 30;  // a silent WebSocket client is pinged, and given up after twice that
};

struct TurnOptions {
  std::string detector = "webrtc";  // "webrtc" or "energy"
  int aggressiveness = 2;           // webrtc: 0 (hears everything) to 3 (hears only clear speech)
};

struct SessionOptions {
  std::string model = "parley";  // the model for clients that name none, or one we do not have
  std::string instructions = "You are a helpful voice assistant.";
  std::string voice = "alloy";
  int duration_max_s = 3600;  // a session's lifetime
  int output_lead_ms = 400;   // how far audio is sent ahead of its playback, ms
};

// How clients of other servers are met (docs/reference/dialects.md).
struct CompatOptions {
  std::string profile;     // "open-realtime", "realtime-ai", "speech-bridge", "azure"; empty: none
  std::string static_dir;  // a folder served at `/` and `/static/`; empty: the playground
  // Of PCM on Azure's paths, where a client declares no rate: "24000", "16000", or "auto".
  std::string azure_rate_hz = "24000";
  // realtime-ai (/ws): its audio, both ways, and zeros before each message's samples.
  int realtime_ai_rate_hz = 16000;
  int leading_pad_bytes = 0;
  int session_timeout_s = 600;      // a page that sends nothing for so long is closed; 0: never
  int barge_in_level_permille = 0;  // speech that is quieter does not end an answer
  // speech-bridge: what its `turn_detection` begins with.
  int vad_aggressiveness = 2;
  int vad_start_ms = 120;
  int vad_end_ms = 450;
  int vad_pad_ms = 180;
  int vad_max_ms = 5000;
  std::string vad_responds = "true";     // "true" or "false"
  std::string vad_interrupts = "false";  // likewise
  std::string commit_responds = "true";  // a commit answers by itself
};

// One engine: `[stt.NAME]`, `[llm.NAME]`, `[tts.NAME]`, `[s2s.NAME]`. Keys besides `provider`
// belong to the provider, which checks them.
struct EngineSection {
  std::string kind;                            // "stt", "llm", "tts", "s2s"
  std::string name;                            // NAME
  std::string provider;                        // "pocketsphinx", "builtin", "flite", "espeak"
  std::map<std::string, std::string> options;  // values as text
  std::string origin;                          // "parley.toml:12" for messages; empty: a default
  std::map<std::string, std::string> origins = {};  // of options that came from somewhere else
};

// What `?model=NAME` picks: `[models.NAME]`. Engines are named by their sections; an empty name is
// the only engine of its kind, or the embedded one.
struct ModelSection {
  std::string name;
  std::string stt;
  std::string llm;
  std::string tts;
  std::string s2s;  // a realtime API that holds the sessions in place of the three; empty: none
  // Engines that are asked when the first one fails, in this order.
  std::vector<std::string> stt_fallback;
  std::vector<std::string> llm_fallback;
  std::vector<std::string> tts_fallback;
  std::vector<std::string> s2s_fallback;
  std::map<std::string, std::string> voices;  // a client's voice name: the engine's
  // Defaults of its sessions; absent: those of [session] and the API's.
  std::optional<std::string> instructions;
  std::optional<std::string> voice;
  std::optional<std::string> turn_detection;  // "server_vad", "semantic_vad", "none"
  std::optional<double> vad_threshold;        // 0..1
  std::optional<int> vad_prefix_padding_ms;
  std::optional<int> vad_silence_duration_ms;
  std::optional<int> input_tokens_max;  // what the language model's input may hold
  std::string origin;                   // "parley.toml:12" for messages; empty: a default
};

struct LogOptions {
  std::string level = "info";  // "debug", "info", "warn", "error"
};

struct Options {
  ServerOptions server;
  TurnOptions turn;
  SessionOptions session;
  LogOptions log;
  CompatOptions compat;
  // One per kind; defaults: stt pocketsphinx, llm builtin, tts flite.
  EngineSection stt{"stt", "embedded", "pocketsphinx", {}, {}};
  EngineSection llm{"llm", "embedded", "builtin", {}, {}};
  EngineSection tts{"tts", "embedded", "flite", {}, {}};
  std::vector<EngineSection> engines;  // every engine that was configured, of all kinds
  std::vector<ModelSection> models;    // empty: one model, session.model, of stt, llm and tts
};

}  // namespace parley::config
