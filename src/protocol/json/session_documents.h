// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/json/translation.h"
#include "protocol/server_event.h"
#include "protocol/session_config.h"

// The JSON bodies of the routes that make client secrets (`ek_…`).
// Source: OpenAI Realtime API, "Create client secret"; beta "Create session" and "Create
// transcription session".
namespace parley::protocol {

inline constexpr int kSecretSecondsMin = 10;
inline constexpr int kSecretSecondsMax = 7200;

struct ClientSecretRequest {
  std::optional<int> seconds;  // of life; kSecretSecondsMin to kSecretSecondsMax
  SessionPatch session;        // what the secret binds
};

// `POST /v1/realtime/client_secrets`. An empty body asks for a realtime session with defaults.
// Errors as a dialect's parse(): OpenAI's codes, the field's path.
base::Result<ClientSecretRequest> read_client_secret_request(std::string_view body);

// `POST /v1/realtime/translations/client_secrets`: `session` is required, and so is its model.
base::Result<ClientSecretRequest> read_translation_secret_request(std::string_view body);

// `POST /v1/realtime/sessions` and `/v1/realtime/transcription_sessions` of the beta: flat.
base::Result<ClientSecretRequest> read_session_request(std::string_view body, SessionType type);

// {"value","expires_at","session"}: the session whole, with nothing begun yet.
std::string write_client_secret(const ClientSecret& secret, const std::string& session_id,
                                const SessionConfig& config);

// The same for a translation session.
std::string write_translation_secret(const ClientSecret& secret, const std::string& session_id,
                                     const TranslationConfig& config);

// The beta's session object with its `client_secret`.
std::string write_session_with_secret(const ClientSecret& secret, const std::string& session_id,
                                      const SessionConfig& config);

}  // namespace parley::protocol
