// SPDX-License-Identifier: MIT
#include "net/detail/host_lookup.h"

#include <netdb.h>
#include <pthread.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace parley::net::detail {

namespace {

constexpr int kLookupsMax = 64;
std::atomic<int> running_lookups = 0;

// Counts one lookup for as long as it lives.
class Slot {
 public:
  Slot() : taken_(running_lookups.fetch_add(1) < kLookupsMax) {}
  ~Slot() { running_lookups.fetch_sub(1); }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  bool taken() const { return taken_; }

 private:
  const bool taken_;
};

tl::unexpected<base::Error> failed(const std::string& host, const std::string& why) {
  return base::fail("resolve_failed", host + ": " + why);
}

}  // namespace

struct HostLookup::Shared {
  std::mutex mutex;
  EventLoop* loop = nullptr;  // null: nobody waits. While it is set, the loop exists.
  Found found = base::fail("resolve_failed", "cancelled");  // set on the loop
};

HostLookup::HostLookup(EventLoop& loop, Resolve resolve)
    : loop_(loop), resolve_(std::move(resolve)), shared_(std::make_shared<Shared>()) {}

HostLookup::~HostLookup() { cancel(); }

void HostLookup::cancel() {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->loop = nullptr;
  }
  if (waiting_) waiting_->cancel();
}

void HostLookup::start(const std::string& host, const std::string& port,
                       std::function<void(Found)> done) {
  // A wait that never expires makes this an operation of the loop like any other: it is destroyed,
  // with what it owns, when the loop ends.
  waiting_ = std::make_shared<SteadyTimer>(loop_.impl().executor(), SteadyClock::time_point::max());
  waiting_->async_wait(
      [shared = shared_, done = std::move(done)](error_code) { done(std::move(shared->found)); });
  error_code not_an_address;
  const auto address = asio::ip::make_address(host, not_an_address);
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  if (not_an_address) return ask(host, port);
  shared_->found = Endpoints{{address, number}};
  waiting_->cancel();
}

void HostLookup::ask(const std::string& host, const std::string& port) {
  const auto slot = std::make_shared<Slot>();
  const auto give_up = [&](const char* why) {
    shared_->found = failed(host, why);
    waiting_->cancel();
  };
  if (!slot->taken()) return give_up("too many names are being looked up");
  shared_->loop = &loop_;
  try {
    std::thread([shared = shared_, waiting = std::weak_ptr(waiting_), resolve = resolve_, host,
                 port, slot] {
      pthread_setname_np(pthread_self(), "parley-lookup");
      Found found = resolve(host, port);
      const std::lock_guard lock(shared->mutex);
      if (shared->loop == nullptr) return;
      shared->loop->post([shared, waiting, found = std::move(found)] {
        const auto timer = waiting.lock();
        if (!timer) return;
        shared->found = found;
        timer->cancel();
      });
    }).detach();
  } catch (const std::system_error& error) {
    give_up(error.what());
  }
}

HostLookup::Found HostLookup::ask_system(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  if (code != 0) return failed(host, ::gai_strerror(code));
  Endpoints endpoints;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    tcp::endpoint endpoint;
    if (entry->ai_addrlen > endpoint.capacity()) continue;
    endpoint.resize(entry->ai_addrlen);
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    endpoints.push_back(endpoint);
  }
  ::freeaddrinfo(list);
  if (endpoints.empty()) return failed(host, "has no address");
  return endpoints;
}

}  // namespace parley::net::detail
