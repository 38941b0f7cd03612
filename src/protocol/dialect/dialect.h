// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/client_event.h"
#include "protocol/server_event.h"

namespace parley::protocol {

// A dialect turns wire frames into client events and server events into wire frames. Most are
// stateless but for scratch buffers; one per connection, used on that connection's loop only.
class Dialect {
 public:
  virtual ~Dialect() = default;

  // Parses one text frame. On failure: `code` is one of OpenAI's codes (invalid_json,
  // invalid_event, invalid_value, invalid_type, missing_required_parameter, unknown_parameter,
  // string_above_max_length, integer_below_min_value, …), `param` the dotted path in this dialect's
  // own names, and `event_id_out` the offending event's id when it could be read (else empty).
  // The result borrows from `frame` and from this object (see InputAudioBufferAppend).
  virtual base::Result<ClientEvent> parse(std::string_view frame, std::string& event_id_out) = 0;

  // Appends the event's JSON text to `out`. Returns false, appending nothing, when this dialect has
  // no such event (ItemDone in beta).
  virtual bool write(const ServerEvent& event, std::string& out) = 0;

  // Dialects in which some events come as several frames: appends the next one that the event last
  // written also means. False: there is none.
  virtual bool write_more(std::string& out) {
    static_cast<void>(out);
    return false;
  }

  // The name for logs: "openai-ga", "openai-beta", "azure-2024-10-01-preview".
  virtual std::string_view name() const = 0;
};

std::unique_ptr<Dialect> make_openai_ga();
std::unique_ptr<Dialect> make_openai_beta();
// Azure's preview: the beta, with fields of Azure's own that are passed over.
std::unique_ptr<Dialect> make_azure_preview();
// Its 2024-10-01-preview: that without the events that came later.
std::unique_ptr<Dialect> make_azure_first_preview();

// Of two smaller servers, for their clients (docs/reference/dialects.md). One per session: they
// remember what was said.
std::unique_ptr<Dialect> make_open_realtime();
struct SpeechBridgeOptions {
  TurnDetection detection;  // what its `turn_detection` begins with, with all of its own fields
  std::string prompt;       // the server's: a client's instructions are added to it
};
std::unique_ptr<Dialect> make_speech_bridge(SpeechBridgeOptions options);

}  // namespace parley::protocol
