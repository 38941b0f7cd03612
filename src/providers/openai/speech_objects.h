// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace parley::providers::openai {

// Cuts a stream of JSON objects, one per line or one right behind the other, into its objects,
// however it is cut into pieces. What is inside an object is for a JSON parser to judge.
class JsonObjects {
 public:
  using Handler = std::function<void(std::string_view object)>;  // borrowed until it returns

  explicit JsonObjects(std::size_t object_bytes_max) : object_bytes_max_(object_bytes_max) {}

  // Calls the handler for each object that is now whole. False when something else than white space
  // stands between objects, or one exceeds the bound; the stream is unusable then.
  bool feed(std::string_view piece, const Handler& handler);

 private:
  std::size_t object_bytes_max_;
  std::string object_;
  int depth_ = 0;
  bool in_text_ = false;
  bool escaped_ = false;
};

}  // namespace parley::providers::openai
