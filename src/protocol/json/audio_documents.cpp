// SPDX-License-Identifier: MIT
#include "protocol/json/audio_documents.h"

#include <cmath>
#include <cstdio>
#include <utility>

#include "audio/base64.h"
#include "protocol/json/documents.h"
#include "protocol/json/field_reader.h"
#include "protocol/json/read_settings.h"
#include "protocol/json/value.h"
#include "protocol/json/writer.h"

namespace parley::protocol {

namespace {

using json::Name;
using json::Writer;

constexpr std::size_t kInputMax = 4096;

// OpenAI rounds up to whole seconds.
void write_usage(const Transcript& transcript, Writer& w) {
  w.begin_object("usage");
  w.string("type", "duration");
  w.integer("seconds", static_cast<std::int64_t>(std::ceil(transcript.seconds)));
  w.end_object();
}

std::string as_event(const std::string& data) { return "data: " + data + "\n\n"; }

// "00:01:02,345", with the separator that the format wants.
std::string time_of(double seconds, char separator) {
  const auto ms = static_cast<long long>(std::llround(seconds * 1000));
  char text[32];
  std::snprintf(text, sizeof text, "%02lld:%02lld:%02lld%c%03lld", ms / 3'600'000, ms / 60'000 % 60,
                ms / 1000 % 60, separator, ms % 1000);
  return text;
}

}  // namespace

base::Result<SpeechRequest> read_speech_request(std::string_view body) {
  auto document = json::parse(body);
  if (!document) {
    return base::fail("invalid_json", "We could not parse the JSON body of your request.");
  }
  // Other servers' fields are passed over.
  json::Reading reading(json::Flavour::beta, json::UnknownFields::ignored);
  json::ObjectReader fields(*document, "", reading);
  SpeechRequest out;
  out.model = fields.string("model").value_or(std::string());
  out.input = fields.required_string("input", {.length_max = kInputMax, .empty_allowed = false});
  if (json::Value* voice = fields.find("voice")) {
    out.voice = json::read_voice(*voice, "voice", reading);
  }
  constexpr std::array kFormats = {Name<int>{"mp3", 0},  Name<int>{"opus", 1}, Name<int>{"aac", 2},
                                   Name<int>{"flac", 3}, Name<int>{"wav", 4},  Name<int>{"pcm", 5}};
  if (const auto format = fields.name("response_format", kFormats)) {
    out.format = wire_name(kFormats, *format);
    if (out.format == "aac") {
      reading.fail("invalid_value",
                   "Invalid 'response_format': this server does not make AAC; take mp3, opus, "
                   "flac, wav or pcm.",
                   "response_format");
    }
  }
  out.speed = fields.number("speed", {0.25, 4}).value_or(1.0);
  constexpr std::array kStreams = {Name<bool>{"audio", false}, Name<bool>{"sse", true}};
  out.events = fields.name("stream_format", kStreams).value_or(false);
  fields.string("instructions");
  fields.finish();
  if (reading.failed()) return tl::unexpected(reading.fault());
  return out;
}

std::string write_transcript(const Transcript& transcript) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("text", transcript.text);
  write_usage(transcript, w);
  w.end_object();
  return out;
}

std::string write_verbose_transcript(const Transcript& transcript) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("task", "transcribe");
  w.string("language", transcript.language);
  w.number("duration", transcript.seconds);
  w.string("text", transcript.text);
  w.begin_array("segments");
  int id = 0;
  for (const TranscriptSegment& segment : transcript.segments) {
    w.begin_object();
    w.integer("id", id++);
    w.integer("seek", 0);
    w.number("start", segment.begin_s);
    w.number("end", segment.end_s);
    w.string("text", segment.text);
    w.begin_array("tokens");
    w.end_array();
    for (const char* unknown :
         {"temperature", "avg_logprob", "compression_ratio", "no_speech_prob"}) {
      w.number(unknown, 0);
    }
    w.end_object();
  }
  w.end_array();
  write_usage(transcript, w);
  w.end_object();
  return out;
}

std::string write_subtitles(const Transcript& transcript, bool vtt) {
  std::string out = vtt ? "WEBVTT\n\n" : "";
  const char separator = vtt ? '.' : ',';
  int number = 0;
  for (const TranscriptSegment& segment : transcript.segments) {
    if (!vtt) out += std::to_string(++number) + "\n";
    out += time_of(segment.begin_s, separator) + " --> " + time_of(segment.end_s, separator) +
           "\n" + segment.text + "\n\n";
  }
  return out;
}

std::string transcript_delta_event(std::string_view delta) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("type", "transcript.text.delta");
  w.string("delta", delta);
  w.end_object();
  return as_event(out);
}

std::string transcript_done_event(const Transcript& transcript) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("type", "transcript.text.done");
  w.string("text", transcript.text);
  write_usage(transcript, w);
  w.end_object();
  return as_event(out);
}

std::string speech_delta_event(std::string_view audio) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("type", "speech.audio.delta");
  std::string& text = w.value_of("audio");
  text += '"';
  audio::base64_encode({reinterpret_cast<const std::uint8_t*>(audio.data()), audio.size()}, text);
  text += '"';
  w.end_object();
  return as_event(out);
}

std::string speech_done_event(int input_tokens, int output_tokens) {
  std::string out;
  Writer w(out);
  w.begin_object();
  w.string("type", "speech.audio.done");
  w.begin_object("usage");
  w.integer("input_tokens", input_tokens);
  w.integer("output_tokens", output_tokens);
  w.integer("total_tokens", input_tokens + output_tokens);
  w.end_object();
  w.end_object();
  return as_event(out);
}

std::string error_event(const base::Error& error) {
  return as_event(write_rest_error(error, "server_error"));
}

}  // namespace parley::protocol
