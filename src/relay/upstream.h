// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/options.h"
#include "net/http.h"
#include "protocol/json/flavour.h"
#include "providers/remote/endpoint.h"

namespace parley::relay {

// The realtime API that sessions are relayed to: one `[s2s.NAME]`, read and checked. Immutable;
// shared by all sessions of all loops (its circuit breaker is thread-safe).
struct Upstream {
  providers::remote::Endpoint endpoint;  // name, key, TLS, deadlines, circuit breaker
  std::string url;                       // ws:// or wss://, whole; holds no key
  std::string transcription_url;         // the same, of sessions that only transcribe
  net::HeaderList headers;               // of the handshake, authentication included
  std::vector<std::string> secrets;      // what no client may ever see
  protocol::json::Flavour dialect = protocol::json::Flavour::ga;
  std::string model;  // its own name of the model, or of the deployment
};

// Providers "openai" (and all that speak as it does) and "azure_openai". Keys beside those that all
// remote engines share:
//   model         the upstream's name of the model; Azure: `deployment` is the same
//   dialect       "ga" or "beta"; Azure: told by api_version
//   api_version   Azure: its preview route, which speaks beta; empty: its v1 route
//   organization, project   OpenAI's headers of these names
// first_byte_timeout_ms is how long the upstream may take to begin the session, idle_timeout_ms how
// long it may be silent while it owes a response. `base_url` is OpenAI's unless given; a path that
// ends in /realtime is taken as it stands, and so is a query.
base::Result<std::shared_ptr<const Upstream>> read_upstream(const config::EngineSection& section);

}  // namespace parley::relay
