// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/audio_format.h"

// The messages of media streams, Twilio's and Telnyx's: nearly the same, but for their names.
// Source: twilio.com/docs/voice/media-streams/websocket-messages;
// developers.telnyx.com/docs/voice/programmable-voice/media-streaming.
namespace parley::compat {

enum class Carrier : std::uint8_t { twilio, telnyx };

struct StreamStart {
  std::string stream_id;
  base::AudioFormat format{base::AudioEncoding::g711_ulaw, 8000};
  std::vector<std::pair<std::string, std::string>> parameters;  // of one's own, texts only
};
struct StreamMedia {
  std::vector<std::uint8_t> audio;           // in the stream's format
  std::optional<std::int64_t> timestamp_ms;  // of its first sample, since the stream began
};
struct StreamDtmf {
  char digit = 0;
};
struct StreamMark {
  std::string name;
};
struct StreamStop {};
// What needs nothing done: `connected`, `error`, the other side's own sound.
struct StreamOther {};
using StreamMessage =
    std::variant<StreamStart, StreamMedia, StreamDtmf, StreamMark, StreamStop, StreamOther>;

// nullopt: the frame is no message, or one with something missing; `why` then says what.
std::optional<StreamMessage> read_stream_message(Carrier carrier, std::string_view frame,
                                                 std::string& why);

enum class StreamFault : std::uint8_t { malformed_frame, invalid_media };

std::string write_media(Carrier carrier, const std::string& stream_id, std::string_view base64);
std::string write_mark(Carrier carrier, const std::string& stream_id, const std::string& name);
std::string write_clear(Carrier carrier, const std::string& stream_id);
// Telnyx's shape and codes; Twilio has no such message, and ignores what it does not know.
std::string write_fault(const std::string& stream_id, StreamFault fault, std::string_view detail);

}  // namespace parley::compat
