// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::cli {

enum class Schemes : std::uint8_t { plain, tls, both };

// What `parley serve` says once it listens: where, what with, and how to talk to it.
struct StartScreen {
  std::string version;
  std::string program;                 // how to call us: "parley", or a path
  std::vector<std::string> addresses;  // as bound: "127.0.0.1:7866"; at least one
  Schemes schemes = Schemes::plain;
  std::string authority_file;  // with a local certificate: what clients need to trust; else empty
  bool token_required = false;
  std::string hearing;  // the engines, a line each
  std::string answering;
  std::string speaking;
  std::string model;
};

std::string to_text(const StartScreen& screen);

// Where a client on this machine reaches a server bound to `address`: wildcards become loopback.
std::string reachable(const std::string& address);

}  // namespace parley::cli
