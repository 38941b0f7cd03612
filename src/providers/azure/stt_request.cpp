// SPDX-License-Identifier: MIT
// Source: learn.microsoft.com/azure/ai-services/speech-service, "Language and voice support".
#include "providers/azure/stt_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "providers/azure/region.h"

namespace parley::providers::azure {

namespace {

// Languages whose region is not their own name in capitals ("de" is "de-DE").
constexpr std::array<std::pair<std::string_view, std::string_view>, 45> kRegions = {{
    {"af", "ZA"}, {"am", "ET"}, {"ar", "SA"}, {"bn", "IN"}, {"bs", "BA"}, {"ca", "ES"},
    {"cs", "CZ"}, {"cy", "GB"}, {"da", "DK"}, {"el", "GR"}, {"en", "US"}, {"et", "EE"},
    {"eu", "ES"}, {"fa", "IR"}, {"ga", "IE"}, {"gl", "ES"}, {"gu", "IN"}, {"he", "IL"},
    {"hi", "IN"}, {"hy", "AM"}, {"ja", "JP"}, {"ka", "GE"}, {"kk", "KZ"}, {"km", "KH"},
    {"kn", "IN"}, {"ko", "KR"}, {"lo", "LA"}, {"ml", "IN"}, {"mr", "IN"}, {"ms", "MY"},
    {"my", "MM"}, {"nb", "NO"}, {"ne", "NP"}, {"pa", "IN"}, {"sl", "SI"}, {"sq", "AL"},
    {"sr", "RS"}, {"sv", "SE"}, {"sw", "KE"}, {"ta", "IN"}, {"te", "IN"}, {"uk", "UA"},
    {"ur", "IN"}, {"vi", "VN"}, {"zh", "CN"},
}};

std::string_view primary_of(std::string_view tag) { return tag.substr(0, tag.find('-')); }

std::string with_region(std::string_view language) {
  if (language == "no") language = "nb";
  std::string tag(language);
  const auto* found = std::find_if(kRegions.begin(), kRegions.end(),
                                   [&](const auto& entry) { return entry.first == language; });
  if (found != kRegions.end()) return tag.append("-").append(found->second);
  tag += '-';
  for (const char c : language) tag += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return tag;
}

}  // namespace

std::string stt_language(const SttOptions& options, std::string_view wanted) {
  if (!is_language_tag(wanted) || wanted == primary_of(options.language)) return options.language;
  return wanted.find('-') == std::string_view::npos ? with_region(wanted) : std::string(wanted);
}

std::string recognition_path(const SttOptions& options, const engine::SttRequest& request) {
  std::string path = "/speech/recognition/conversation/cognitiveservices/v1?language=" +
                     stt_language(options, request.language) +
                     "&format=simple&profanity=" + options.profanity;
  if (!options.deployment.empty()) path += "&cid=" + options.deployment;
  return path;
}

}  // namespace parley::providers::azure
