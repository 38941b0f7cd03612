// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "engine/ports.h"
#include "providers/remote/endpoint.h"

// The job of every recogniser that hears over a WebSocket. What is particular to a provider is a
// pure SttProtocol: bytes to send, and what received messages mean.
namespace parley::providers::remote {

struct SttFrame {
  std::string bytes;
  bool binary = false;
};

// What a message of the recogniser means.
struct SttInterim {  // the words after the settled ones, for now; replaces the former interim
  std::string text;
};
struct SttSettled {  // these words will not change; the interim is void
  std::string text;
  std::vector<engine::TokenLogprob> logprobs = {};
};
struct SttFlushed {};  // a flush() is answered: what was sent before it is settled
struct SttEnded {};    // nothing more will come
using SttHeard = std::variant<SttInterim, SttSettled, SttFlushed, SttEnded, engine::Failure>;

// One connection's worth of a provider's protocol. Made anew for every connection; one loop; no
// network, no clock. Frames and meanings are appended to `out`.
class SttProtocol {
 public:
  virtual ~SttProtocol() = default;

  // Sent when the connection is open, before any audio.
  virtual void open(std::vector<SttFrame>& out) { static_cast<void>(out); }
  // Mono samples at kHearingRateHz; SttPlan::chunk of them, fewer only before flush() and end().
  virtual void audio(std::span<const std::int16_t> samples, std::vector<SttFrame>& out) = 0;
  // Asks that all audio so far be settled. True: an SttFlushed will answer.
  virtual bool flush(std::vector<SttFrame>& out) {
    static_cast<void>(out);
    return false;
  }
  // No more audio will come. A protocol without flush() answers with SttEnded.
  virtual void end(std::vector<SttFrame>& out) { static_cast<void>(out); }
  // What keeps an idle connection open; nothing: the provider has no such message.
  virtual std::optional<SttFrame> keep_alive() { return std::nullopt; }

  virtual void on_text(std::string_view message, std::vector<SttHeard>& out) = 0;
  virtual void on_binary(std::string_view message, std::vector<SttHeard>& out);  // ignored
  // After end(), an orderly close (1000, or without a code) is as good as SttEnded.
  virtual bool ends_by_closing() const { return false; }
  // The failure that any other close means, when the codes of RFC 6455 do not say it.
  virtual std::optional<engine::Failure> on_closed(int code, std::string_view reason);
};

// Connections opened ahead of need, one per loop and URL, where the provider lets one wait
// (keep_alive()): see stt_line.h.
class SttSpares;

struct SttPlan {
  std::shared_ptr<const Endpoint> endpoint;
  std::string url;          // ws:// or wss://
  net::HeaderList headers;  // authentication included; the endpoint's own are added
  std::vector<std::string> subprotocols = {};
  std::function<std::unique_ptr<SttProtocol>()> protocol;
  std::size_t chunk = 320;      // samples in a message of audio
  bool flush_on_pause = false;  // flush() is cheap enough to be said at every pause
  base::Duration final_timeout = std::chrono::seconds(5);  // from finish() to the last words
  std::shared_ptr<SttSpares> spares = {};                  // null: none are kept
};

// Connects at once, within 10 s (or first_byte_timeout_ms if that is less); what is pushed
// meanwhile is kept, 30 s of it. A connection that fails before anything was heard is tried again
// as often as the endpoint's `retries` say, and the audio is sent again. Breaker and failures as
// for RemoteCall. Destroying the job closes the connection at once, also one that is still being
// made.
std::unique_ptr<engine::SttJob> make_stt_socket_job(SttPlan plan, base::Executor& loop,
                                                    engine::Sink<engine::SttEvent> sink);

// Opens a connection for a job with the same URL, unless one waits already. On the loop. Does
// nothing for a plan without spares or a protocol without keep_alive().
void warm_stt_socket(const SttPlan& plan, base::Executor& loop);

// `text` with `more` after it: with a space between, except where the script has none (Chinese,
// Japanese, Thai, …) or there is one already.
void append_words(std::string& text, std::string_view more);

}  // namespace parley::providers::remote
