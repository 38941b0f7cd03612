// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

// How a fault of the outside world (client, network, engine, config) travels: as a value.
// tl::expected stands in for std::expected, which needs C++23; it is included here only.
namespace parley::base {

struct Error {
  std::string code;     // a stable word, e.g. "invalid_value"
  std::string message;  // a sentence for a person
  std::string param;    // what it is about, e.g. "session.voice"; empty: nothing in particular
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string code, std::string message, std::string param = {}) {
  return tl::unexpected<Error>(Error{std::move(code), std::move(message), std::move(param)});
}

}  // namespace parley::base
