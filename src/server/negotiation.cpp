// SPDX-License-Identifier: MIT
#include "server/negotiation.h"

#include <algorithm>

namespace parley::server {

namespace {

constexpr std::string_view kBetaProtocol = "openai-beta.realtime-v1";

// The first dated version; later ones have the events that it lacked.
constexpr std::string_view kFirstPreview = "2024-10-01-preview";

bool asks_for_beta(const net::HttpRequest& request) {
  const auto offered = request.subprotocols();
  return request.header("OpenAI-Beta").find("realtime=v1") != std::string_view::npos ||
         std::find(offered.begin(), offered.end(), kBetaProtocol) != offered.end();
}

// A session of its own is not what somebody wants who would join a call, or misspelt the intent.
std::optional<base::Error> fault_of(const net::HttpRequest& request) {
  if (const auto call = request.query_value("call_id")) {
    return base::Error{"invalid_value",
                       "Invalid 'call_id': there is no call that this connection could join.",
                       "call_id"};
  }
  const auto intent = request.query_value("intent").value_or("");
  if (intent.empty() || intent == "transcription" || intent == "conversation") return std::nullopt;
  return base::Error{"invalid_value",
                     "Invalid 'intent'. Supported values are: 'transcription'; without it, a "
                     "conversation.",
                     "intent"};
}

}  // namespace

std::optional<Door> find_door(const net::HttpRequest& request,
                              const config::CompatOptions& compat) {
  Door door;
  if (request.path == "/openai/realtime") {
    door.azure = true;
    door.dialect = request.query_value("api-version") == kFirstPreview
                       ? DialectKind::azure_first_preview
                       : DialectKind::azure_preview;
    door.model =
        request.query_value("deployment").value_or(request.query_value("model").value_or(""));
  } else if (request.path == "/v1/realtime" || request.path == "/openai/v1/realtime") {
    door.azure = request.path != "/v1/realtime";
    if (asks_for_beta(request)) {
      door.dialect = DialectKind::openai_beta;
    } else if (compat.profile == "speech-bridge" && !door.azure) {
      door.dialect = DialectKind::speech_bridge;
    }
    door.model = request.query_value("model").value_or("");
  } else if (request.path == "/realtime") {
    door.dialect = DialectKind::open_realtime;
  } else if (request.path == "/ws") {
    door.realtime_ai = true;
  } else if (request.path == "/twilio" || request.path == "/telnyx") {
    door.carrier = request.path == "/twilio" ? compat::Carrier::twilio : compat::Carrier::telnyx;
  } else if (request.path == "/v1/realtime/translations" ||
             request.path == "/openai/v1/realtime/translations") {
    door.azure = request.path != "/v1/realtime/translations";
    door.translation = true;
    door.model = request.query_value("model").value_or("");
  } else {
    return std::nullopt;
  }
  door.metrics = request.query_value("parley.events") == "metrics";
  if (request.query_value("intent") == "transcription") {
    door.type = protocol::SessionType::transcription;
  }
  if (door.azure || request.path.starts_with("/v1/")) door.fault = fault_of(request);
  return door;
}

namespace {

// What the bridge's `turn_detection` begins with.
protocol::TurnDetection bridge_detection(const config::CompatOptions& compat) {
  protocol::TurnDetection detection;
  detection.aggressiveness = compat.vad_aggressiveness;
  detection.start_ms = compat.vad_start_ms;
  detection.silence_duration_ms = compat.vad_end_ms;
  detection.prefix_padding_ms = compat.vad_pad_ms;
  detection.max_ms = compat.vad_max_ms;
  detection.create_response = compat.vad_responds == "true";
  detection.interrupt_response = compat.vad_interrupts == "true";
  return detection;
}

}  // namespace

std::unique_ptr<protocol::Dialect> make_dialect(DialectKind kind,
                                                const config::CompatOptions& compat,
                                                const std::string& prompt) {
  switch (kind) {
    case DialectKind::openai_ga:
      return protocol::make_openai_ga();
    case DialectKind::openai_beta:
      return protocol::make_openai_beta();
    case DialectKind::azure_preview:
      return protocol::make_azure_preview();
    case DialectKind::azure_first_preview:
      return protocol::make_azure_first_preview();
    case DialectKind::open_realtime:
      return protocol::make_open_realtime();
    case DialectKind::speech_bridge:
      return protocol::make_speech_bridge({bridge_detection(compat), prompt});
  }
  return nullptr;
}

std::string choose_subprotocol(const net::HttpRequest& request) {
  const auto offered = request.subprotocols();
  if (std::find(offered.begin(), offered.end(), "realtime") != offered.end()) return "realtime";
  // Names like `openai-insecure-api-key.…` carry values; what we select is seen by everybody.
  const auto plain = std::find_if(offered.begin(), offered.end(), [](const std::string& name) {
    return name.find('.') == std::string::npos;
  });
  if (plain != offered.end()) return *plain;
  const auto beta = std::find(offered.begin(), offered.end(), kBetaProtocol);
  if (beta != offered.end()) return *beta;
  // Only a key was offered: a browser drops a connection that selects none of its offers.
  return offered.empty() ? std::string() : offered.front();
}

}  // namespace parley::server
