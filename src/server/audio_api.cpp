// SPDX-License-Identifier: MIT
#include "server/audio_api.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "audio/sound_file.h"
#include "net/multipart.h"
#include "protocol/json/audio_documents.h"
#include "server/rest_api.h"
#include "server/session_settings.h"
#include "server/speech_call.h"
#include "server/transcription_call.h"

namespace parley::server {

namespace {

constexpr std::string_view kTranscriptions = "audio/transcriptions";
constexpr std::string_view kSpeech = "audio/speech";
constexpr double kRecordingMaxS = 2 * 3600;

struct Route {
  std::string_view name;   // "audio/speech"
  std::string deployment;  // Azure: the model, in the path
};

std::optional<Route> find_route(std::string_view path) {
  constexpr std::string_view kDeployments = "/openai/deployments/";
  Route route;
  if (path.starts_with("/v1/")) {
    route.name = path.substr(4);
  } else if (path.starts_with("/openai/v1/")) {
    route.name = path.substr(11);
  } else if (path.starts_with(kDeployments)) {
    path.remove_prefix(kDeployments.size());
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    route.deployment = path.substr(0, slash);
    route.name = path.substr(slash + 1);
  }
  if (route.name != kTranscriptions && route.name != kSpeech) return std::nullopt;
  return route;
}

net::HttpResponse with(net::HttpResponse response, const net::HeaderList& headers) {
  for (const auto& header : headers) response.headers.push_back(header);
  return response;
}

base::Error no_such_model(const std::string& name) {
  return {"model_not_found", "The model '" + name + "' does not exist.", "model"};
}

base::Error missing(const std::string& field) {
  return {"missing_required_parameter", "Missing required parameter: '" + field + "'.", field};
}

// The fields of a transcription's form; errors name the field.
base::Result<std::pair<TranscriptionOptions, std::string>> read_fields(
    const std::vector<net::FormPart>& form, std::string& model) {
  constexpr std::array<std::string_view, 5> kFormats = {"json", "text", "srt", "verbose_json",
                                                        "vtt"};
  TranscriptionOptions options;
  std::optional<std::string> file;
  for (const net::FormPart& part : form) {
    const std::string value(part.name == "file" ? std::string_view() : part.body);
    if (part.name == "file") {
      file = std::string(part.body);
    } else if (part.name == "model") {
      model = value;
    } else if (part.name == "language") {
      options.request.language = value;
    } else if (part.name == "prompt") {
      options.request.prompt = value;
    } else if (part.name == "temperature") {
      // No recogniser of ours takes one; a wrong one is still a mistake worth telling.
      double given = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), given);
      if (error != std::errc() || end != value.data() + value.size() || given < 0 || given > 1) {
        return base::fail("invalid_value", "Invalid 'temperature': expected a number from 0 to 1.",
                          "temperature");
      }
    } else if (part.name == "timestamp_granularities[]" && value != "segment") {
      return base::fail("invalid_value",
                        "Invalid value: '" + value + "'. Times are told by 'segment' here.",
                        "timestamp_granularities");
    } else if (part.name == "stream") {
      if (value != "true" && value != "false") {
        return base::fail("invalid_value", "Invalid 'stream': expected true or false.", "stream");
      }
      options.stream = value == "true";
    } else if (part.name == "response_format") {
      if (std::find(kFormats.begin(), kFormats.end(), value) == kFormats.end()) {
        return base::fail("invalid_value",
                          "Invalid value: '" + value +
                              "'. Supported values are: 'json', 'text', 'srt', 'verbose_json', and "
                              "'vtt'.",
                          "response_format");
      }
      options.format = value;
    }
  }
  if (!file || file->empty()) return tl::unexpected(missing("file"));
  options.request.model = model;
  return std::pair{std::move(options), std::move(*file)};
}

std::optional<audio::SoundFormat> sound_format(const std::string& name) {
  if (name == "mp3") return audio::SoundFormat::mp3;
  if (name == "opus") return audio::SoundFormat::opus;
  if (name == "flac") return audio::SoundFormat::flac;
  if (name == "wav") return audio::SoundFormat::wav;
  if (name == "pcm") return audio::SoundFormat::pcm;
  return std::nullopt;
}

}  // namespace

AudioApi::AudioApi(const config::Options& options, const engine::Catalog& catalog)
    : options_(options),
      catalog_(catalog),
      readers_(std::make_unique<providers::embedded::WorkerPool>(1)) {}

AudioApi::~AudioApi() = default;

void AudioApi::stop() {
  std::unique_ptr<providers::embedded::WorkerPool> stopped;
  {
    const std::lock_guard lock(mutex_);
    stopped = std::move(readers_);
  }
}

void AudioApi::in_background(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (readers_) readers_->post(std::move(task));
}

bool AudioApi::knows(std::string_view path) { return find_route(path).has_value(); }

void AudioApi::answer(net::EventLoop& loop, const net::HttpRequest& request,
                      net::HeaderList headers, std::shared_ptr<net::HttpResponder> responder) {
  const auto route = find_route(request.path);
  if (request.method != "POST") {
    auto refusal = error_response(
        405,
        {"method_not_allowed", "Not allowed to " + request.method + " on " + request.path, {}});
    refusal.headers.emplace_back("Allow", "POST, OPTIONS");
    return responder->respond(with(std::move(refusal), headers));
  }
  if (route->name == kSpeech) {
    speak(loop, request, std::move(headers), std::move(responder));
  } else {
    transcribe(loop, request, std::move(headers), std::move(responder));
  }
}

void AudioApi::transcribe(net::EventLoop& loop, const net::HttpRequest& request,
                          net::HeaderList headers, std::shared_ptr<net::HttpResponder> responder) {
  const auto refuse = [&](int status, const base::Error& error) {
    responder->respond(with(error_response(status, error), headers));
  };
  const auto form = net::read_form(request.header("Content-Type"), request.body);
  if (!form) return refuse(400, form.error());
  std::string model_name = find_route(request.path)->deployment;
  auto fields = read_fields(*form, model_name);
  if (!fields) return refuse(400, fields.error());
  const engine::Model* model = choose_model(catalog_, options_, model_name);
  if (model == nullptr) return refuse(404, no_such_model(model_name));
  fields->first.headers = headers;

  // Reading a large file takes a while; the answer begins on the loop again.
  in_background([&loop, &stt = *model->engines.stt, options = std::move(fields->first),
                 file = std::move(fields->second), responder = std::move(responder)]() mutable {
    auto recording = std::make_shared<base::Result<audio::Recording>>(
        audio::read_sound_file(file, kRecordingMaxS));
    loop.post([&loop, &stt, options = std::move(options), recording,
               responder = std::move(responder)]() mutable {
      if (*recording) {
        TranscriptionCall::start(loop, stt, std::move(options), std::move(**recording),
                                 std::move(responder));
        return;
      }
      base::Error error = recording->error();
      error.message = "Invalid 'file': " + error.message + ".";
      error.code = "invalid_value";
      error.param = "file";
      responder->respond(with(error_response(400, error), options.headers));
    });
  });
}

void AudioApi::speak(net::EventLoop& loop, const net::HttpRequest& request, net::HeaderList headers,
                     std::shared_ptr<net::HttpResponder> responder) {
  const auto refuse = [&](int status, const base::Error& error) {
    responder->respond(with(error_response(status, error), headers));
  };
  auto wanted = protocol::read_speech_request(request.body);
  if (!wanted) return refuse(400, wanted.error());
  if (wanted->model.empty()) wanted->model = find_route(request.path)->deployment;
  const engine::Model* model = choose_model(catalog_, options_, wanted->model);
  if (model == nullptr) return refuse(404, no_such_model(wanted->model));
  if (wanted->voice.empty()) wanted->voice = options_.session.voice;
  auto writer = audio::SoundWriter::create(*sound_format(wanted->format), SpeechCall::kRateHz);
  if (!writer) return refuse(500, writer.error());
  SpeechCall::start(loop, *model->engines.tts, std::move(*wanted), std::move(*writer),
                    std::move(headers), std::move(responder));
}

}  // namespace parley::server
