// SPDX-License-Identifier: MIT
#include "providers/embedded/pocketsphinx_stt.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "engine/job_channel.h"
#include "providers/embedded/sphinx_decoder.h"

namespace parley::providers::embedded {

namespace {

using Channel = engine::JobChannel<engine::SttEvent>;

// What a worker decodes before it lets another utterance have the thread: 200 ms of audio, about
// 10 ms of work. Also how often a partial is looked for.
constexpr std::size_t kSliceSamples = engine::kHearingRateHz / 5;

// One utterance: filled by the session's loop, emptied by the workers.
struct Utterance {
  explicit Utterance(std::shared_ptr<Channel> given) : channel(std::move(given)) {}

  const std::shared_ptr<Channel> channel;

  std::mutex mutex;  // guards what follows
  std::vector<std::int16_t> inbox;
  std::size_t samples_taken = 0;  // in all
  bool finished = false;          // no more audio will come
  bool scheduled = false;         // a worker has it, or will
  bool failed = false;

  // Workers only, one at a time.
  std::unique_ptr<SphinxDecoder> decoder;
  std::string partial;
};

using UtterancePtr = std::shared_ptr<Utterance>;

// Decoders, leased. Any thread.
class Recogniser : public std::enable_shared_from_this<Recogniser> {
 public:
  Recogniser(const PocketSphinxOptions& options, WorkerPool& pool)
      : options_(options), pool_(pool) {}

  void push(const UtterancePtr& utterance, std::span<const std::int16_t> samples);
  void finish(const UtterancePtr& utterance);
  void give_up_waiting(const UtterancePtr& utterance);
  void prepare_one();
  // The utterance's job was destroyed.
  void abandon(const UtterancePtr& utterance);
  int decoders_max() const { return options_.decoders_max; }
  int wait_max_s() const { return options_.wait_max_s; }

 private:
  enum class Lease : std::uint8_t { have, make, wait, refused };

  void schedule(const UtterancePtr& utterance);  // its mutex is held
  void work(const UtterancePtr& utterance);
  bool lease_decoder(const UtterancePtr& utterance);
  Lease take_decoder(const UtterancePtr& utterance);
  bool take_slice(const UtterancePtr& utterance, std::vector<std::int16_t>& slice, bool& last);
  void decode(const UtterancePtr& utterance, std::span<const std::int16_t> slice);
  void release(std::unique_ptr<SphinxDecoder> decoder);
  void fail(const UtterancePtr& utterance, engine::Failure failure);
  engine::Failure busy();

  const PocketSphinxOptions options_;
  WorkerPool& pool_;

  std::mutex mutex_;  // guards what follows; never held while decoding
  std::vector<std::unique_ptr<SphinxDecoder>> idle_;
  int made_ = 0;
  bool spare_coming_ = false;  // one is being made that nobody has yet
  std::deque<UtterancePtr> waiting_;
};

void Recogniser::push(const UtterancePtr& utterance, std::span<const std::int16_t> samples) {
  const std::lock_guard lock(utterance->mutex);
  if (utterance->failed || utterance->finished) return;
  utterance->samples_taken += samples.size();
  if (utterance->samples_taken >
      static_cast<std::size_t>(options_.utterance_max_s) * engine::kHearingRateHz) {
    utterance->failed = true;
    utterance->inbox.clear();
    utterance->channel->emit(
        engine::Failure{"server_error", "The embedded recogniser takes utterances of at most " +
                                            std::to_string(options_.utterance_max_s) + " s."});
    schedule(utterance);
    return;
  }
  utterance->inbox.insert(utterance->inbox.end(), samples.begin(), samples.end());
  if (utterance->inbox.size() >= kSliceSamples) schedule(utterance);
}

void Recogniser::finish(const UtterancePtr& utterance) {
  const std::lock_guard lock(utterance->mutex);
  utterance->finished = true;
  schedule(utterance);
}

void Recogniser::abandon(const UtterancePtr& utterance) {
  {
    const std::lock_guard lock(mutex_);
    std::erase(waiting_, utterance);
  }
  const std::lock_guard lock(utterance->mutex);
  utterance->finished = true;
  utterance->inbox.clear();
  schedule(utterance);  // a worker sees that the channel is closed and gives the decoder back
}

void Recogniser::schedule(const UtterancePtr& utterance) {
  if (std::exchange(utterance->scheduled, true)) return;
  pool_.post([self = shared_from_this(), utterance] { self->work(utterance); });
}

// One turn of one utterance on a worker.
void Recogniser::work(const UtterancePtr& utterance) {
  std::vector<std::int16_t> slice;
  bool last = false;
  if (!take_slice(utterance, slice, last)) {
    release(std::move(utterance->decoder));
    return;
  }
  if (!utterance->decoder && !lease_decoder(utterance)) {
    // It waits, or was refused: what was taken goes back to the front.
    const std::lock_guard lock(utterance->mutex);
    utterance->inbox.insert(utterance->inbox.begin(), slice.begin(), slice.end());
    return;  // still marked as scheduled: release() posts it when its turn has come
  }
  decode(utterance, slice);
  if (last) {
    utterance->decoder->end();
    std::string text = utterance->decoder->text();
    // First the decoder, then the news: whoever hears of the end may speak again at once.
    release(std::move(utterance->decoder));
    utterance->channel->emit(engine::SttFinal{std::move(text)});
    return;
  }
  const std::lock_guard lock(utterance->mutex);
  utterance->scheduled = false;
  if (utterance->finished || utterance->failed || utterance->inbox.size() >= kSliceSamples) {
    schedule(utterance);
  }
}

// False: nobody wants this utterance any more.
bool Recogniser::take_slice(const UtterancePtr& utterance, std::vector<std::int16_t>& slice,
                            bool& last) {
  const std::lock_guard lock(utterance->mutex);
  if (utterance->channel->closed() || utterance->failed) {
    utterance->inbox.clear();
    return false;
  }
  const std::size_t count = std::min(kSliceSamples, utterance->inbox.size());
  const auto end = utterance->inbox.begin() + static_cast<std::ptrdiff_t>(count);
  slice.assign(utterance->inbox.begin(), end);
  utterance->inbox.erase(utterance->inbox.begin(), end);
  last = utterance->finished && utterance->inbox.empty();
  return true;
}

void Recogniser::decode(const UtterancePtr& utterance, std::span<const std::int16_t> slice) {
  if (slice.empty()) return;
  utterance->decoder->hear(slice);
  std::string partial = utterance->decoder->text();
  if (partial == utterance->partial) return;
  utterance->partial = partial;
  utterance->channel->emit(engine::SttPartial{std::move(partial)});
}

// ---- leasing
// -------------------------------------------------------------------------------------

bool Recogniser::lease_decoder(const UtterancePtr& utterance) {
  switch (take_decoder(utterance)) {
    case Lease::have:
      break;
    case Lease::make: {
      auto made = SphinxDecoder::create(options_.model_dir);
      if (!made) {
        {
          const std::lock_guard lock(mutex_);
          --made_;
        }
        fail(utterance, {made.error().code, made.error().message});
        return false;
      }
      utterance->decoder = std::move(*made);
      break;
    }
    case Lease::wait:
      return false;
    case Lease::refused:
      fail(utterance, busy());
      return false;
  }
  utterance->decoder->begin();
  return true;
}

Recogniser::Lease Recogniser::take_decoder(const UtterancePtr& utterance) {
  const std::lock_guard lock(mutex_);
  if (!idle_.empty()) {
    utterance->decoder = std::move(idle_.back());
    idle_.pop_back();
    return Lease::have;
  }
  if (made_ < options_.decoders_max) {
    ++made_;
    return Lease::make;
  }
  const int places = options_.waiting_max + (spare_coming_ ? 1 : 0);
  if (static_cast<int>(waiting_.size()) >= places) return Lease::refused;
  waiting_.push_back(utterance);
  return Lease::wait;
}

// Gives the decoder to the next who waits.
void Recogniser::release(std::unique_ptr<SphinxDecoder> decoder) {
  UtterancePtr next;
  {
    const std::lock_guard lock(mutex_);
    if (decoder) idle_.push_back(std::move(decoder));
    if (idle_.empty() || waiting_.empty()) return;
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  pool_.post([self = shared_from_this(), next] { self->work(next); });
}

void Recogniser::give_up_waiting(const UtterancePtr& utterance) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find(waiting_.begin(), waiting_.end(), utterance);
    if (found == waiting_.end()) return;
    waiting_.erase(found);
  }
  fail(utterance, busy());
}

void Recogniser::fail(const UtterancePtr& utterance, engine::Failure failure) {
  const std::lock_guard lock(utterance->mutex);
  if (std::exchange(utterance->failed, true)) return;
  utterance->inbox.clear();
  utterance->channel->emit(std::move(failure));
}

engine::Failure Recogniser::busy() {
  const std::lock_guard lock(mutex_);
  return {"rate_limit_exceeded",
          "The embedded recogniser is busy: all " + std::to_string(options_.decoders_max) +
              " decoders are in use and " + std::to_string(waiting_.size()) +
              " more utterances wait. Try again, or raise decoders_max of the stt engine."};
}

// So that the first turn need not wait for the model to be read.
void Recogniser::prepare_one() {
  {
    const std::lock_guard lock(mutex_);
    ++made_;
    spare_coming_ = true;
  }
  pool_.post([self = shared_from_this()] {
    auto made = SphinxDecoder::create(self->options_.model_dir);
    {
      const std::lock_guard lock(self->mutex_);
      self->spare_coming_ = false;
      if (!made) --self->made_;
    }
    self->release(made ? std::move(*made) : nullptr);
  });
}

// ---- the port
// ------------------------------------------------------------------------------------

class PocketSphinxJob final : public engine::SttJob {
 public:
  PocketSphinxJob(std::shared_ptr<Recogniser> recogniser, const std::shared_ptr<Channel>& channel)
      : recogniser_(std::move(recogniser)), utterance_(std::make_shared<Utterance>(channel)) {
    // Waiting for a decoder has an end even when nothing else happens.
    channel->loop().post_after(
        std::chrono::seconds(recogniser_->wait_max_s()),
        [weak_pool = std::weak_ptr(recogniser_), weak_utterance = std::weak_ptr(utterance_)] {
          const auto decoders = weak_pool.lock();
          const auto waiting = weak_utterance.lock();
          if (decoders && waiting) decoders->give_up_waiting(waiting);
        });
  }
  ~PocketSphinxJob() override {
    utterance_->channel->close();
    recogniser_->abandon(utterance_);
  }
  void push(std::span<const std::int16_t> samples) override {
    recogniser_->push(utterance_, samples);
  }
  void finish() override { recogniser_->finish(utterance_); }

 private:
  std::shared_ptr<Recogniser> recogniser_;
  UtterancePtr utterance_;
};

class PocketSphinxEngine final : public engine::SttEngine {
 public:
  PocketSphinxEngine(const PocketSphinxOptions& options, WorkerPool& pool)
      : recogniser_(std::make_shared<Recogniser>(options, pool)) {
    recogniser_->prepare_one();
  }

  std::unique_ptr<engine::SttJob> start(engine::SttRequest, base::Executor& loop,
                                        engine::Sink<engine::SttEvent> sink) override {
    return std::make_unique<PocketSphinxJob>(recogniser_,
                                             std::make_shared<Channel>(loop, std::move(sink)));
  }
  std::string describe() const override {
    return "PocketSphinx (embedded, US English, up to " +
           std::to_string(recogniser_->decoders_max()) + " decoders)";
  }

 private:
  std::shared_ptr<Recogniser> recogniser_;
};

}  // namespace

base::Result<std::unique_ptr<engine::SttEngine>> make_pocketsphinx(const PocketSphinxOptions& given,
                                                                   WorkerPool& pool) {
  PocketSphinxOptions options = given;
  if (options.model_dir.empty()) options.model_dir = default_sphinx_model_dir();
  if (options.decoders_max <= 0) {
    const int cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    options.decoders_max = std::clamp(2 * cores, 2, 16);
  }
  if (!is_sphinx_model(options.model_dir)) {
    return base::fail("invalid_config",
                      "no PocketSphinx model in " + options.model_dir +
                          "; the Debian package pocketsphinx-en-us has one",
                      "model_dir");
  }
  return std::make_unique<PocketSphinxEngine>(options, pool);
}

}  // namespace parley::providers::embedded
