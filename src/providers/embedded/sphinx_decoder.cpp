// SPDX-License-Identifier: MIT
#include "providers/embedded/sphinx_decoder.h"

#include <pocketsphinx.h>
#include <sphinxbase/err.h>
#include <sphinxbase/feat.h>

#include <array>
#include <filesystem>
#include <utility>
#include <vector>

#include "providers/embedded/transcript.h"

namespace parley::providers::embedded {

namespace {

// Where live mean normalisation of the cepstra starts. The model's own value suits nobody: it takes
// an utterance to recover from, and utterances are all there is here. These are the means that it
// settles at on recorded prompts at a usual level.
constexpr std::array<mfcc_t, 13> kCepstralMeans = {45.0F, -1.5F, 3.0F,  6.5F,  1.5F,  -1.5F, -2.0F,
                                                   -0.5F, -3.0F, -1.5F, -4.5F, -1.2F, 1.3F};
// The model was trained on utterances with a moment of silence around them (250 ms): without it the
// first word is misheard and the end of the last one not found.
constexpr std::size_t kMarginSamples = 4000;

// Faint noise: digital silence has no logarithm.
const std::vector<std::int16_t>& margin() {
  static const std::vector<std::int16_t> noise = [] {
    std::vector<std::int16_t> samples(kMarginSamples);
    std::uint32_t state = 1;
    for (auto& sample : samples) {
      state = state * 1664525U + 1013904223U;
      sample = static_cast<std::int16_t>(static_cast<int>(state >> 16U) % 7 - 3);
    }
    return samples;
  }();
  return noise;
}

}  // namespace

struct SphinxDecoder::State {
  cmd_ln_t* config = nullptr;
  ps_decoder_t* decoder = nullptr;
  bool in_utterance = false;
  std::string before_end;  // the hypothesis when the audio was over

  ~State() {
    if (decoder != nullptr) ps_free(decoder);
    if (config != nullptr) cmd_ln_free_r(config);
  }
};

std::string default_sphinx_model_dir() { return PARLEY_SPHINX_MODEL_DIR "/en-us"; }

bool is_sphinx_model(const std::string& model_dir) {
  const std::filesystem::path dir(model_dir);
  std::error_code ignored;
  return std::filesystem::exists(dir / "en-us" / "mdef", ignored) &&
         std::filesystem::exists(dir / "en-us.lm.bin", ignored) &&
         std::filesystem::exists(dir / "cmudict-en-us.dict", ignored);
}

base::Result<std::unique_ptr<SphinxDecoder>> SphinxDecoder::create(const std::string& model_dir) {
  err_set_logfp(nullptr);  // its chatter goes to stderr otherwise
  auto state = std::make_unique<State>();
  const std::string hmm = model_dir + "/en-us";
  const std::string lm = model_dir + "/en-us.lm.bin";
  const std::string dict = model_dir + "/cmudict-en-us.dict";
  state->config =
      cmd_ln_init(nullptr, ps_args(), TRUE, "-hmm", hmm.c_str(), "-lm", lm.c_str(), "-dict",
                  dict.c_str(), "-fwdflat", "no", "-maxhmmpf", "3000", "-maxwpf", "10", nullptr);
  if (state->config != nullptr) state->decoder = ps_init(state->config);
  if (state->decoder == nullptr) {
    return base::fail("server_error", "PocketSphinx could not load its model from " + model_dir +
                                          "; the Debian package pocketsphinx-en-us has it.");
  }
  return std::unique_ptr<SphinxDecoder>(new SphinxDecoder(std::move(state)));
}

SphinxDecoder::SphinxDecoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
SphinxDecoder::~SphinxDecoder() = default;

void SphinxDecoder::begin() {
  end();  // one that was abandoned in the middle
  const feat_t* features = ps_get_feat(state_->decoder);
  if (features->cepsize == static_cast<int>(kCepstralMeans.size())) {
    cmn_live_set(features->cmn_struct, kCepstralMeans.data());
  }
  ps_start_stream(state_->decoder);
  state_->before_end.clear();
  state_->in_utterance = ps_start_utt(state_->decoder) == 0;
  hear(margin());
}

void SphinxDecoder::hear(std::span<const std::int16_t> samples) {
  ps_process_raw(state_->decoder, samples.data(), samples.size(), FALSE, FALSE);
}

void SphinxDecoder::end() {
  if (!state_->in_utterance) return;
  hear(margin());
  state_->before_end = text();
  ps_end_utt(state_->decoder);
  state_->in_utterance = false;
}

std::string SphinxDecoder::text() const {
  const char* hypothesis = ps_get_hyp(state_->decoder, nullptr);
  if (hypothesis != nullptr) return written_transcript(hypothesis);
  // The best-path search over the lattice finds nothing when no path reaches the sentence's end.
  return state_->in_utterance ? std::string() : state_->before_end;
}

}  // namespace parley::providers::embedded
