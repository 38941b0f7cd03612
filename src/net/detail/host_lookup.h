// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/detail/asio.h"

namespace parley::net::detail {

// Looks one host name up, on a thread of its own: getaddrinfo blocks, for many seconds at worst,
// and cannot be interrupted. Nobody waits for that thread when the lookup or the loop ends; it then
// finishes for nobody. Addresses need no thread. At most 64 names at once, in the whole program.
class HostLookup {
 public:
  using Endpoints = std::vector<tcp::endpoint>;
  using Found = base::Result<Endpoints>;
  // Blocks. Errors: code "resolve_failed".
  using Resolve = std::function<Found(const std::string& host, const std::string& port)>;

  explicit HostLookup(EventLoop& loop, Resolve resolve = &HostLookup::ask_system);
  ~HostLookup();
  HostLookup(const HostLookup&) = delete;
  HostLookup& operator=(const HostLookup&) = delete;

  // `done` is called on the loop, once, unless the loop ends first; it may own this object.
  void start(const std::string& host, const std::string& port, std::function<void(Found)> done);
  void cancel();  // `done` follows soon, with an error

  static Found ask_system(const std::string& host, const std::string& port);

 private:
  struct Shared;  // with the thread

  void ask(const std::string& host, const std::string& port);

  EventLoop& loop_;
  const Resolve resolve_;
  const std::shared_ptr<Shared> shared_;
  std::shared_ptr<SteadyTimer> waiting_;  // cancelled when there is something to tell
};

}  // namespace parley::net::detail
