// SPDX-License-Identifier: MIT
// `parley talk`: one conversation from the command line, with any server of the Realtime API.
#include <CLI/App.hpp>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "audio/resampler.h"
#include "audio/wav.h"
#include "cli/commands.h"
#include "cli/realtime_url.h"
#include "cli/talk_client.h"
#include "cli/transcript_printer.h"

namespace parley::cli {

namespace {

constexpr std::size_t kWavBytesMax = 1u << 30u;

struct TalkOptions {
  std::string url = "ws://127.0.0.1:7866/v1/realtime";
  std::string in;
  std::string out;
  std::string text;
  std::string token;
  std::string model;
  std::string instructions;
  std::string voice;
  std::string ca_file;
  bool insecure = false;
  int timeout_s = 30;
};

base::Result<std::string> read_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  const int reason = errno;
  if (!stream) return base::fail("file", path + ": " + std::generic_category().message(reason));
  const auto size = stream.tellg();
  if (size < 0 || static_cast<std::size_t>(size) > kWavBytesMax) {
    return base::fail("file", path + ": not a file of at most 1 GiB");
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  stream.seekg(0);
  if (!stream.read(bytes.data(), size)) return base::fail("file", path + ": cannot be read");
  return bytes;
}

base::Result<std::vector<std::int16_t>> read_question(const std::string& path) {
  const auto bytes = read_file(path);
  if (!bytes) return tl::unexpected(bytes.error());
  auto wav = audio::parse_wav(*bytes);
  if (!wav) return base::fail(wav.error().code, path + ": " + wav.error().message);
  if (wav->samples.empty()) return base::fail("file", path + ": holds no sound");
  if (wav->rate_hz < 8000 || wav->rate_hz > 48000) {
    return base::fail("file", path + ": " + std::to_string(wav->rate_hz) +
                                  " Hz; rates from 8000 to 48000 Hz can be sent");
  }
  audio::Resampler resampler(wav->rate_hz, kTalkRateHz);
  std::vector<std::int16_t> samples;
  resampler.process(wav->samples, samples);
  resampler.flush(samples);
  return samples;
}

base::Result<void> write_answer(const std::string& path, const std::vector<std::int16_t>& samples) {
  const std::string bytes = audio::write_wav(samples, kTalkRateHz);
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream) {
    return base::fail("file",
                      path + ": cannot be written: " + std::generic_category().message(errno));
  }
  return {};
}

base::Result<TalkRequest> make_request(const TalkOptions& options) {
  TalkRequest request;
  auto url = realtime_url(options.url, options.model);
  if (!url) return tl::unexpected(std::move(url.error()));
  request.connection.url = std::move(*url);
  if (!options.token.empty()) {
    request.connection.headers.emplace_back("Authorization", "Bearer " + options.token);
  }
  request.connection.tls = {.verify = !options.insecure, .ca_file = options.ca_file};
  request.patience = std::chrono::seconds(options.timeout_s);
  request.connection.timeout = std::min(request.connection.timeout, request.patience);
  request.text = options.text;
  request.spoken_answer = options.text.empty() || !options.out.empty();
  request.instructions = options.instructions;
  request.voice = options.voice;
  if (!options.in.empty()) {
    auto question = read_question(options.in);
    if (!question) return tl::unexpected(std::move(question.error()));
    request.samples = std::move(*question);
  }
  return request;
}

int report(const base::Error& error) {
  std::fprintf(stderr, "parley: %s\n", error.message.c_str());
  return kExitFailed;
}

int talk(const TalkOptions& options) {
  auto request = make_request(options);
  if (!request) return report(request.error());
  TranscriptPrinter printer(stdout, options.text.empty() ? TranscriptPrinter::Labels::shown
                                                         : TranscriptPrinter::Labels::none);
  net::EventLoop loop;
  TalkClient client(loop, std::move(*request), printer);
  const auto talked = client.run();
  // Also after a failure: what was said is worth keeping.
  if (!options.out.empty() && !client.answer().empty()) {
    if (const auto written = write_answer(options.out, client.answer()); !written) {
      return report(written.error());
    }
  }
  if (!talked) return report(talked.error());
  return kExitFine;
}

}  // namespace

void add_talk(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand(
      "talk", "Ask a realtime server, by a recording or a text, and keep its answer");
  auto options = std::make_shared<TalkOptions>();
  command->add_option("--url", options->url, "The server: ws:// or wss://, any Realtime API")
      ->type_name("URL")
      ->capture_default_str();
  CLI::Option* in = command
                        ->add_option("--in", options->in,
                                     "WAV file with the question, sent at the pace it was spoken")
                        ->type_name("FILE");
  command->add_option("--text", options->text, "The question as text")->excludes(in);
  command->add_option("--out", options->out, "WAV file for the spoken answer")->type_name("FILE");
  command->add_option("--token", options->token, "Token or API key")
      ->type_name("TOKEN")
      ->envname("PARLEY_TOKEN");
  command->add_option("--model", options->model, "Model to ask for; without it, the server's own")
      ->type_name("NAME");
  command->add_option("--instructions", options->instructions, "Instructions for the session");
  command->add_option("--voice", options->voice, "Voice of the answer")->type_name("NAME");
  command->add_option("--ca", options->ca_file, "PEM file with a certificate to trust for wss://")
      ->type_name("FILE");
  command->add_flag("--insecure", options->insecure, "Do not check the server's certificate");
  command
      ->add_option("--timeout", options->timeout_s,
                   "How long to wait for the server's next word once the question was said")
      ->check(CLI::Range(1, 3600))
      ->type_name("SECONDS")
      ->capture_default_str();
  command->footer(
      "Prints both transcripts of a spoken question, or the answer to a text.\n"
      "Exit codes: 0 answered, 1 failed (standard error says why), 2 wrong options.");
  command->callback([&run, options] {
    if (options->in.empty() && options->text.empty()) {
      throw CLI::RequiredError("--in FILE or --text TEXT");
    }
    run = [options] { return talk(*options); };
  });
}

}  // namespace parley::cli
