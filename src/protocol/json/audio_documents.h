// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The JSON bodies of the plain audio routes. Source: OpenAI API, "Create speech" and "Create
// transcription".
namespace parley::protocol {

struct SpeechRequest {
  std::string model;
  std::string input;  // at most 4096 characters
  std::string voice;
  std::string format = "mp3";  // mp3, opus, aac, flac, wav, pcm
  double speed = 1.0;          // 0.25..4
  bool events = false;         // stream_format "sse": server-sent events instead of the file
};

// Errors as a dialect's parse(): OpenAI's codes, the field's name.
base::Result<SpeechRequest> read_speech_request(std::string_view body);

struct TranscriptSegment {
  double begin_s = 0;
  double end_s = 0;
  std::string text;
};
struct Transcript {
  std::string text;
  std::string language;  // as asked; may be empty
  double seconds = 0;    // of audio
  std::vector<TranscriptSegment> segments;
};

std::string write_transcript(const Transcript& transcript);           // "json"
std::string write_verbose_transcript(const Transcript& transcript);   // "verbose_json"
std::string write_subtitles(const Transcript& transcript, bool vtt);  // "vtt", "srt"

// The data of server-sent events, with their framing.
std::string transcript_delta_event(std::string_view delta);
std::string transcript_done_event(const Transcript& transcript);
std::string speech_delta_event(std::string_view audio);
std::string speech_done_event(int input_tokens, int output_tokens);
std::string error_event(const base::Error& error);

}  // namespace parley::protocol
