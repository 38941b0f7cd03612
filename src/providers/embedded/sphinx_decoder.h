// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace parley::providers::embedded {

// One PocketSphinx decoder: about 100 MB, 200 ms to make. One utterance at a time, one thread at a
// time. Settings were measured: no flat-lexicon pass and bounded search cost 0.7 points of word
// error and make the final text 20 times faster.
class SphinxDecoder {
 public:
  static base::Result<std::unique_ptr<SphinxDecoder>> create(const std::string& model_dir);
  ~SphinxDecoder();
  SphinxDecoder(const SphinxDecoder&) = delete;
  SphinxDecoder& operator=(const SphinxDecoder&) = delete;

  // Begins an utterance and forgets the last speaker's channel.
  void begin();
  void hear(std::span<const std::int16_t> samples);  // 16 kHz mono
  void end();
  // The words so far (after end(): the final ones), as a person would write them down.
  std::string text() const;

 private:
  struct State;
  explicit SphinxDecoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The model directory of the Debian package pocketsphinx-en-us.
std::string default_sphinx_model_dir();
// Is there a model in it?
bool is_sphinx_model(const std::string& model_dir);

}  // namespace parley::providers::embedded
