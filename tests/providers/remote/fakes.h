// SPDX-License-Identifier: MIT
// The fakes of the providers (tests/fakes) as C++ tests see them: where they are, what they should
// do next, and what they saw. Blocking; for the test's own thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "net/event_loop.h"

namespace parley::tests {

class Fakes {
 public:
  Fakes();   // forgets what an earlier test ordered
  ~Fakes();  // and this one
  Fakes(const Fakes&) = delete;
  Fakes& operator=(const Fakes&) = delete;

  // Are they there? PARLEY_FAKES_URL says where (tests/fakes/run.mjs sets it).
  static bool present();
  static std::string url(const std::string& path);

  // Orders, as tests/fakes/README.md describes them; `more` are further fields.
  void script(const std::string& provider, nlohmann::json more);
  void fault(const std::string& provider, const std::string& kind,
             nlohmann::json more = nlohmann::json::object());
  void release(const std::string& provider);

  nlohmann::json requests(const std::string& provider);
  nlohmann::json open();
  nlohmann::json addresses();  // also of places where nothing good happens
  // The records, once `state` holds for `count` of them; throws when that never comes.
  nlohmann::json wait(const std::string& provider, const std::string& state, int count = 1);

 private:
  nlohmann::json call(const std::string& method, const std::string& target,
                      const nlohmann::json& body);

  net::LoopPool loops_{1};
};

}  // namespace parley::tests
