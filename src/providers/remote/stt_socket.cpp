// SPDX-License-Identifier: MIT
#include "providers/remote/stt_socket.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/job_channel.h"
#include "net/event_loop.h"
#include "net/http_client.h"
#include "net/websocket.h"
#include "providers/remote/breaker.h"
#include "providers/remote/remote_call.h"
#include "providers/remote/retry.h"
#include "providers/remote/stt_line.h"

namespace parley::providers::remote {

namespace {

using engine::Failure;
using engine::FailureKind;
using engine::SttEvent;

constexpr std::size_t kKeptMax = 30 * engine::kHearingRateHz;  // samples
constexpr std::size_t kQueuedBytesMax = 4u << 20u;
constexpr int kNormalClose = 1000;
constexpr int kNoCode = 1005;
constexpr int kBroken = 1006;
constexpr int kTryAgainLater = 1013;

// Outlives the job while a callback is under way; close() ends all but that.
class Hearing : public std::enable_shared_from_this<Hearing> {
 public:
  Hearing(SttPlan plan, net::EventLoop& loop, engine::Sink<SttEvent> sink)
      : plan_(std::move(plan)),
        loop_(loop),
        channel_(std::make_shared<engine::JobChannel<SttEvent>>(loop, std::move(sink))),
        deadline_(loop),
        idle_(loop) {}

  void begin() {
    const Endpoint& endpoint = *plan_.endpoint;
    if (endpoint.breaker) {
      if (const auto wait = endpoint.breaker->refused(loop_.now())) return wait_or_refuse(*wait);
    }
    if (plan_.spares) {
      if (auto line = plan_.spares->take(loop_, plan_.url)) {
        spare_ = true;
        return use(std::move(line));
      }
    }
    connect();
  }

  void push(std::span<const std::int16_t> samples) {
    if (over_ || finished_ || samples.empty()) return;
    pushed_ = true;
    kept_.insert(kept_.end(), samples.begin(), samples.end());
    if (line_) send_audio(false);
    if (over_ || kept_.size() <= kKeptMax) return;
    if (!line_) return give_up(FailureKind::overloaded, "cannot be reached in time for the audio");
    forget_sent();
  }

  void pause() {
    if (over_ || finished_ || paused_) return;
    paused_ = true;
    if (line_) say_pause();
  }

  void resume() {
    paused_ = false;
    asked_ = asked_ && finished_;
  }

  void finish() {
    if (over_ || finished_) return;
    finished_ = true;
    if (!pushed_) return conclude();
    if (line_) say_finish();
  }

  // The owner is gone.
  void close() {
    channel_->close();
    if (heard_ && !over_) report_success();
    over_ = true;
    leave();
  }

 private:
  void connect() {
    attempt_ = net::connect_websocket(loop_, stt_socket_options(plan_),
                                      [weak = weak_from_this()](auto made) {
                                        const auto self = weak.lock();
                                        if (self) self->on_connected(std::move(made));
                                      });
  }

  // Not after leave(), which cancels the attempt.
  void on_connected(tl::expected<std::shared_ptr<net::WebSocket>, net::ConnectError> made) {
    if (made) return use(SttLine::over(std::move(*made)));
    Failure failure = failure_of_connect(*plan_.endpoint, made.error());
    const bool again = may_retry_connect(made.error(), failure.kind);
    end_with(std::move(failure), again);
  }

  void use(std::shared_ptr<SttLine> line) {
    line_ = std::move(line);
    protocol_ = plan_.protocol();
    sent_ = 0;
    unanswered_ = 0;
    asked_ = false;
    message_seen_ = false;
    SttLine::Listener listener;
    listener.on_message = [weak = weak_from_this()](std::string_view message, bool binary) {
      const auto self = weak.lock();
      if (self && !self->over_) self->on_message(message, binary);
    };
    listener.on_closed = [weak = weak_from_this(), line = line_.get()](int code,
                                                                       std::string_view why) {
      const auto self = weak.lock();
      if (self && !self->over_ && self->line_.get() == line) self->on_closed(code, why);
    };
    line_->listen(std::move(listener));
    std::vector<SttFrame> frames;
    protocol_->open(frames);
    send(std::move(frames));
    send_audio(false);
    if (over_) return;
    if (finished_) return say_finish();
    if (paused_) say_pause();
    keep_alive_later();
  }

  void send(std::vector<SttFrame> frames) {
    if (frames.empty() || over_) return;
    for (auto& frame : frames) line_->send(std::move(frame));
    said_something_ = true;
    if (line_->queued_bytes() > kQueuedBytesMax) {
      give_up(FailureKind::overloaded, "does not take the audio");
    }
  }

  // In messages of plan_.chunk; the rest only with `all`.
  void send_audio(bool all) {
    std::vector<SttFrame> frames;
    while (kept_.size() - sent_ >= plan_.chunk || (all && sent_ < kept_.size())) {
      const std::size_t count = std::min(plan_.chunk, kept_.size() - sent_);
      protocol_->audio(std::span(kept_).subspan(sent_, count), frames);
      sent_ += count;
    }
    send(std::move(frames));
    if (heard_ && !over_) forget_sent();
  }

  // It will not be sent again.
  void forget_sent() {
    whole_ = whole_ && sent_ == 0;
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }

  void say_pause() {
    if (!plan_.flush_on_pause) return;
    send_audio(true);
    ask();
  }

  void ask() {
    if (over_) return;
    std::vector<SttFrame> frames;
    asked_ = protocol_->flush(frames);
    if (asked_) ++unanswered_;
    send(std::move(frames));
  }

  void say_finish() {
    idle_.disarm();
    send_audio(true);
    // After a pause came silence only: its flush() is the last one.
    if (!(paused_ && asked_)) ask();
    if (over_) return;
    std::vector<SttFrame> frames;
    protocol_->end(frames);
    send(std::move(frames));
    if (over_) return;
    if (asked_ && unanswered_ == 0) return conclude();
    deadline_.arm(loop_.now() + plan_.final_timeout, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->over_) self->on_late();
    });
  }

  void on_late() {
    end_with(failure_of_transport(*plan_.endpoint, {"timeout_total", {}, {}}), false);
  }

  void on_message(std::string_view message, bool binary) {
    message_seen_ = true;
    std::vector<SttHeard> meanings;
    if (binary) {
      protocol_->on_binary(message, meanings);
    } else {
      protocol_->on_text(message, meanings);
    }
    for (auto& meaning : meanings) {
      if (over_ || !line_) return;
      std::visit([this](auto& what) { hear(what); }, meaning);
    }
  }

  void hear(SttInterim& what) {
    heard_ = true;
    interim_ = std::move(what.text);
    tell();
  }
  void hear(SttSettled& what) {
    heard_ = true;
    append_words(settled_, what.text);
    interim_.clear();
    std::move(what.logprobs.begin(), what.logprobs.end(), std::back_inserter(logprobs_));
    tell();
  }
  void hear(SttFlushed&) {
    heard_ = true;
    unanswered_ = std::max(0, unanswered_ - 1);
    if (finished_ && asked_ && unanswered_ == 0) conclude();
  }
  void hear(SttEnded&) {
    if (finished_) return conclude();
    end_with(make_failure(*plan_.endpoint, FailureKind::unavailable, "ended too early"), !heard_);
  }
  void hear(Failure& failure) {
    const bool again = may_pass(failure.kind);
    end_with(std::move(failure), again);
  }

  void on_closed(int code, std::string_view reason) {
    const bool orderly = code == kNormalClose || code == kNoCode;
    if (orderly && finished_ && message_seen_ && protocol_->ends_by_closing()) return conclude();
    if (auto told = protocol_->on_closed(code, reason)) {
      const bool again = may_pass(told->kind);
      return end_with(std::move(*told), again);
    }
    std::string what = "broke off its answer";
    if (code != kBroken) what = "closed the connection (" + std::to_string(code) + ")";
    if (!reason.empty()) what.append(": ").append(reason);
    const FailureKind kind =
        code == kTryAgainLater ? FailureKind::overloaded : FailureKind::unavailable;
    end_with(make_failure(*plan_.endpoint, kind, what), true);
  }

  std::string words() const {
    std::string text = settled_;
    append_words(text, interim_);
    return text;
  }

  void tell() {
    std::string text = words();
    if (text == told_ && settled_.size() == told_stable_) return;
    told_ = text;
    told_stable_ = settled_.size();
    channel_->emit(engine::SttPartial{std::move(text), told_stable_});
  }

  void conclude() {
    over_ = true;
    report_success();
    leave();
    channel_->emit(engine::SttFinal{words(), std::move(logprobs_)});
  }

  static bool may_pass(FailureKind kind) {
    return kind == FailureKind::rate_limited || kind == FailureKind::overloaded ||
           kind == FailureKind::unavailable;
  }

  void give_up(FailureKind kind, std::string_view what) {
    end_with(make_failure(*plan_.endpoint, kind, what), false);
  }

  // Or tries once more, where that may help, nothing was heard and all audio is still here. A
  // connection that was opened ahead of need does not count.
  void end_with(Failure failure, bool may_help) {
    leave();
    // Whatever befell it while it waited is no fault of this turn.
    if (std::exchange(spare_, false) && !heard_ && whole_) return connect();
    constexpr double kNoJitter = 1;  // one request of one turn: no herd to spread
    const base::Duration wait = failure.retry_after.value_or(back_off(retries_, kNoJitter));
    if (may_help && !heard_ && whole_ && retries_ < plan_.endpoint->retries &&
        wait <= kRetryWaitMax) {
      return connect_in(wait);
    }
    over_ = true;
    if (plan_.endpoint->breaker) plan_.endpoint->breaker->failed(failure, loop_.now());
    channel_->emit(std::move(failure));
  }

  void connect_in(base::Duration wait) {
    ++retries_;
    deadline_.arm(loop_.now() + wait, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->over_) self->connect();
    });
  }

  void wait_or_refuse(base::Duration wait) {
    Failure failure = failure_of_breaker(*plan_.endpoint, wait);
    if (failure.kind == FailureKind::rate_limited && plan_.endpoint->retries > 0 &&
        wait <= kBreakerPatience) {
      return connect_in(wait);
    }
    over_ = true;
    channel_->emit(std::move(failure));
  }

  // While nothing else is said.
  void keep_alive_later() {
    said_something_ = false;
    idle_.arm(loop_.now() + SttSpares::kKeepAlive, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self || self->over_ || !self->line_ || self->finished_) return;
      if (!self->said_something_) {
        if (auto frame = self->protocol_->keep_alive()) self->line_->send(std::move(*frame));
      }
      self->keep_alive_later();
    });
  }

  void report_success() {
    if (plan_.endpoint->breaker) plan_.endpoint->breaker->succeeded();
  }
  void leave() {
    deadline_.disarm();
    idle_.disarm();
    if (const auto attempt = attempt_.lock()) attempt->cancel();
    if (const auto line = std::exchange(line_, nullptr)) line->hang_up();
  }

  const SttPlan plan_;
  net::EventLoop& loop_;
  const std::shared_ptr<engine::JobChannel<SttEvent>> channel_;
  net::Timer deadline_;  // the wait before another try, then for the last words
  net::Timer idle_;
  std::unique_ptr<SttProtocol> protocol_;
  std::weak_ptr<net::ConnectAttempt> attempt_;
  std::shared_ptr<SttLine> line_;  // null: not connected
  std::vector<std::int16_t> kept_;
  std::size_t sent_ = 0;  // of kept_, over this connection
  std::string settled_;
  std::string interim_;
  std::string told_;
  std::size_t told_stable_ = 0;
  std::vector<engine::TokenLogprob> logprobs_;
  int retries_ = 0;
  int unanswered_ = 0;  // flush()es
  bool whole_ = true;   // kept_ begins with the first sample
  bool spare_ = false;  // the line had waited for us
  bool said_something_ = false;
  bool message_seen_ = false;  // over this connection
  bool asked_ = false;         // since the last resume(), and an SttFlushed answers
  bool pushed_ = false;
  bool heard_ = false;
  bool paused_ = false;
  bool finished_ = false;
  bool over_ = false;
};

class Job final : public engine::SttJob {
 public:
  explicit Job(std::shared_ptr<Hearing> hearing) : hearing_(std::move(hearing)) {}
  ~Job() override { hearing_->close(); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  void push(std::span<const std::int16_t> samples) override { hearing_->push(samples); }
  void pause() override { hearing_->pause(); }
  void resume() override { hearing_->resume(); }
  void finish() override { hearing_->finish(); }

 private:
  const std::shared_ptr<Hearing> hearing_;
};

// The first code point of well-formed UTF-8 of two or three bytes; 0 for all else.
unsigned code_point(std::string_view text) {
  const auto bits = [&](std::size_t i, unsigned mask) {
    return static_cast<unsigned>(static_cast<unsigned char>(text[i])) & mask;
  };
  if (text.size() >= 3 && bits(0, 0xf0) == 0xe0) {
    return bits(0, 0x0f) << 12u | bits(1, 0x3f) << 6u | bits(2, 0x3f);
  }
  return 0;
}

std::string_view last_character(std::string_view text) {
  std::size_t at = text.empty() ? 0 : text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0u) == 0x80) --at;
  return text.substr(at);
}

// Scripts written without spaces between words: Thai, Lao, Burmese, Khmer, Chinese and Japanese
// with their punctuation. Korean has spaces.
bool runs_on(std::string_view character) {
  struct Range {
    unsigned first, last;
  };
  constexpr std::array<Range, 6> kRanges = {{{0x0e00, 0x0eff},
                                             {0x1000, 0x109f},
                                             {0x1780, 0x17ff},
                                             {0x3000, 0x30ff},
                                             {0x3400, 0x9fff},
                                             {0xff00, 0xff9f}}};
  const unsigned point = code_point(character);
  return std::any_of(kRanges.begin(), kRanges.end(), [point](const Range& range) {
    return point >= range.first && point <= range.last;
  });
}

}  // namespace

void SttProtocol::on_binary(std::string_view message, std::vector<SttHeard>& out) {
  static_cast<void>(message);
  static_cast<void>(out);
}

std::optional<Failure> SttProtocol::on_closed(int code, std::string_view reason) {
  static_cast<void>(code);
  static_cast<void>(reason);
  return std::nullopt;
}

std::unique_ptr<engine::SttJob> make_stt_socket_job(SttPlan plan, base::Executor& loop,
                                                    engine::Sink<SttEvent> sink) {
  auto hearing =
      std::make_shared<Hearing>(std::move(plan), net::event_loop_of(loop), std::move(sink));
  hearing->begin();
  return std::make_unique<Job>(std::move(hearing));
}

void warm_stt_socket(const SttPlan& plan, base::Executor& loop) {
  if (!plan.spares) return;
  if (const auto frame = plan.protocol()->keep_alive()) {
    plan.spares->open(net::event_loop_of(loop), plan, *frame);
  }
}

void append_words(std::string& text, std::string_view more) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t begin = more.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return;
  more = more.substr(begin, more.find_last_not_of(kBlank) + 1 - begin);
  if (!text.empty() && !runs_on(last_character(text)) && !runs_on(more)) text += ' ';
  text += more;
}

}  // namespace parley::providers::remote
