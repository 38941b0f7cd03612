// SPDX-License-Identifier: MIT
// `parley serve`: puts the parts together, waits for a signal, takes them apart again.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "cli/commands.h"
#include "cli/config_options.h"
#include "cli/engines.h"
#include "cli/start_screen.h"
#include "cli/stop_signals.h"
#include "net/certificate.h"
#include "net/server.h"
#include "server/app.h"

namespace parley::cli {

namespace {

// Together with the rest of the end well below the promised 2 s.
constexpr base::Duration kClosingPatience = base::Milliseconds(1500);
constexpr base::Duration kClosingStep = base::Milliseconds(10);

struct Tls {
  net::TlsOptions options;
  Schemes schemes = Schemes::plain;
  std::string authority_file;  // of a local certificate
};

// XDG Base Directory Specification.
base::Result<std::string> data_directory() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && data[0] == '/') {
    return std::string(data) + "/parley";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/') {
    return std::string(home) + "/.local/share/parley";
  }
  return base::fail("tls_failed",
                    "no place for a local certificate: neither XDG_DATA_HOME nor HOME is set");
}

// Names and addresses under which clients may reach us, besides the local ones that are always in.
std::vector<std::string> certificate_hosts(const std::vector<std::string>& listen) {
  std::vector<std::string> hosts;
  const auto add = [&hosts](std::string host) {
    if (host.empty() || std::find(hosts.begin(), hosts.end(), host) != hosts.end()) return;
    hosts.push_back(std::move(host));
  };
  for (const std::string& address : listen) {
    std::string host = address.substr(0, address.rfind(':'));
    if (host.size() > 2 && host.front() == '[') host = host.substr(1, host.size() - 2);
    if (host != "0.0.0.0" && host != "::") {
      add(std::move(host));
      continue;
    }
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) == 0) add(name.data());
  }
  return hosts;
}

base::Result<Tls> make_tls(const config::ServerOptions& server) {
  Tls tls;
  if (server.tls == "off") return tls;
  if (server.tls == "files") {
    tls.schemes = Schemes::tls;
    tls.options.certificate_file = server.tls_cert;
    tls.options.key_file = server.tls_key;
    return tls;
  }
  const auto directory = data_directory();
  if (!directory) return tl::unexpected(directory.error());
  auto local = net::ensure_local_certificate(*directory, certificate_hosts(server.listen));
  if (!local) return tl::unexpected(std::move(local.error()));
  tls.schemes = Schemes::both;
  tls.options = {.certificate_file = local->certificate_file,
                 .key_file = local->key_file,
                 .allow_plain = true};
  tls.authority_file = local->authority_file;
  return tls;
}

std::shared_ptr<spdlog::logger> make_log(const config::LogOptions& options) {
  auto log = std::make_shared<spdlog::logger>(
      "parley", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  log->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
  log->set_level(spdlog::level::from_str(options.level));
  log->flush_on(spdlog::level::info);
  return log;
}

int loop_count(const config::ServerOptions& server) {
  if (server.loops > 0) return server.loops;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// The running server. Taken apart in the destructor's order: connections first, then the engines
// that they used, then the loops, then the application.
class Service {
 public:
  static base::Result<std::unique_ptr<Service>> start(const config::Options& options);
  ~Service();

  std::string screen() const;
  // Closes all sessions and waits for them; a second signal ends the process at once.
  void stop(StopSignals& signals);

 private:
  explicit Service(const config::Options& options) : options_(options) {}

  const config::Options options_;
  std::shared_ptr<spdlog::logger> log_;
  std::unique_ptr<Engines> engines_;
  std::unique_ptr<server::App> app_;
  Tls tls_;
  std::unique_ptr<net::LoopPool> pool_;
  std::unique_ptr<net::Server> server_;
};

base::Result<std::unique_ptr<Service>> Service::start(const config::Options& options) {
  std::unique_ptr<Service> service(new Service(options));
  service->log_ = make_log(options.log);
  auto engines = Engines::create(options);
  if (!engines) return tl::unexpected(std::move(engines.error()));
  service->engines_ = std::move(*engines);
  auto tls = make_tls(options.server);
  if (!tls) return tl::unexpected(std::move(tls.error()));
  service->tls_ = std::move(*tls);

  service->pool_ = std::make_unique<net::LoopPool>(loop_count(options.server));
  auto upstreams = server::read_upstreams(options);
  if (!upstreams) return tl::unexpected(std::move(upstreams.error()));
  service->app_ = std::make_unique<server::App>(
      *service->pool_, options, service->engines_->catalog(), service->log_, std::move(*upstreams));
  net::ServerOptions server;
  server.listen = options.server.listen;
  server.tls = service->tls_.options;
  server.websocket_idle_timeout = 2 * std::chrono::seconds(options.server.ping_interval_s);
  auto created = net::Server::create(*service->pool_, *service->app_, std::move(server));
  if (!created) {
    base::Error error = std::move(created.error());
    if (error.code == "listen_failed") {
      error.message = "cannot listen on " + error.message;
      if (error.message.find("already in use") != std::string::npos) {
        error.message += ". Is another server running there? --listen chooses another address.";
      }
    }
    return tl::unexpected(std::move(error));
  }
  service->server_ = std::move(*created);
  service->pool_->start();
  return service;
}

std::string Service::screen() const {
  const engine::Model& model = engines_->catalog().first();
  const engine::EngineSet& engines = model.engines;
  return to_text({.version = version(),
                  .program = program_invocation_name,
                  .addresses = server_->addresses(),
                  .schemes = tls_.schemes,
                  .authority_file = tls_.authority_file,
                  .token_required = !options_.server.tokens.empty(),
                  .hearing = engines.stt->describe(),
                  .answering = engines.llm->describe(),
                  .speaking = engines.tts->describe(),
                  .model = model.settings.name});
}

void Service::stop(StopSignals& signals) {
  log_->info("stopping: {} sessions to close", app_->session_count());
  server_->stop_accepting();
  app_->shut_down();
  const base::Instant deadline = base::monotonic_now() + kClosingPatience;
  while (app_->session_count() > 0 && base::monotonic_now() < deadline) {
    if (const auto signal = signals.wait_for(kClosingStep)) std::_Exit(128 + *signal);
  }
}

Service::~Service() {
  if (pool_) pool_->stop_and_join();
  server_.reset();
  // The engines' workers post to the loops: they are joined while the loops, stopped, still exist.
  engines_.reset();
  pool_.reset();
}

int serve(const ConfigOptions& given) {
  const auto options = load_config(given);
  if (!options) {
    std::fprintf(stderr, "parley: %s\n", options.error().message.c_str());
    return kExitUsage;
  }
  std::optional<StopSignals> signals(std::in_place);
  auto service = Service::start(*options);
  if (!service) {
    std::fprintf(stderr, "parley: %s\n", service.error().message.c_str());
    return service.error().code == "invalid_config" ? kExitUsage : kExitFailed;
  }
  std::fputs((*service)->screen().c_str(), stdout);
  std::fflush(stdout);
  signals->wait();
  (*service)->stop(*signals);
  signals.reset();
  return kExitFine;
}

}  // namespace

void add_serve(CLI::App& app, Run& run) {
  CLI::App* command = app.add_subcommand("serve", "Start the server");
  auto options = add_config_options(*command);
  command->footer(
      "Listens on 127.0.0.1:7866 unless told otherwise. HOST and PORT, SERVER_NAME and "
      "SERVER_PORT,\n"
      "and PARLEY_<SECTION>_<KEY> (PARLEY_SERVER_LISTEN) are honoured; options are stronger.\n"
      "SIGINT or SIGTERM closes all sessions and ends; a second one ends at once.");
  command->callback([&run, options] { run = [options] { return serve(*options); }; });
}

}  // namespace parley::cli
