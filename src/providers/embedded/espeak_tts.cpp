// SPDX-License-Identifier: MIT
#include "providers/embedded/espeak_tts.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "audio/wav.h"
#include "engine/job_channel.h"
#include "providers/embedded/speakable.h"

extern char** environ;

namespace parley::providers::embedded {

namespace {

using Channel = engine::JobChannel<engine::TtsEvent>;

// eSpeak NG's usual pace, words a minute, and what it accepts.
constexpr int kWordsPerMinute = 175;
constexpr int kWordsPerMinuteMin = 80;
constexpr int kWordsPerMinuteMax = 450;
// A minute of speech at 22 kHz is 2.6 MB; nothing that is one clause comes near this.
constexpr std::size_t kOutputBytesMax = 64u << 20u;
constexpr int kPollMs = 20;  // how soon a cancelled job's process is killed

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  bool open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  ~Pipe() {
    close_end(read_end);
    close_end(write_end);
  }
  static void close_end(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
};

bool on_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const std::string_view dir = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), dir.size() + 1));
    if (access((std::string(dir) + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

// Our child, from spawn to reaped.
class Process {
 public:
  bool spawn(const std::string& program, const std::string& voice, int words_per_minute) {
    if (!input_.open() || !output_.open()) return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input_.read_end, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output_.write_end, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::array<std::string, 8> words = {
        program, "--stdin", "--stdout", "-v", voice, "-s", std::to_string(words_per_minute), "-b1"};
    std::array<char*, 9> arguments{};
    std::transform(words.begin(), words.end(), arguments.begin(),
                   [](std::string& word) { return word.data(); });
    const int error =
        posix_spawnp(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    Pipe::close_end(input_.read_end);
    Pipe::close_end(output_.write_end);
    if (error != 0) pid_ = -1;
    return error == 0;
  }

  // Text in, sound out; false when it failed or was cancelled.
  bool run(std::string_view text, const Channel& channel, std::string& sound) {
    // The pipe takes a clause whole (64 KiB), so writing first cannot stall.
    const auto written = write(input_.write_end, text.data(), text.size());
    Pipe::close_end(input_.write_end);
    if (written != static_cast<ssize_t>(text.size())) return false;
    std::array<char, 1 << 16> buffer{};
    for (;;) {
      if (channel.closed()) return false;
      pollfd waiting{output_.read_end, POLLIN, 0};
      const int ready = poll(&waiting, 1, kPollMs);
      if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
      const auto count = read(output_.read_end, buffer.data(), buffer.size());
      if (count < 0) return false;
      if (count == 0) return true;
      sound.append(buffer.data(), static_cast<std::size_t>(count));
      if (sound.size() > kOutputBytesMax) return false;
    }
  }

  ~Process() {
    if (pid_ < 0) return;
    Pipe::close_end(output_.read_end);
    kill(pid_, SIGKILL);  // no harm when it has ended; it is ours until it is reaped
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

 private:
  Pipe input_;
  Pipe output_;
  pid_t pid_ = -1;
};

void speak(Channel& channel, const std::string& program, const std::string& voice, double speed,
           const std::string& text) {
  if (channel.closed()) return;
  Process process;
  std::string sound;
  const int pace =
      std::clamp(static_cast<int>(kWordsPerMinute * speed), kWordsPerMinuteMin, kWordsPerMinuteMax);
  if (!process.spawn(program, voice, pace) || !process.run(text, channel, sound)) {
    channel.emit(engine::Failure{"server_error", "eSpeak NG could not say this text."});
    return;
  }
  auto wav = audio::parse_wav(sound);
  if (!wav) {
    channel.emit(engine::Failure{"server_error",
                                 "eSpeak NG answered with no sound (voice '" + voice + "'?)."});
    return;
  }
  if (!wav->samples.empty()) {
    channel.emit(engine::TtsAudio{std::move(wav->samples), wav->rate_hz});
  }
  channel.emit(engine::TtsDone{});
}

class EspeakJob final : public engine::TtsJob {
 public:
  explicit EspeakJob(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  ~EspeakJob() override { channel_->close(); }

 private:
  std::shared_ptr<Channel> channel_;
};

class EspeakEngine final : public engine::TtsEngine {
 public:
  EspeakEngine(EspeakOptions options, WorkerPool& pool)
      : options_(std::move(options)), pool_(pool) {}

  std::unique_ptr<engine::TtsJob> start(engine::TtsRequest request, base::Executor& loop,
                                        engine::Sink<engine::TtsEvent> sink) override {
    auto channel = std::make_shared<Channel>(loop, std::move(sink));
    pool_.post([channel, program = options_.program, voice = voice_for(request.voice),
                speed = request.speed, text = without_marks(request.text)] {
      speak(*channel, program, voice, speed, text);
    });
    return std::make_unique<EspeakJob>(std::move(channel));
  }
  std::vector<std::string> voices() const override { return {options_.voice}; }
  std::string describe() const override {
    return "eSpeak NG (its own process, voice " + options_.voice + ")";
  }

 private:
  // eSpeak's voices are languages ("de", "en-gb+f3"), so only such names are taken as they are.
  std::string voice_for(const std::string& asked) const {
    const bool language = asked.size() == 2 || asked.find('-') == 2 || asked.find('+') == 2;
    return language && asked[0] != '-' ? asked : options_.voice;
  }

  const EspeakOptions options_;
  WorkerPool& pool_;
};

}  // namespace

base::Result<std::unique_ptr<engine::TtsEngine>> make_espeak(const EspeakOptions& options,
                                                             WorkerPool& pool) {
  if (!on_path(options.program)) {
    return base::fail(
        "invalid_config",
        "'" + options.program + "' is not installed; the Debian package espeak-ng has it",
        "program");
  }
  signal(SIGPIPE, SIG_IGN);  // a voice that dies early is an error, not our end
  return std::make_unique<EspeakEngine>(options, pool);
}

}  // namespace parley::providers::embedded
