// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "protocol/session_config.h"

// The GA dialect from the other end: what a small client such as `parley talk` says and hears.
// Functions return or append whole text frames.
namespace parley::protocol {

// `session.update` with the fields that are present in the patch. `model` is never sent: the URL
// names it.
std::string write_session_update(const SessionPatch& patch);
// Audio in the session's input format, whole samples. Appends; clear `out` between frames.
void write_audio_append(std::span<const std::uint8_t> audio, std::string& out);
std::string write_audio_commit();
std::string write_audio_clear();
std::string write_user_text(std::string_view text);  // conversation.item.create
std::string write_response_create();
std::string write_response_cancel();
std::string write_item_truncate(std::string_view item_id, int content_index, int audio_end_ms);

// A server event, with the fields that a client shows or plays; what an event lacks stays empty.
struct ServerMessage {
  std::string type;
  std::string event_id;
  std::string response_id;          // also response.id of response.created and response.done
  std::string item_id;              // also item.id of events that carry an item
  std::string text;                 // delta, text or transcript
  std::vector<std::uint8_t> audio;  // of response.output_audio.delta, decoded
  std::string session_id;
  std::string model;                // of the session
  std::string status;               // response.done: completed, cancelled, failed, incomplete
  std::string status_reason;        // … and why
  std::string function_name;        // response.function_call_arguments.done
  std::string call_id;              // response.function_call_arguments.*
  std::string arguments;            // response.function_call_arguments.done
  std::int64_t audio_start_ms = 0;  // speech_started
  std::int64_t audio_end_ms = 0;    // speech_stopped, truncated
  base::Error error;                // of `error`, a failed transcription, or a failed response
};

// Fails (invalid_json, invalid_event, invalid_base64) on what is no server event. Unknown types and
// fields are no failure: servers grow.
base::Result<ServerMessage> read_server_message(std::string_view frame);

}  // namespace parley::protocol
