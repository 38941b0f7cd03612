// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "net/http.h"
#include "net/http_client.h"
#include "net/websocket.h"
#include "providers/section_reader.h"

namespace parley::providers::remote {

class Breaker;

// Where a remote engine is and how it is to be treated: what every remote provider's section has in
// common. Immutable once made; shared by all sessions.
struct Endpoint {
  std::string engine;       // "llm.fast": the section, for messages
  std::string base_url;     // without a slash at its end
  std::string api_key;      // empty: none is sent
  net::HeaderList headers;  // extra ones, as configured
  net::ClientTls tls;
  net::HttpTimeouts timeouts;
  int retries = 1;  // only before the first byte of an answer, and where it is safe
  std::shared_ptr<Breaker> breaker;
};

// Reads the keys that all remote providers share, with the defaults given:
//   base_url, api_key, headers ("Name: value; Name: value"), ca_file, tls_verify,
//   connect_timeout_ms, first_byte_timeout_ms, idle_timeout_ms, total_timeout_ms, retries
Endpoint read_endpoint(SectionReader& keys, const config::EngineSection& section,
                       Endpoint defaults);

}  // namespace parley::providers::remote
