// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <mutex>
#include <string_view>

#include "config/options.h"
#include "engine/catalog.h"
#include "net/server.h"
#include "providers/embedded/worker_pool.h"

namespace parley::server {

// Recognition and speech in one call, by the engines that serve the sessions:
//
//   POST /v1/audio/transcriptions   a form with a sound file; json, text, srt, vtt, verbose_json,
//   or
//                                   server-sent events with stream=true
//   POST /v1/audio/speech           text to a sound file, sent while it is made
//
// also under Azure's names, `/openai/v1/audio/…` and `/openai/deployments/{model}/audio/…`. Called
// on the connection's loop.
class AudioApi {
 public:
  AudioApi(const config::Options& options, const engine::Catalog& catalog);
  ~AudioApi();

  static bool knows(std::string_view path);
  // Answers later. `headers` go with every answer.
  void answer(net::EventLoop& loop, const net::HttpRequest& request, net::HeaderList headers,
              std::shared_ptr<net::HttpResponder> responder);
  // Before the loops go: files being read are given up. Any thread.
  void stop();

 private:
  void transcribe(net::EventLoop& loop, const net::HttpRequest& request, net::HeaderList headers,
                  std::shared_ptr<net::HttpResponder> responder);
  void speak(net::EventLoop& loop, const net::HttpRequest& request, net::HeaderList headers,
             std::shared_ptr<net::HttpResponder> responder);
  void in_background(std::function<void()> task);

  const config::Options& options_;
  const engine::Catalog& catalog_;
  std::mutex mutex_;
  std::unique_ptr<providers::embedded::WorkerPool> readers_;  // of sound files; null: stopped
};

}  // namespace parley::server
