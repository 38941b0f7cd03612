// SPDX-License-Identifier: MIT
#include "tests/providers/deepgram/stt_run.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <utility>
#include <variant>

#include "tests/providers/remote/fakes.h"

namespace parley::tests {

using engine::SttEvent;
using engine::SttFinal;
using engine::SttPartial;

std::unique_ptr<engine::SttEngine> SttBench::make(const SocketPeer& peer, const Options& more) {
  config::EngineSection section{"stt", "mine", peer.provider, peer.options, {}};
  for (const auto& [key, value] : more) section.options[key] = value;
  section.options.emplace("api_key", "test-key");
  if (section.options.count("base_url") == 0) section.options["base_url"] = Fakes::url(peer.path);
  auto made = peer.make(section);
  REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
  return std::move(*made);
}

SttRun::SttRun(SttBench& bench, engine::SttEngine& engine, engine::SttRequest request)
    : loop_(bench.loop()) {
  net::test::on_loop(loop_, [&] {
    job_ = engine.start(std::move(request), loop_, [this](SttEvent event) {
      check_rules(event);
      events_.put(std::move(event));
    });
    starting_ = false;
  });
}

void SttRun::check_rules(const SttEvent& event) {
  broken_ = broken_ || starting_ || !job_ || over_;
  if (const auto* partial = std::get_if<SttPartial>(&event)) {
    broken_ = broken_ || !partial->text.starts_with(promised_);
    promised_ = partial->text.substr(0, partial->stable);
    return;
  }
  over_ = true;
  if (const auto* last = std::get_if<SttFinal>(&event)) {
    broken_ = broken_ || !finished_ || !last->text.starts_with(promised_);
  }
}

SttRun& SttRun::push(const std::vector<std::int16_t>& samples) {
  net::test::on_loop(loop_, [&] { job_->push(samples); });
  return *this;
}
SttRun& SttRun::push(int ms) {
  constexpr double kTurnsPerSample = 400.0 / engine::kHearingRateHz;
  std::vector<std::int16_t> samples(static_cast<std::size_t>(ms) * engine::kHearingRateHz / 1000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double angle = 2 * 3.14159265 * kTurnsPerSample * static_cast<double>(i);
    samples[i] = static_cast<std::int16_t>(8000 * std::sin(angle));
  }
  return push(samples);
}
SttRun& SttRun::silence(int ms) {
  return push(
      std::vector<std::int16_t>(static_cast<std::size_t>(ms) * engine::kHearingRateHz / 1000));
}
SttRun& SttRun::pause() {
  net::test::on_loop(loop_, [&] { job_->pause(); });
  return *this;
}
SttRun& SttRun::resume() {
  net::test::on_loop(loop_, [&] { job_->resume(); });
  return *this;
}
SttRun& SttRun::finish() {
  net::test::on_loop(loop_, [&] {
    finished_ = true;
    job_->finish();
  });
  return *this;
}
void SttRun::cancel() {
  net::test::on_loop(loop_, [&] { job_.reset(); });
}

bool SttRun::next() {
  const SttEvent event = events_.take();
  if (const auto* partial = std::get_if<SttPartial>(&event)) {
    words = partial->text;
    stable = partial->stable;
    partials.push_back(words);
    return true;
  }
  if (const auto* told = std::get_if<engine::Failure>(&event)) {
    failure = *told;
  } else {
    words = std::get<SttFinal>(event).text;
    logprobs = std::get<SttFinal>(event).logprobs;
  }
  return false;
}

std::string SttRun::end() {
  while (next()) {
  }
  cancel();
  CHECK_FALSE(broken_);
  return failure ? failure->message : words;
}

void SttRun::await_stable(const std::string& expected) {
  while (words.substr(0, stable) != expected) {
    if (!next()) throw std::runtime_error("the job ended before its words were stable");
  }
}

}  // namespace parley::tests
