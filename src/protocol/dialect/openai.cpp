// SPDX-License-Identifier: MIT
#include "protocol/dialect/openai.h"

#include "protocol/json/append_scan.h"
#include "protocol/json/read_client_event.h"
#include "protocol/json/write_server_event.h"

namespace parley::protocol {

base::Result<ClientEvent> OpenAiDialect::parse(std::string_view frame, std::string& event_id_out) {
  if (const auto append = json::scan_append(frame)) {
    event_id_out.assign(append->event_id);
    return ClientEvent{event_id_out, InputAudioBufferAppend{append->audio_base64}};
  }
  return json::read_client_event(frame, flavour_, event_id_out, audio_, unknown_);
}

bool OpenAiDialect::write(const ServerEvent& event, std::string& out) {
  return json::write_server_event(event, flavour_, out);
}

}  // namespace parley::protocol
