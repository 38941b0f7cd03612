// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audio/sound_file.h"
#include "engine/ports.h"
#include "net/server.h"
#include "protocol/json/audio_documents.h"

namespace parley::server {

struct TranscriptionOptions {
  std::string format = "json";  // json, text, srt, vtt, verbose_json
  bool stream = false;
  engine::SttRequest request;
  net::HeaderList headers;  // of the answer
};

// One transcription under way: the recording is heard in one piece, or sentence by sentence when it
// is long or times are wanted. Keeps itself alive until it has answered or the client has gone. On
// one loop.
class TranscriptionCall : public std::enable_shared_from_this<TranscriptionCall> {
 public:
  static void start(net::EventLoop& loop, engine::SttEngine& stt, TranscriptionOptions options,
                    audio::Recording recording, std::shared_ptr<net::HttpResponder> responder);

 private:
  struct Piece {
    std::size_t begin = 0;  // samples at engine::kHearingRateHz
    std::size_t end = 0;
  };

  TranscriptionCall(net::EventLoop& loop, engine::SttEngine& stt, TranscriptionOptions options,
                    std::shared_ptr<net::HttpResponder> responder);
  void listen(audio::Recording recording);
  void cut_into_sentences();
  void hear_next();
  void on_event(engine::SttEvent event);
  void take(const std::string& text);
  void fail(const engine::Failure& failure);
  void finish();

  net::EventLoop& loop_;
  engine::SttEngine& stt_;
  const TranscriptionOptions options_;
  std::shared_ptr<net::HttpResponder> responder_;
  std::vector<std::int16_t> samples_;
  std::vector<Piece> pieces_;
  std::size_t next_ = 0;
  std::unique_ptr<engine::SttJob> job_;
  protocol::Transcript transcript_;
};

}  // namespace parley::server
