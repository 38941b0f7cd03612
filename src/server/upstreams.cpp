// SPDX-License-Identifier: MIT
#include "server/upstreams.h"

#include <utility>

namespace parley::server {

base::Result<Upstreams> read_upstreams(const config::Options& options) {
  Upstreams upstreams;
  for (const auto& section : options.engines) {
    if (section.kind != "s2s") continue;
    auto upstream = relay::read_upstream(section);
    if (!upstream) return tl::unexpected(std::move(upstream.error()));
    upstreams.emplace(section.name, std::move(*upstream));
  }
  return upstreams;
}

}  // namespace parley::server
