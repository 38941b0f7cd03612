// SPDX-License-Identifier: MIT
// Speech answers as bytes, cut at every place: raw PCM, streamed and finished WAVs, and things that
// are no sound; and the requests that ask for them.
#include "providers/openai/speech_stream.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "audio/wav.h"
#include "providers/openai/speech_request.h"
#include "providers/registry.h"

namespace parley::tests {
namespace {

using nlohmann::json;
using providers::openai::speech_request;
using providers::openai::SpeechOptions;
using providers::openai::SpeechStream;

struct Heard {
  std::vector<std::int16_t> samples;
  int rate_hz = 0;
  std::string error;
};

Heard hear(const std::vector<std::string_view>& pieces, int rate_hz = 24000) {
  SpeechStream stream(rate_hz);
  Heard heard;
  const auto take = [&](const base::Result<engine::TtsAudio>& sound) {
    if (!sound) {
      heard.error = sound.error().message;
      return false;
    }
    if (!sound->samples.empty()) {
      CHECK((heard.rate_hz == 0 || heard.rate_hz == sound->rate_hz));
      heard.rate_hz = sound->rate_hz;
    }
    heard.samples.insert(heard.samples.end(), sound->samples.begin(), sound->samples.end());
    return true;
  };
  for (const auto piece : pieces) {
    if (!take(stream.push(piece))) return heard;
  }
  take(stream.finish());
  return heard;
}

// In one piece, in two cut at every byte, and byte by byte: always the same.
Heard hear_however_cut(const std::string& bytes, int rate_hz = 24000) {
  const std::string_view all = bytes;
  const Heard whole = hear({all}, rate_hz);
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    CAPTURE(cut);
    const Heard heard = hear({all.substr(0, cut), all.substr(cut)}, rate_hz);
    CHECK(heard.error == whole.error);
    if (whole.error.empty()) CHECK(heard.samples == whole.samples);
    if (whole.error.empty()) CHECK(heard.rate_hz == whole.rate_hz);
  }
  std::vector<std::string_view> bytewise;
  for (std::size_t at = 0; at < all.size(); ++at) bytewise.push_back(all.substr(at, 1));
  const Heard heard = hear(bytewise, rate_hz);
  CHECK(heard.error == whole.error);
  if (whole.error.empty()) CHECK(heard.samples == whole.samples);
  return whole;
}

std::vector<std::int16_t> ramp(int count = 40) {
  std::vector<std::int16_t> samples;
  for (int i = 0; i < count; ++i) samples.push_back(static_cast<std::int16_t>(i * 797 - 12000));
  return samples;
}

std::string pcm(const std::vector<std::int16_t>& samples) {
  return audio::write_wav(samples, 24000).substr(44);
}

std::string le(std::uint32_t value, int bytes = 4) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFu);
  return out;
}

std::string wav(const std::string& data, std::uint32_t size, std::uint32_t channels = 1,
                std::uint32_t rate = 22050, std::uint32_t tag = 1, std::uint32_t bits = 16,
                const std::string& before = "") {
  return "RIFF" + le(0xFFFFFFFF) + "WAVE" + before + "fmt " + le(16) + le(tag, 2) +
         le(channels, 2) + le(rate) + le(rate * channels * bits / 8) + le(channels * bits / 8, 2) +
         le(bits, 2) + "data" + le(size) + data;
}

TEST_CASE("raw samples arrive whole however they are cut, and half a one at the end is dropped") {
  const Heard heard = hear_however_cut(pcm(ramp()), 22050);
  CHECK(heard.samples == ramp());
  CHECK(heard.rate_hz == 22050);
  CHECK(hear_however_cut(pcm(ramp()) + "x").samples == ramp());
  CHECK(hear_however_cut(pcm({7})).samples == std::vector<std::int16_t>{7});
}

TEST_CASE("a WAV is recognised in place of raw samples, and its sizes are not believed") {
  for (const std::uint32_t size : {0xFFFFFFFFu, 0u, 0x7FFFFFFFu, 80u, 36u, 37u, 2u}) {
    CAPTURE(size);
    const Heard heard = hear_however_cut(wav(pcm(ramp()), size));
    CHECK(heard.samples == ramp());
    CHECK(heard.rate_hz == 22050);
  }
  const std::string list = "LIST" + le(5) + "INFOx" + std::string(1, '\0');
  CHECK(hear_however_cut(wav(pcm(ramp()), 0xFFFFFFFF, 1, 22050, 1, 16, list)).samples == ramp());
}

TEST_CASE("what follows the sound in a finished file is not heard, a second file is") {
  const std::string trailer = "LIST" + le(4) + "INFO";
  CHECK(hear_however_cut(wav(pcm(ramp()), 80) + trailer).samples == ramp());
  std::vector<std::int16_t> twice = ramp();
  for (const auto sample : ramp()) twice.push_back(sample);
  CHECK(hear_however_cut(wav(pcm(ramp()), 80) + wav(pcm(ramp()), 80)).samples == twice);
}

TEST_CASE("channels are averaged, and other sample formats are understood") {
  const Heard stereo = hear_however_cut(wav(pcm({100, 300, -50, 50}), 0xFFFFFFFF, 2));
  CHECK(stereo.samples == std::vector<std::int16_t>{200, 0});
  const Heard deep = hear_however_cut(
      wav(std::string("\x00\x34\x12\x00\xff\xff", 6), 0xFFFFFFFF, 1, 22050, 1, 24));
  CHECK(deep.samples.size() == 2);
  CHECK(deep.samples[0] == 0x1234);
}

TEST_CASE("what is no sound is refused with a reason") {
  CHECK(hear_however_cut("").error == "answered without any sound");
  CHECK(hear_however_cut("x").error == "answered without any sound");
  CHECK(hear_however_cut(wav("", 0xFFFFFFFF)).error == "answered without any sound");
  CHECK(hear_however_cut("RIFFxxxx").error == "answered without any sound");
  CHECK(hear_however_cut("<html><body>").error == "sent text in place of sound");
  CHECK(hear_however_cut(R"({"error":{}})").error == "sent text in place of sound");
  CHECK(hear_however_cut("data: {}\n\n").error == "sent text in place of sound");
  for (const std::string mark : {"OggS", "fLaC", "ID3\x04"}) {
    CHECK(hear_however_cut(mark + "….").error == "sent compressed sound, which was not asked for");
  }
  CHECK(hear_however_cut("RIFFxxxxAVI LIST").error == "sent something that is no WAV");
  CHECK(hear_however_cut("RIFFxxxxWAVEdata" + le(4) + "abcd").error ==
        "sent a WAV without a format");
  CHECK(hear_however_cut("RIFFxxxxWAVEfmt " + le(2) + "ab").error ==
        "sent a WAV with a broken format");
  CHECK(hear_however_cut("RIFFxxxxWAVEJUNK" + le(0xFFFFFFF0)).error ==
        "sent a WAV with far too long a header");
  CHECK(hear_however_cut(wav(pcm(ramp()), 80, 0)).error == "sent a WAV with a broken format");
  CHECK(hear_however_cut(wav(pcm(ramp()), 80, 1, 4000)).error ==
        "sent sound of 4000 Hz, not 8000 to 48000");
  CHECK(hear_however_cut(wav(pcm(ramp()), 80, 1, 0xFFFFFFFF)).error.ends_with("8000 to 48000"));
  CHECK(hear_however_cut(wav(pcm(ramp()), 80, 1, 22050, 2))
            .error.starts_with("sent a WAV that cannot be read: "));
  CHECK(hear({wav(pcm(ramp()), 80), wav(pcm(ramp()), 80, 1, 16000)}).error ==
        "changed the rate of its sound");
}

TEST_CASE("a request says what was configured and wished, and nothing else") {
  SpeechOptions options;
  options.model = "gpt-4o-mini-tts";
  engine::TtsRequest request{"Hello.", "marin"};
  CHECK(json::parse(speech_request(options, request)) == json{{"model", "gpt-4o-mini-tts"},
                                                              {"input", "Hello."},
                                                              {"voice", "marin"},
                                                              {"response_format", "pcm"}});
  options.instructions = "Calm.";
  options.extra_body = {R"({"stream_format": "audio", "response_format": null})"};
  request.speed = 1.25;
  const json body = json::parse(speech_request(options, request));
  CHECK(body["instructions"] == "Calm.");
  CHECK(body["speed"] == 1.25);
  CHECK(body["stream_format"] == "audio");
  CHECK(body.count("response_format") == 0);
  request.text = "broken \xff";
  CHECK(json::parse(speech_request(options, request))["input"] == "broken \xEF\xBF\xBD");
}

TEST_CASE("voices: the map first, then one voice for OpenAI's names, and the rest as it is") {
  SpeechOptions options;
  const auto said = [&](const std::string& voice) {
    const json body = json::parse(speech_request(options, engine::TtsRequest{"Hi.", voice}));
    return body.value("voice", "(none)");
  };
  CHECK(said("alloy") == "alloy");
  CHECK(said("") == "(none)");
  options.voice = "af_heart";
  options.voices = {{"echo", "am_adam"}, {"anna", "af_bella"}};
  CHECK(said("alloy") == "af_heart");
  CHECK(said("") == "af_heart");
  CHECK(said("echo") == "am_adam");
  CHECK(said("anna") == "af_bella");
  CHECK(said("af_sky") == "af_sky");
}

TEST_CASE("each provider has its address, and mistakes in its section are told") {
  providers::embedded::WorkerPool pool(1);
  const auto made = [&](const char* provider, std::map<std::string, std::string> options) {
    auto engine = providers::make_tts({"tts", "mine", provider, std::move(options), {}}, pool);
    return engine ? (*engine)->describe() : engine.error().message;
  };
  CHECK(made("openai", {{"api_key", "k"}}) ==
        "speech, model gpt-4o-mini-tts at https://api.openai.com/v1");
  CHECK(made("openai", {}) == "tts.mine.api_key: is missing: api.openai.com asks for one");
  CHECK(made("kokoro", {}) == "speech, model kokoro at http://127.0.0.1:8880/v1");
  CHECK(made("speaches", {}) ==
        "speech, model speaches-ai/Kokoro-82M-v1.0-ONNX at http://127.0.0.1:8000/v1");
  CHECK(made("kokoro", {{"response_format", "aac"}}) ==
        "tts.mine.response_format: 'aac' is unknown; valid: pcm, wav, mp3, opus, flac");
  CHECK(made("kokoro", {{"pcm_rate", "4000"}}) ==
        "tts.mine.pcm_rate: '4000' is not a whole number from 8000 to 48000");
  CHECK(made("kokoro", {{"model", ""}}) ==
        "tts.mine.model: is empty: which of the server's models?");
}

}  // namespace
}  // namespace parley::tests
