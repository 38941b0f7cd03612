// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

// The configuration as typed values. One struct feeds the file (`parley.toml`), the environment,
// the flags and docs/reference/config.md. Every field has a default.
namespace parley::config {

struct ServerOptions {
  std::vector<std::string> listen = {"127.0.0.1:7866"};
  std::vector<std::string> tokens;      // clients must present one of these; empty: open to all
  std::string tls = "off";              // "off", "auto" (a local certificate), "files"
  std::string tls_cert;                 // PEM chain, with tls = "files"
  std::string tls_key;                  // PEM key, with tls = "files"
  int loops = 0;                        // event loops; 0: one per core
  int sessions_max = 1000;              // more are refused with 503 and Retry-After
  int send_queue_bytes_max = 32 << 20;  // a client that reads slower than this is closed with 1008
};

struct TurnOptions {
  std::string detector = "webrtc";  // "webrtc" or "energy"
  int aggressiveness = 2;           // webrtc: 0 (hears everything) to 3 (hears only clear speech)
};

struct SessionOptions {
  std::string model = "parley";  // shown when the client names none
  std::string instructions = "You are a helpful voice assistant.";
  std::string voice = "alloy";
  int duration_max_s = 3600;  // a session's lifetime
  int output_lead_ms = 400;   // how far audio is sent ahead of its playback, ms
};

// One engine: `[stt.NAME]`, `[llm.NAME]`, `[tts.NAME]`. Keys besides `provider` belong to the
// provider, which checks them.
struct EngineSection {
  std::string kind;                            // "stt", "llm", "tts"
  std::string name;                            // NAME
  std::string provider;                        // "pocketsphinx", "builtin", "flite", "espeak"
  std::map<std::string, std::string> options;  // values as text
  std::string origin;                          // "parley.toml:12" for messages; empty: a default
};

struct LogOptions {
  std::string level = "info";  // "debug", "info", "warn", "error"
};

struct Options {
  ServerOptions server;
  TurnOptions turn;
  SessionOptions session;
  LogOptions log;
  // One per kind; defaults: stt pocketsphinx, llm builtin, tts flite.
  EngineSection stt{"stt", "embedded", "pocketsphinx", {}, {}};
  EngineSection llm{"llm", "embedded", "builtin", {}, {}};
  EngineSection tts{"tts", "embedded", "flite", {}, {}};
};

}  // namespace parley::config
