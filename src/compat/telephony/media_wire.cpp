// SPDX-License-Identifier: MIT
#include "compat/telephony/media_wire.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "audio/base64.h"
#include "protocol/json/value.h"
#include "protocol/json/writer.h"

namespace parley::compat {

namespace {

using protocol::json::Value;
using protocol::json::Writer;

const Value* member(const Value* value, std::string_view key) {
  return value == nullptr ? nullptr : protocol::json::find(*value, key);
}

std::string text(const Value* value) {
  const auto* out = value == nullptr ? nullptr : std::get_if<std::string>(&value->data);
  return out == nullptr ? std::string() : *out;
}

// Twilio writes its numbers as texts.
std::optional<std::int64_t> number(const Value* value) {
  if (value == nullptr) return std::nullopt;
  if (const auto* whole = std::get_if<std::int64_t>(&value->data)) return *whole;
  const std::string digits = text(value);
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

std::optional<base::AudioFormat> format_of(const Value* format) {
  const Value* encoding = member(format, "encoding");
  std::string name = text(encoding);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const int rate =
      static_cast<int>(number(member(format, "sampleRate"))
                           .value_or(number(member(format, "sample_rate")).value_or(8000)));
  if (encoding == nullptr || name == "audio/x-mulaw" || name == "pcmu") {
    return base::AudioFormat{base::AudioEncoding::g711_ulaw, 8000};
  }
  if (name == "pcma" || name == "audio/x-alaw") {
    return base::AudioFormat{base::AudioEncoding::g711_alaw, 8000};
  }
  const bool linear = name == "l16" || name == "audio/x-l16";
  const bool fits = rate == 8000 || rate == 16000 || rate == 24000 || rate == 48000;
  if (linear && fits) return base::AudioFormat{base::AudioEncoding::pcm16, rate};
  return std::nullopt;
}

std::optional<StreamMessage> read_start(Carrier carrier, const Value& document, std::string& why) {
  const Value* start = member(&document, "start");
  StreamStart out;
  out.stream_id = text(member(&document, carrier == Carrier::twilio ? "streamSid" : "stream_id"));
  if (out.stream_id.empty()) out.stream_id = text(member(start, "streamSid"));
  if (start == nullptr || (carrier == Carrier::twilio && out.stream_id.empty())) {
    why = "a start without a stream";
    return std::nullopt;
  }
  const auto format =
      format_of(member(start, carrier == Carrier::twilio ? "mediaFormat" : "media_format"));
  if (!format) {
    why = "a media format that is not spoken here";
    return std::nullopt;
  }
  out.format = *format;
  for (const char* key : {"customParameters", "custom_parameters"}) {
    const Value* parameters = member(start, key);
    const auto* object =
        parameters == nullptr ? nullptr : std::get_if<protocol::json::Object>(&parameters->data);
    if (object == nullptr) continue;
    for (const auto& pair : *object) out.parameters.emplace_back(pair.key, text(&pair.value));
  }
  return out;
}

std::optional<StreamMessage> read_media(const Value& document, std::string& why) {
  const Value* media = member(&document, "media");
  const std::string track = text(member(media, "track"));
  if (!track.empty() && track.find("inbound") == std::string::npos) return StreamOther{};
  StreamMedia out;
  const std::string payload = text(member(media, "payload"));
  if (payload.empty() || !audio::base64_decode(payload, out.audio)) {
    why = "media without a base64 payload";
    return std::nullopt;
  }
  constexpr std::int64_t kTimestampMax = std::int64_t{1} << 52;  // sums of them stay in range
  const auto timestamp = number(member(media, "timestamp"));
  if (timestamp && *timestamp >= 0 && *timestamp <= kTimestampMax) out.timestamp_ms = timestamp;
  return out;
}

}  // namespace

std::optional<StreamMessage> read_stream_message(Carrier carrier, std::string_view frame,
                                                 std::string& why) {
  const auto document = protocol::json::parse(frame);
  if (!document || !std::holds_alternative<protocol::json::Object>(document->data)) {
    why = "no JSON object";
    return std::nullopt;
  }
  const std::string event = text(member(&*document, "event"));
  if (event == "start") return read_start(carrier, *document, why);
  if (event == "media") return read_media(*document, why);
  if (event == "stop") return StreamStop{};
  if (event == "mark") return StreamMark{text(member(member(&*document, "mark"), "name"))};
  if (event == "dtmf") {
    const std::string digit = text(member(member(&*document, "dtmf"), "digit"));
    constexpr std::string_view kKeys = "0123456789*#ABCD";
    if (digit.size() == 1 && kKeys.find(digit[0]) != std::string_view::npos)
      return StreamDtmf{digit[0]};
    why = "dtmf without a digit";
    return std::nullopt;
  }
  if (event.empty()) {
    why = "no event";
    return std::nullopt;
  }
  if (event == "connected" || event == "error") return StreamOther{};
  why = "an unknown event";
  return std::nullopt;
}

namespace {

void begin(Writer& w, Carrier carrier, const std::string& stream_id, std::string_view event) {
  w.begin_object();
  w.string("event", event);
  // Telnyx knows the stream by its socket.
  if (carrier == Carrier::twilio) w.string("streamSid", stream_id);
}

}  // namespace

std::string write_media(Carrier carrier, const std::string& stream_id, std::string_view base64) {
  std::string out;
  Writer w(out);
  begin(w, carrier, stream_id, "media");
  w.begin_object("media");
  w.string("payload", base64);
  w.end_object();
  w.end_object();
  return out;
}

std::string write_mark(Carrier carrier, const std::string& stream_id, const std::string& name) {
  std::string out;
  Writer w(out);
  begin(w, carrier, stream_id, "mark");
  w.begin_object("mark");
  w.string("name", name);
  w.end_object();
  w.end_object();
  return out;
}

std::string write_clear(Carrier carrier, const std::string& stream_id) {
  std::string out;
  Writer w(out);
  begin(w, carrier, stream_id, "clear");
  w.end_object();
  return out;
}

std::string write_fault(const std::string& stream_id, StreamFault fault, std::string_view detail) {
  const bool media = fault == StreamFault::invalid_media;
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("event", "error");
  w.string("stream_id", stream_id);
  w.begin_object("payload");
  w.integer("code", media ? 100004 : 100003);
  w.string("title", media ? "invalid_media" : "malformed_frame");
  w.string("detail", detail);
  w.end_object();
  w.end_object();
  return out;
}

}  // namespace parley::compat
