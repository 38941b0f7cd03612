// SPDX-License-Identifier: MIT
#include "providers/embedded/flite_tts.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/job_channel.h"
#include "providers/embedded/speakable.h"

extern "C" {
#include <flite/flite.h>
cst_voice* register_cmu_us_rms(const char* voxdir);
cst_voice* register_cmu_us_slt(const char* voxdir);
cst_voice* register_cmu_us_awb(const char* voxdir);
cst_voice* register_cmu_us_kal16(const char* voxdir);
}

namespace parley::providers::embedded {

namespace {

using Channel = engine::JobChannel<engine::TtsEvent>;

// Pieces of this many samples (40 ms) leave the engine while the rest is still being made.
constexpr int kPieceSamples = 640;

struct Voices {
  cst_voice* rms;
  cst_voice* slt;
  cst_voice* awb;
  cst_voice* kal16;
};

// Registered once for the process; Flite's registries are not safe to fill twice.
const Voices& voices_of_process() {
  static const Voices voices = [] {
    flite_init();
    return Voices{register_cmu_us_rms(nullptr), register_cmu_us_slt(nullptr),
                  register_cmu_us_awb(nullptr), register_cmu_us_kal16(nullptr)};
  }();
  return voices;
}

struct VoiceName {
  std::string_view name;
  cst_voice* Voices::* voice;
};

// Flite's own names, then OpenAI's by what they sound like.
constexpr std::array<VoiceName, 17> kNames = {{
    {"rms", &Voices::rms},
    {"slt", &Voices::slt},
    {"awb", &Voices::awb},
    {"kal16", &Voices::kal16},
    {"alloy", &Voices::slt},
    {"ash", &Voices::rms},
    {"ballad", &Voices::awb},
    {"cedar", &Voices::rms},
    {"coral", &Voices::slt},
    {"echo", &Voices::rms},
    {"fable", &Voices::awb},
    {"marin", &Voices::slt},
    {"nova", &Voices::slt},
    {"onyx", &Voices::kal16},
    {"sage", &Voices::slt},
    {"shimmer", &Voices::slt},
    {"verse", &Voices::rms},
}};

cst_voice* find_voice(std::string_view name) {
  for (const auto& entry : kNames) {
    if (entry.name == name) return voices_of_process().*entry.voice;
  }
  return nullptr;
}

// Where the utterance's words lie in the request's text. Numbers become several words of one token;
// tokens are looked for in order, because Flite's own offsets shift with what it skips.
std::vector<engine::WordTime> word_times(const cst_utterance* utterance, const std::string& text,
                                         int skipped_ms) {
  std::vector<engine::WordTime> words;
  const cst_item* token = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;
  int previous_end_ms = 0;
  for (const cst_item* word = relation_head(utt_relation(utterance, "Word")); word != nullptr;
       word = item_next(word)) {
    const cst_item* parent = item_parent(item_as(word, "Token"));
    if (parent != nullptr && parent != token) {
      token = parent;
      const std::size_t found = text.find(item_name(token), end);
      if (found != std::string::npos) {
        begin = found;
        end = found + std::string_view(item_name(token)).size();
      }
    }
    const float end_s =
        flite_ffeature_float(word, "R:SylStructure.daughtern.daughtern.R:Segment.end");
    const int end_ms = std::max(previous_end_ms, static_cast<int>(end_s * 1000) - skipped_ms);
    words.push_back({static_cast<int>(begin), static_cast<int>(end), previous_end_ms, end_ms});
    previous_end_ms = end_ms;
  }
  return words;
}

// One request while Flite works on it.
class Speaking {
 public:
  Speaking(Channel& channel, const std::string& text) : channel_(channel), text_(text) {}

  bool wanted() const { return !channel_.closed(); }
  bool heard() const { return sounding_; }

  // Flite begins every utterance with about 200 ms of silence. A conversation has no time for that:
  // the sound starts where the voice does, and the word times with it.
  void tell(const cst_utterance* utterance, const cst_wave* wave, int start, int size) {
    const short* begin = wave->samples + start;
    const short* end = begin + size;
    if (!sounding_) {
      const short* onset = std::find_if(begin, end, [](short s) { return std::abs(s) > kQuiet; });
      skipped_ += onset - begin;
      if (onset == end) return;
      const auto lead = std::min<std::ptrdiff_t>(onset - begin, kLeadSamples);
      begin = onset - lead;
      skipped_ -= lead;
      sounding_ = true;
      if (utterance != nullptr) {
        const int skipped_ms = static_cast<int>(skipped_ * 1000 / wave->sample_rate);
        channel_.emit(engine::TtsWords{word_times(utterance, text_, skipped_ms)});
      }
    }
    if (begin != end) channel_.emit(engine::TtsAudio{{begin, end}, wave->sample_rate});
  }

 private:
  static constexpr int kQuiet = 150;                   // of 32767
  static constexpr std::ptrdiff_t kLeadSamples = 320;  // 20 ms, so that no onset is clipped

  Channel& channel_;
  const std::string& text_;
  std::ptrdiff_t skipped_ = 0;  // samples
  bool sounding_ = false;
};

int on_piece(const cst_wave* wave, int start, int size, int /*last*/,
             cst_audio_streaming_info* info) {
  auto& speaking = *static_cast<Speaking*>(info->userdata);
  if (!speaking.wanted()) return CST_AUDIO_STREAM_STOP;
  if (size > 0) speaking.tell(info->utt, wave, start, size);
  return CST_AUDIO_STREAM_CONT;
}

void speak(Channel& channel, const std::string& text, cst_voice* voice, double speed) {
  if (channel.closed()) return;
  if (!has_words(text)) {
    channel.emit(engine::TtsDone{});
    return;
  }
  Speaking speaking(channel, text);
  cst_utterance* utterance = new_utterance();
  utt_set_input_text(utterance, text.c_str());
  utt_init(utterance, voice);
  // The utterance's own features come before the voice's, which stay as they are for other threads.
  feat_set_float(utterance->features, "duration_stretch", static_cast<float>(1.0 / speed));
  cst_audio_streaming_info* info = new_audio_streaming_info();
  info->min_buffsize = kPieceSamples;
  info->asc = on_piece;
  info->userdata = &speaking;
  info->utt = utterance;
  feat_set(utterance->features, "streaming_info", audio_streaming_info_val(info));  // owns it now

  if (utt_synth(utterance) == nullptr) {
    channel.emit(engine::Failure{"server_error", "The embedded voice could not say this text."});
  } else {
    // The diphone voice makes its sound in one go, without calling back.
    const cst_wave* wave = utt_wave(utterance);
    if (!speaking.heard() && speaking.wanted() && wave != nullptr) {
      speaking.tell(utterance, wave, 0, wave->num_samples);
    }
    channel.emit(engine::TtsDone{});
  }
  delete_utterance(utterance);
}

class FliteJob final : public engine::TtsJob {
 public:
  explicit FliteJob(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  ~FliteJob() override { channel_->close(); }

 private:
  std::shared_ptr<Channel> channel_;
};

class FliteEngine final : public engine::TtsEngine {
 public:
  FliteEngine(const FliteOptions& options, WorkerPool& pool)
      : pool_(pool), default_voice_(find_voice(options.voice)) {
    if (default_voice_ == nullptr) default_voice_ = voices_of_process().slt;
  }

  std::unique_ptr<engine::TtsJob> start(engine::TtsRequest request, base::Executor& loop,
                                        engine::Sink<engine::TtsEvent> sink) override {
    auto channel = std::make_shared<Channel>(loop, std::move(sink));
    cst_voice* voice = find_voice(request.voice);
    if (voice == nullptr) voice = default_voice_;
    pool_.post([channel, voice, text = speakable(request.text), speed = request.speed] {
      speak(*channel, text, voice, speed);
    });
    return std::make_unique<FliteJob>(std::move(channel));
  }

  std::vector<std::string> voices() const override {
    std::vector<std::string> names;
    names.reserve(kNames.size());
    for (const auto& entry : kNames) names.emplace_back(entry.name);
    return names;
  }
  std::string describe() const override { return "Flite (embedded voices: rms, slt, awb, kal16)"; }

 private:
  WorkerPool& pool_;
  cst_voice* default_voice_;
};

}  // namespace

std::unique_ptr<engine::TtsEngine> make_flite(const FliteOptions& options, WorkerPool& pool) {
  return std::make_unique<FliteEngine>(options, pool);
}

}  // namespace parley::providers::embedded
