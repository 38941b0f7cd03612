// SPDX-License-Identifier: MIT
#include "tests/providers/azure/stt_run.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <utility>
#include <variant>

#include "providers/azure/stt_engine.h"
#include "tests/providers/remote/fakes.h"

namespace parley::tests {

using engine::Failure;
using engine::SttEvent;
using engine::SttFinal;
using engine::SttPartial;

std::unique_ptr<engine::SttEngine> Bench::make(const Options& more) {
  config::EngineSection section{"stt", "mine", "azure", more, {}};
  section.options.emplace("api_key", kKey);
  section.options.emplace("base_url", Fakes::url(kPath));
  auto made = providers::azure::make_stt(section);
  REQUIRE_MESSAGE(made.has_value(), (made ? "" : made.error().message));
  return std::move(*made);
}

std::vector<std::int16_t> sound(int ms, int amplitude) {
  constexpr double kTurnsPerSample = 400.0 / engine::kHearingRateHz;
  std::vector<std::int16_t> samples(static_cast<std::size_t>(ms) * engine::kHearingRateHz / 1000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double angle = 2 * 3.14159265 * kTurnsPerSample * static_cast<double>(i);
    samples[i] = static_cast<std::int16_t>(amplitude * std::sin(angle));
  }
  return samples;
}

Run::Run(Bench& bench, engine::SttEngine& engine, engine::SttRequest request)
    : loop_(bench.loop()) {
  net::test::on_loop(loop_, [&] {
    job_ = engine.start(std::move(request), loop_, [this](SttEvent event) {
      check_rules(event);
      events_.put(std::move(event));
    });
    starting_ = false;
  });
}

void Run::check_rules(const SttEvent& event) {
  broken_ = broken_ || starting_ || !job_ || over_;
  const auto keeps_promise = [this](const std::string& text) {
    return text.starts_with(promised_);
  };
  if (const auto* partial = std::get_if<SttPartial>(&event)) {
    broken_ = broken_ || !keeps_promise(partial->text);
    promised_ = partial->text.substr(0, partial->stable);
    return;
  }
  over_ = true;
  if (const auto* last = std::get_if<SttFinal>(&event)) {
    broken_ = broken_ || !finished_ || !keeps_promise(last->text);
  }
}

Run& Run::push(const std::vector<std::int16_t>& samples) {
  net::test::on_loop(loop_, [&] { job_->push(samples); });
  return *this;
}
Run& Run::pause() {
  net::test::on_loop(loop_, [&] { job_->pause(); });
  return *this;
}
Run& Run::resume() {
  net::test::on_loop(loop_, [&] { job_->resume(); });
  return *this;
}
Run& Run::finish() {
  net::test::on_loop(loop_, [&] {
    finished_ = true;
    job_->finish();
  });
  return *this;
}
void Run::cancel() {
  net::test::on_loop(loop_, [&] { job_.reset(); });
}

bool Run::next() {
  const SttEvent event = events_.take();
  if (const auto* partial = std::get_if<SttPartial>(&event)) {
    words = partial->text;
    stable = partial->stable;
    partials.push_back(words);
    return true;
  }
  if (const auto* told = std::get_if<Failure>(&event)) {
    failure = *told;
  } else {
    words = std::get<SttFinal>(event).text;
  }
  return false;
}

std::string Run::end() {
  while (next()) {
  }
  cancel();
  CHECK_FALSE(broken_);
  return failure ? failure->message : words;
}

void Run::await(const std::string& expected) {
  while (words != expected) {
    if (!next()) throw std::runtime_error("the job ended before its words came");
  }
}

void check_works(Bench& bench, engine::SttEngine& engine) {
  Run run(bench, engine);
  CHECK(run.push(300).finish().end() == kHeard);
}

}  // namespace parley::tests
