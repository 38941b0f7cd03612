// SPDX-License-Identifier: MIT
// Stands in for the page where it is not built (PARLEY_PLAYGROUND=OFF).
#include "server/playground_files.h"

namespace parley::server {

std::span<const PlaygroundFile> playground_files() { return {}; }

}  // namespace parley::server
