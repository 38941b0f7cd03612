// SPDX-License-Identifier: MIT
#include "providers/openai/transcription_request.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>
#include <vector>

namespace parley::providers::openai {

namespace {

using Flavour = TranscriptionOptions::Flavour;
using Fields = std::vector<std::pair<std::string, std::string>>;

bool says(std::string_view name, std::string_view word) {
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == static_cast<unsigned char>(b);
  };
  return std::search(name.begin(), name.end(), word.begin(), word.end(), same) != name.end();
}

// One that this API has, too: a client of the Realtime API may name others.
bool is_openais(std::string_view model) {
  return model == "whisper-1" || (model.starts_with("gpt-") && says(model, "transcribe"));
}

bool is_openais_api(Flavour flavour) {
  return flavour == Flavour::openai || flavour == Flavour::azure;
}

std::string model_of(const TranscriptionOptions& options, const engine::SttRequest& request) {
  return options.clients_model && is_openais(request.model) ? request.model : options.model;
}

bool streams(const TranscriptionOptions& options, std::string_view model) {
  if (options.stream) return *options.stream;
  switch (options.flavour) {
    case Flavour::openai:
    case Flavour::azure:
      return !says(model, "whisper");  // ignores it
    case Flavour::speaches:
    case Flavour::vllm:
      return true;
    case Flavour::groq:
    case Flavour::whispercpp:
      return false;
  }
  return false;
}

bool is_verbose(const TranscriptionOptions& options, std::string_view model) {
  if (!options.response_format.empty()) return options.response_format == "verbose_json";
  // Only Whisper tells segments, and OpenAI's other models refuse to be asked.
  return !is_openais_api(options.flavour) || says(model, "whisper");
}

std::string number_text(double value) {
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), written.ptr};
}

void put(Fields& fields, std::string name, std::string value) {
  if (!value.empty()) fields.emplace_back(std::move(name), std::move(value));
}

// ISO 639-1 without a region: "en-US" is refused by most.
std::string language_of(const TranscriptionOptions& options, const engine::SttRequest& request) {
  const std::string& given = request.language.empty() ? options.language : request.language;
  std::string language = given.substr(0, given.find_first_of("-_"));
  // It would hear English in everything.
  if (language.empty() && options.flavour == Flavour::whispercpp) language = "auto";
  return language;
}

Fields fields_of(const TranscriptionOptions& options, const engine::SttRequest& request) {
  const TranscriptionManner manner = manner_of(options, request);
  const bool tells_speakers = says(manner.model, "diarize");
  Fields fields;
  put(fields, "model", manner.model);
  put(fields, "language", language_of(options, request));
  if (!tells_speakers) {  // which refuses it
    put(fields, "prompt", request.prompt.empty() ? options.prompt : request.prompt);
  }
  put(fields, "response_format", manner.verbose ? "verbose_json" : "json");
  if (options.temperature) put(fields, "temperature", number_text(*options.temperature));
  if (manner.streams) put(fields, "stream", "true");
  if (manner.logprobs && is_openais_api(options.flavour)) put(fields, "include[]", "logprobs");
  if (tells_speakers) put(fields, "chunking_strategy", "auto");
  if (options.flavour == Flavour::whispercpp) {
    put(fields, "no_language_probabilities", "true");  // they cost another run of the encoder
  }
  for (const auto& [name, value] : options.fields) {
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    put(fields, name, value);
  }
  return fields;
}

}  // namespace

TranscriptionManner manner_of(const TranscriptionOptions& options,
                              const engine::SttRequest& request) {
  TranscriptionManner manner;
  manner.model = model_of(options, request);
  // A deployment may be called anything; `model` may then say what it is.
  const std::string& known = manner.model.empty() ? options.deployment : manner.model;
  manner.streams = streams(options, known);
  manner.verbose = !manner.streams && is_verbose(options, known);
  const bool has_them = is_openais_api(options.flavour)
                            ? !manner.verbose && !says(known, "whisper") && !says(known, "diarize")
                            : options.flavour == Flavour::whispercpp && manner.verbose;
  manner.logprobs = request.logprobs && has_them;
  if (options.flavour == Flavour::azure) manner.model = options.deployment;
  return manner;
}

net::Form transcription_form(const TranscriptionOptions& options, const engine::SttRequest& request,
                             std::string_view file) {
  const Fields fields = fields_of(options, request);
  std::vector<net::FormPart> parts;
  for (const auto& [name, value] : fields) parts.push_back({name, {}, {}, value});
  // Servers look at the extension.
  if (options.upload == TranscriptionOptions::Upload::webm) {
    parts.push_back({"file", "audio.webm", "audio/webm", file});
  } else {
    parts.push_back({"file", "audio.wav", "audio/wav", file});
  }
  return net::write_form(parts);
}

}  // namespace parley::providers::openai
