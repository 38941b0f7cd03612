// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audio/resampler.h"
#include "audio/sound_file.h"
#include "engine/ports.h"
#include "net/server.h"
#include "protocol/json/audio_documents.h"

namespace parley::server {

// One text being spoken into a file, clause by clause, and sent while it is made. Keeps itself
// alive until the answer is whole or the client has gone. On one loop.
class SpeechCall : public std::enable_shared_from_this<SpeechCall> {
 public:
  static constexpr int kRateHz = 24000;  // of every format

  static void start(net::EventLoop& loop, engine::TtsEngine& tts, protocol::SpeechRequest request,
                    std::unique_ptr<audio::SoundWriter> writer, net::HeaderList headers,
                    std::shared_ptr<net::HttpResponder> responder);

 private:
  SpeechCall(net::EventLoop& loop, engine::TtsEngine& tts, protocol::SpeechRequest request,
             std::unique_ptr<audio::SoundWriter> writer, net::HeaderList headers,
             std::shared_ptr<net::HttpResponder> responder);
  void say_next();
  void on_event(engine::TtsEvent event);
  void take(const engine::TtsAudio& audio);
  void end_clause();
  void send(std::string piece);
  void fail(const engine::Failure& failure);
  void finish();

  net::EventLoop& loop_;
  engine::TtsEngine& tts_;
  const protocol::SpeechRequest request_;
  std::unique_ptr<audio::SoundWriter> writer_;
  const net::HeaderList headers_;
  std::shared_ptr<net::HttpResponder> responder_;
  std::vector<std::string> clauses_;
  std::size_t next_ = 0;
  std::unique_ptr<engine::TtsJob> job_;
  std::optional<audio::Resampler> resampler_;
  std::vector<std::int16_t> samples_;  // scratch
  std::int64_t samples_sent_ = 0;
  bool begun_ = false;
};

}  // namespace parley::server
