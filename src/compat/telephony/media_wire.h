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
// `connected`, the other side's own sound, and what we do not know.
struct StreamOther {};
using StreamMessage =
    std::variant<StreamStart, StreamMedia, StreamDtmf, StreamMark, StreamStop, StreamOther>;

// nullopt: the frame is no message, or one with something missing; `why` then says what.
std::optional<StreamMessage> read_stream_message(Carrier carrier, std::string_view frame,
                                                 std::string& why);

std::string write_media(Carrier carrier, const std::string& stream_id, std::string_view base64);
std::string write_mark(Carrier carrier, const std::string& stream_id, const std::string& name);
std::string write_clear(Carrier carrier, const std::string& stream_id);

}  // namespace parley::compat
