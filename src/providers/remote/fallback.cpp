// SPDX-License-Identifier: MIT
#include "providers/remote/fallback.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace parley::providers::remote {

namespace {

using engine::Failure;
using engine::FailureKind;

bool would_fail_anywhere(const Failure& failure) {
  return failure.kind == FailureKind::invalid_request ||
         failure.kind == FailureKind::content_filter;
}

// One job that moves from engine to engine. Derived classes say what counts as output, who can take
// the job, and what a new engine must be told first.
template <class Engine, class Job, class Request, class Event>
class Moving : public std::enable_shared_from_this<Moving<Engine, Job, Request, Event>> {
 public:
  Moving(std::span<Engine* const> engines, Request request, base::Executor& loop,
         engine::Sink<Event> sink)
      : engines_(engines), request_(std::move(request)), loop_(loop), sink_(std::move(sink)) {}
  virtual ~Moving() = default;

  void begin() {
    const auto listen = [weak = this->weak_from_this(), at = at_](Event event) {
      const auto self = weak.lock();
      if (self && !self->closed_ && self->at_ == at) self->on_event(std::move(event));
    };
    job_.reset();
    job_ = engines_[at_]->start(request_, loop_, listen);
    on_begun(*job_);
  }

  void close() {
    closed_ = true;
    job_.reset();
  }

 protected:
  // May the job move on after this event?
  virtual bool settles(const Event& event) const = 0;
  virtual bool can_take(const Engine& engine) const {
    static_cast<void>(engine);
    return true;
  }
  virtual void on_begun(Job& job) { static_cast<void>(job); }
  // An event on its way to the session; may hold it back.
  virtual void pass_on(Event event) { sink_(std::move(event)); }

  // Another engine could still take over.
  bool has_reserve() const { return !settled_ && next_engine() < engines_.size(); }
  void settle() { settled_ = true; }
  const Request& request() const { return request_; }
  Job* job() { return moving_ ? nullptr : job_.get(); }
  // The next engine is about to be started.
  bool moving() const { return moving_; }
  bool closed() const { return closed_; }
  void emit(Event event) { sink_(std::move(event)); }

 private:
  std::size_t next_engine() const {
    std::size_t next = at_ + 1;
    while (next < engines_.size() && !can_take(*engines_[next])) ++next;
    return next;
  }

  void on_event(Event event) {
    if (auto* failure = std::get_if<Failure>(&event)) {
      if (has_reserve() && !would_fail_anywhere(*failure)) return move_on(*failure);
      if (!earlier_.empty()) failure->message = earlier_ + "; " + failure->message;
    } else if (settles(event)) {
      settled_ = true;
    }
    pass_on(std::move(event));
  }

  void move_on(const Failure& failure) {
    earlier_ += (earlier_.empty() ? "" : "; ") + failure.message;
    at_ = next_engine();
    moving_ = true;
    // In a task of its own: the failed job is still on the stack.
    loop_.post([weak = this->weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->closed_) return;
      self->moving_ = false;
      self->begin();
    });
  }

  const std::span<Engine* const> engines_;  // the engine's own list outlives its jobs
  const Request request_;
  base::Executor& loop_;
  const engine::Sink<Event> sink_;
  std::unique_ptr<Job> job_;
  std::size_t at_ = 0;
  std::string earlier_;  // what the engines before this one said
  bool moving_ = false;
  bool settled_ = false;
  bool closed_ = false;
};

// ---- language models

class MovingLlm final
    : public Moving<engine::LlmEngine, engine::LlmJob, engine::LlmRequest, engine::LlmEvent> {
 public:
  using Moving::Moving;

 protected:
  bool settles(const engine::LlmEvent& event) const override {
    const auto* text = std::get_if<engine::LlmText>(&event);
    return text == nullptr || !text->delta.empty();
  }
  bool can_take(const engine::LlmEngine& engine) const override {
    const auto traits = engine.traits();
    if (request().speak && !traits.speaks) return false;
    for (auto entry = request().history.rbegin(); entry != request().history.rend(); ++entry) {
      const auto* said = std::get_if<engine::Utterance>(&*entry);
      if (said == nullptr || said->speaker != engine::Speaker::user) continue;
      return traits.hears || !said->sound || !said->text.empty();
    }
    return true;
  }
};

// ---- voices

class MovingTts final
    : public Moving<engine::TtsEngine, engine::TtsJob, engine::TtsRequest, engine::TtsEvent> {
 public:
  using Moving::Moving;

 protected:
  bool settles(const engine::TtsEvent& event) const override {
    return !std::holds_alternative<engine::TtsWords>(event);
  }
  void on_begun(engine::TtsJob&) override { words_.reset(); }
  // Word times wait for the sound that they belong to: another voice would have others.
  void pass_on(engine::TtsEvent event) override {
    if (auto* words = std::get_if<engine::TtsWords>(&event); words != nullptr && has_reserve()) {
      words_ = std::move(*words);
      return;
    }
    if (auto words = std::exchange(words_, std::nullopt)) emit(std::move(*words));
    if (!closed()) emit(std::move(event));
  }

 private:
  std::optional<engine::TtsWords> words_;
};

// ---- recognisers

class MovingStt final
    : public Moving<engine::SttEngine, engine::SttJob, engine::SttRequest, engine::SttEvent> {
 public:
  MovingStt(std::span<engine::SttEngine* const> engines, engine::SttRequest request,
            base::Executor& loop, engine::Sink<engine::SttEvent> sink, std::size_t samples_max)
      : Moving(engines, std::move(request), loop, std::move(sink)), samples_max_(samples_max) {}

  void push(std::span<const std::int16_t> samples) {
    if (!has_reserve() && !moving()) {
      forget();
    } else if (heard_.size() + samples.size() > samples_max_) {
      settle();  // what could not be told again in full is not told again
      forget();
    } else {
      heard_.insert(heard_.end(), samples.begin(), samples.end());
    }
    if (job() != nullptr) job()->push(samples);
  }
  void pause() {
    paused_at_ = heard_.size();
    if (job() != nullptr) job()->pause();
  }
  void resume() {
    paused_at_.reset();
    if (job() != nullptr) job()->resume();
  }
  void finish() {
    finished_ = true;
    if (job() != nullptr) job()->finish();
  }

 protected:
  bool settles(const engine::SttEvent& event) const override {
    const auto* partial = std::get_if<engine::SttPartial>(&event);
    return partial == nullptr || partial->stable > 0;
  }

  void on_begun(engine::SttJob& fresh) override {
    const std::span<const std::int16_t> heard(heard_);
    if (paused_at_) {
      fresh.push(heard.first(*paused_at_));
      fresh.pause();
      fresh.push(heard.subspan(*paused_at_));
    } else if (!heard.empty()) {
      fresh.push(heard);
    }
    if (finished_) fresh.finish();
  }

 private:
  void forget() {
    std::vector<std::int16_t>().swap(heard_);
    if (paused_at_) paused_at_ = 0;
  }

  const std::size_t samples_max_;
  std::vector<std::int16_t> heard_;  // for the next engine; nothing when there is none
  std::optional<std::size_t> paused_at_;
  bool finished_ = false;
};

// ---- the jobs and engines that the session sees

template <class Job, class State>
class Handle : public Job {
 public:
  explicit Handle(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~Handle() override { state_->close(); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

 protected:
  const std::shared_ptr<State> state_;
};

class SttHandle final : public Handle<engine::SttJob, MovingStt> {
 public:
  using Handle::Handle;
  void push(std::span<const std::int16_t> samples) override { state_->push(samples); }
  void pause() override { state_->pause(); }
  void resume() override { state_->resume(); }
  void finish() override { state_->finish(); }
};

template <class Engine>
std::string describe_all(const std::vector<Engine*>& engines) {
  std::string text = engines.front()->describe();
  for (std::size_t i = 1; i < engines.size(); ++i) {
    text += (i == 1 ? "; in reserve: " : ", ") + engines[i]->describe();
  }
  return text;
}

class FallbackStt final : public engine::SttEngine {
 public:
  FallbackStt(std::vector<engine::SttEngine*> engines, std::size_t samples_max)
      : engines_(std::move(engines)), samples_max_(samples_max) {}
  std::unique_ptr<engine::SttJob> start(engine::SttRequest request, base::Executor& loop,
                                        engine::Sink<engine::SttEvent> sink) override {
    auto state = std::make_shared<MovingStt>(engines_, std::move(request), loop, std::move(sink),
                                             samples_max_);
    state->begin();
    return std::make_unique<SttHandle>(std::move(state));
  }
  void warm(base::Executor& loop) override { engines_.front()->warm(loop); }
  std::string describe() const override { return describe_all(engines_); }

 private:
  const std::vector<engine::SttEngine*> engines_;
  const std::size_t samples_max_;
};

class FallbackLlm final : public engine::LlmEngine {
 public:
  explicit FallbackLlm(std::vector<engine::LlmEngine*> engines) : engines_(std::move(engines)) {}
  std::unique_ptr<engine::LlmJob> start(engine::LlmRequest request, base::Executor& loop,
                                        engine::Sink<engine::LlmEvent> sink) override {
    auto state = std::make_shared<MovingLlm>(engines_, std::move(request), loop, std::move(sink));
    state->begin();
    return std::make_unique<Handle<engine::LlmJob, MovingLlm>>(std::move(state));
  }
  engine::LlmTraits traits() const override { return engines_.front()->traits(); }
  void warm(base::Executor& loop) override { engines_.front()->warm(loop); }
  std::string describe() const override { return describe_all(engines_); }

 private:
  const std::vector<engine::LlmEngine*> engines_;
};

class FallbackTts final : public engine::TtsEngine {
 public:
  explicit FallbackTts(std::vector<engine::TtsEngine*> engines) : engines_(std::move(engines)) {}
  std::unique_ptr<engine::TtsJob> start(engine::TtsRequest request, base::Executor& loop,
                                        engine::Sink<engine::TtsEvent> sink) override {
    auto state = std::make_shared<MovingTts>(engines_, std::move(request), loop, std::move(sink));
    state->begin();
    return std::make_unique<Handle<engine::TtsJob, MovingTts>>(std::move(state));
  }
  std::vector<std::string> voices() const override { return engines_.front()->voices(); }
  void warm(base::Executor& loop) override { engines_.front()->warm(loop); }
  std::string describe() const override { return describe_all(engines_); }

 private:
  const std::vector<engine::TtsEngine*> engines_;
};

}  // namespace

std::unique_ptr<engine::SttEngine> with_fallback(std::vector<engine::SttEngine*> engines,
                                                 base::Duration audio_max) {
  PARLEY_ASSERT(!engines.empty());
  const auto ms = std::chrono::duration_cast<base::Milliseconds>(audio_max).count();
  return std::make_unique<FallbackStt>(
      std::move(engines), static_cast<std::size_t>(ms) * engine::kHearingRateHz / 1000);
}

std::unique_ptr<engine::LlmEngine> with_fallback(std::vector<engine::LlmEngine*> engines) {
  PARLEY_ASSERT(!engines.empty());
  return std::make_unique<FallbackLlm>(std::move(engines));
}

std::unique_ptr<engine::TtsEngine> with_fallback(std::vector<engine::TtsEngine*> engines) {
  PARLEY_ASSERT(!engines.empty());
  return std::make_unique<FallbackTts>(std::move(engines));
}

}  // namespace parley::providers::remote
