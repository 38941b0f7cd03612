// SPDX-License-Identifier: MIT
#include "providers/embedded/conversation/conversationalist.h"

#include <algorithm>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "engine/job_channel.h"
#include "providers/embedded/conversation/reply.h"
#include "providers/embedded/conversation/words.h"

namespace parley::providers::embedded {

namespace {

using Channel = engine::JobChannel<engine::LlmEvent>;

constexpr std::size_t kArgumentsPiece = 12;  // bytes of a call's arguments in one delta

std::tm system_local_time() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return local;
}

// "Hello there!" -> "Hello", " there!": one token each, as far as rules can have tokens.
std::vector<std::string> tokens_of(const std::string& text) {
  std::vector<std::string> tokens;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin + 1), text.size());
    tokens.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return tokens;
}

// All that a job will say, before it is said.
std::vector<engine::LlmEvent> script_of(const engine::LlmRequest& request, Reply reply) {
  std::vector<engine::LlmEvent> script;
  int spoken = 0;
  engine::LlmDone done;
  for (auto& token : tokens_of(reply.text)) {
    if (request.max_output_tokens && spoken == *request.max_output_tokens) {
      done.finish = engine::LlmFinish::length;
      break;
    }
    ++spoken;
    script.emplace_back(engine::LlmText{std::move(token)});
  }
  for (auto& call : reply.calls) {
    script.emplace_back(engine::LlmToolCallBegin{std::move(call.call_id), std::move(call.name)});
    for (std::string_view rest = call.arguments; !rest.empty();) {
      const std::string_view piece = prefix(rest, kArgumentsPiece);
      script.emplace_back(engine::LlmToolCallArguments{std::string(piece)});
      rest.remove_prefix(piece.size());
      ++spoken;
    }
  }
  done.output_tokens = spoken;
  script.emplace_back(done);
  return script;
}

// Says one event of the script, and the next after the interval, until the job is gone.
class Speaker : public std::enable_shared_from_this<Speaker> {
 public:
  Speaker(std::shared_ptr<Channel> channel, std::vector<engine::LlmEvent> script,
          base::Duration interval)
      : channel_(std::move(channel)), script_(std::move(script)), interval_(interval) {}

  void say_next() {
    while (!channel_->closed() && next_ < script_.size()) {
      const bool paced = std::holds_alternative<engine::LlmText>(script_[next_]);
      channel_->emit(std::move(script_[next_++]));
      if (!paced || interval_ == base::Duration::zero()) continue;
      channel_->loop().post_after(interval_, [self = shared_from_this()] { self->say_next(); });
      return;
    }
  }

 private:
  const std::shared_ptr<Channel> channel_;
  std::vector<engine::LlmEvent> script_;
  std::size_t next_ = 0;
  const base::Duration interval_;
};

class ConversationalistJob final : public engine::LlmJob {
 public:
  explicit ConversationalistJob(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  ~ConversationalistJob() override { channel_->close(); }

 private:
  std::shared_ptr<Channel> channel_;
};

class Conversationalist final : public engine::LlmEngine {
 public:
  explicit Conversationalist(ConversationalistOptions options) : options_(std::move(options)) {}

  std::unique_ptr<engine::LlmJob> start(engine::LlmRequest request, base::Executor& loop,
                                        engine::Sink<engine::LlmEvent> sink) override {
    const std::tm now = options_.local_time ? options_.local_time() : system_local_time();
    auto channel = std::make_shared<Channel>(loop, std::move(sink));
    std::make_shared<Speaker>(channel, script_of(request, reply_to(request, now)),
                              options_.word_interval)
        ->say_next();
    return std::make_unique<ConversationalistJob>(std::move(channel));
  }
  engine::LlmTraits traits() const override {
    return {.hears = false, .speaks = false, .instructable = false};
  }
  std::string describe() const override {
    return "built-in conversationalist (a small set of rules, not a language model)";
  }

 private:
  const ConversationalistOptions options_;
};

}  // namespace

std::unique_ptr<engine::LlmEngine> make_conversationalist(const ConversationalistOptions& options) {
  return std::make_unique<Conversationalist>(options);
}

}  // namespace parley::providers::embedded
