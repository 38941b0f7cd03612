// SPDX-License-Identifier: MIT
#include <algorithm>

#include "tests/session/invariants.h"

namespace parley::tests {

std::string JobLedger::start(session::JobId job, Kind kind) {
  if (job == 0) return "a job has the id 0";
  if (!known_.insert(job).second) return "a job's id was used before";
  running_.emplace(job, kind);
  return {};
}

std::string JobLedger::take(const session::Output& output) {
  if (const auto* stt = std::get_if<session::SttStart>(&output)) return start(stt->job, Kind::stt);
  if (const auto* llm = std::get_if<session::LlmStart>(&output)) return start(llm->job, Kind::llm);
  if (const auto* tts = std::get_if<session::TtsStart>(&output)) return start(tts->job, Kind::tts);
  if (const auto* mcp = std::get_if<session::McpStart>(&output)) return start(mcp->job, Kind::mcp);
  if (const auto* audio = std::get_if<session::SttAudio>(&output)) {
    const auto found = running_.find(audio->job);
    if (found == running_.end()) return "audio for a recognition that does not run";
    if (found->second != Kind::stt) return "audio for a recognition that was finished";
    if (audio->samples.empty()) return "no audio in an SttAudio";
  } else if (const auto* pause = std::get_if<session::SttPause>(&output)) {
    const auto found = running_.find(pause->job);
    if (found == running_.end() || found->second != Kind::stt) return "a pause of nothing";
  } else if (const auto* resume = std::get_if<session::SttResume>(&output)) {
    const auto found = running_.find(resume->job);
    if (found == running_.end() || found->second != Kind::stt) return "a resume of nothing";
  } else if (const auto* finish = std::get_if<session::SttFinish>(&output)) {
    const auto found = running_.find(finish->job);
    if (found == running_.end()) return "the end of a recognition that does not run";
    if (found->second != Kind::stt) return "a recognition was finished twice";
    found->second = Kind::finished_stt;
  } else if (const auto* cancel = std::get_if<session::JobCancel>(&output)) {
    if (running_.erase(cancel->job) == 0) return "a job was cancelled that does not run";
  }
  return {};
}

void JobLedger::ended(session::JobId job) { running_.erase(job); }

int JobLedger::answering() const {
  return static_cast<int>(std::count_if(running_.begin(), running_.end(), [](const auto& entry) {
    return entry.second == Kind::llm || entry.second == Kind::tts;
  }));
}

}  // namespace parley::tests
