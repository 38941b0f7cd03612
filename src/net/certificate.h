// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace parley::net {

struct LocalCertificate {
  std::string authority_file;    // PEM of the local authority: what clients need to trust
  std::string certificate_file;  // PEM chain for the server
  std::string key_file;          // PEM, mode 0600
};

// Finds or makes, in `directory`, a local certificate authority and a server certificate signed by
// it for `hosts` (names and addresses; localhost, 127.0.0.1 and ::1 are always included). Files are
// reused while valid for 7 more days and covering the hosts; the authority stays the same across
// renewals. Errors: code "tls_failed".
base::Result<LocalCertificate> ensure_local_certificate(const std::string& directory,
                                                        const std::vector<std::string>& hosts);

}  // namespace parley::net
