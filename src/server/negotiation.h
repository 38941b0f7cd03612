// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "compat/telephony/media_wire.h"
#include "config/options.h"
#include "net/http.h"
#include "protocol/dialect/dialect.h"
#include "protocol/session_config.h"

namespace parley::server {

enum class DialectKind : std::uint8_t {
  openai_ga,
  openai_beta,
  azure_preview,
  azure_first_preview,
  open_realtime,
  speech_bridge,
};

// A way in for a session: what a WebSocket's path, query and headers ask for.
struct Door {
  DialectKind dialect = DialectKind::openai_ga;
  std::string model;  // as the client named it; empty: it named none
  protocol::SessionType type = protocol::SessionType::realtime;
  bool translation = false;                // an event set of its own
  bool realtime_ai = false;                // likewise (compat/realtime_ai)
  std::optional<compat::Carrier> carrier;  // a telephone call (compat/telephony)
  bool metrics = false;  // `?parley.events=metrics`: Parley's own events are wanted
  // What the address asks for and cannot have; the client is told and gets no session.
  std::optional<base::Error> fault;
  bool azure = false;  // refusals are HTTP answers in Azure's shape, before the upgrade
};

// Nothing: no session lives at this path.
//
//   /v1/realtime, /openai/v1/realtime   GA, or beta when the client asks for it: header
//                                       `OpenAI-Beta: realtime=v1` or sub-protocol
//                                       `openai-beta.realtime-v1`; `?model=`, `?intent=`;
//                                       `?call_id=` is refused: there are no calls to join
//   /v1/realtime/translations           GA's translation sessions, Azure's name likewise
//   /openai/realtime                    Azure's preview: beta; `?deployment=`, `?api-version=`
//   /realtime                           open-realtime's dialect
//   /ws                                 realtime-ai's protocol
//   /twilio, /telnyx                    media streams of telephone calls
//
// With the profile speech-bridge a bare connection to /v1/realtime speaks the bridge's dialect.
std::optional<Door> find_door(const net::HttpRequest& request,
                              const config::CompatOptions& compat = {});

// `prompt`: the instructions that a session begins with.
std::unique_ptr<protocol::Dialect> make_dialect(DialectKind kind,
                                                const config::CompatOptions& compat = {},
                                                const std::string& prompt = {});

// The sub-protocol to select: `realtime` when offered, else the first one that carries no secret or
// setting of its own, else whatever came first: a browser fails when none of its offers is taken.
std::string choose_subprotocol(const net::HttpRequest& request);

}  // namespace parley::server
