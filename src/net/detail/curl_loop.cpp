// SPDX-License-Identifier: MIT
#include "net/detail/curl_loop.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/assert.h"
#include "net/detail/curl_transfer.h"

namespace parley::net::detail {

namespace {

constexpr long kConnectionsMax = 256;                           // kept idle, all hosts together
constexpr long kConnectionsPerHostMax = 64;                     // more requests wait
constexpr base::Duration kWarmTime = std::chrono::seconds(50);  // curl drops it after 60

struct CurlLibrary {
  CurlLibrary() { PARLEY_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); }
};

}  // namespace

CurlLoop& CurlLoop::of(EventLoop& loop) {
  auto& place = loop.impl().http_client;
  if (!place) place = std::make_shared<CurlLoop>(loop);
  return *static_cast<CurlLoop*>(place.get());
}

CurlLoop::CurlLoop(EventLoop& loop)
    : loop_(loop),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      watched_(loop.impl().executor()),
      timer_(loop.impl().executor()) {
  static const CurlLibrary library;
  PARLEY_ASSERT(epoll_ >= 0);
  multi_ = curl_multi_init();
  PARLEY_ASSERT(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnectionsMax);
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, kConnectionsPerHostMax);
  watched_.assign(epoll_);
  loop_.impl().members.insert(this);
  watch();
}

CurlLoop::~CurlLoop() { abandon(); }

void CurlLoop::abandon() {
  if (multi_ == nullptr) return;
  // First of all, so that what is let go can start nothing new.
  CURLM* const multi = std::exchange(multi_, nullptr);
  loop_.impl().members.erase(this);
  for (const auto& [easy, transfer] : std::exchange(transfers_, {})) {
    curl_multi_remove_handle(multi, easy);
    transfer->abandon();
  }
  for (const auto& transfer : std::exchange(ready_, {})) transfer->abandon();
  curl_multi_cleanup(multi);
  error_code ignored;
  watched_.close(ignored);
  timer_.cancel();
}

void CurlLoop::add(std::shared_ptr<CurlTransfer> transfer) {
  if (multi_ == nullptr) return transfer->abandon();  // asked for while the loop ends
  // Who closes a socket must know of it: the pool does, at times of its own.
  curl_easy_setopt(transfer->easy(), CURLOPT_CLOSESOCKETFUNCTION, &CurlLoop::close_socket);
  curl_easy_setopt(transfer->easy(), CURLOPT_CLOSESOCKETDATA, this);
  CURL* const easy = transfer->easy();
  transfers_.emplace(easy, std::move(transfer));
  PARLEY_ASSERT(curl_multi_add_handle(multi_, easy) == CURLM_OK);
}

void CurlLoop::remove(CurlTransfer& transfer) {
  const auto found = transfers_.find(transfer.easy());
  if (multi_ == nullptr || found == transfers_.end()) return;
  curl_multi_remove_handle(multi_, found->first);
  transfers_.erase(found);
}

void CurlLoop::mark_ready(CurlTransfer& transfer) {
  if (transfer.queued || multi_ == nullptr) return;
  transfer.queued = true;
  const bool first = ready_.empty() && !handing_out_;
  ready_.push_back(transfer.shared_from_this());
  // Outside of curl's and the caller's own functions.
  if (first) loop_.post([this] { hand_out(); });
}

void CurlLoop::hand_out() {
  if (multi_ == nullptr) return;
  handing_out_ = true;
  while (!ready_.empty()) {
    const auto transfer = std::move(ready_.front());
    ready_.pop_front();
    transfer->queued = false;
    transfer->hand_out();
  }
  handing_out_ = false;
}

// ---- the pool ----------------------------------------------------------------------------------

bool CurlLoop::is_warm(const std::string& pool_key) const {
  const auto waits = [&](const auto& entry) {
    const auto& [socket, idle] = entry;
    if (idle.pool_key != pool_key || loop_.now() - idle.since >= kWarmTime) return false;
    char byte = 0;
    const auto got = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));  // 0: peer has gone
  };
  return warming_.contains(pool_key) || std::any_of(idle_.begin(), idle_.end(), waits);
}

void CurlLoop::note_idle(const CurlTransfer& transfer) {
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(transfer.easy(), CURLINFO_ACTIVESOCKET, &socket);
  // Bad when the server did not want to keep the connection.
  if (socket != CURL_SOCKET_BAD) idle_[socket] = {transfer.pool_key(), loop_.now()};
}

int CurlLoop::close_socket(void* self, curl_socket_t socket) {
  static_cast<CurlLoop*>(self)->idle_.erase(socket);
  return ::close(socket);
}

// ---- sockets and time --------------------------------------------------------------------------

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
  auto& loop = *static_cast<CurlLoop*>(self);
  if (loop.multi_ == nullptr) return 0;
  epoll_event event{};
  event.data.fd = socket;
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(loop.epoll_, EPOLL_CTL_DEL, socket, nullptr);  // it may be closed already
    return 0;
  }
  loop.idle_.erase(socket);
  // `known` is ours to set: not null once the socket is watched. A number that was closed and given
  // to another socket may be known under its old name, so both ways are tried.
  const int first = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  const int second = known == nullptr ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
  if (epoll_ctl(loop.epoll_, first, socket, &event) != 0) {
    epoll_ctl(loop.epoll_, second, socket, &event);
  }
  if (known == nullptr) curl_multi_assign(loop.multi_, socket, self);
  return 0;
}

void CurlLoop::watch() {
  watched_.async_wait(boost::asio::posix::descriptor_base::wait_read, [this](error_code error) {
    if (error || multi_ == nullptr) return;
    std::array<epoll_event, 64> events{};
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count && multi_ != nullptr; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      int what = 0;
      if ((event.events & EPOLLIN) != 0) what |= CURL_CSELECT_IN;
      if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
      if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) what |= CURL_CSELECT_ERR;
      act(event.data.fd, what);
    }
    hand_out();
    if (multi_ != nullptr) watch();
  });
}

int CurlLoop::on_timer(CURLM*, long timeout_ms, void* self) {
  static_cast<CurlLoop*>(self)->wake_at(timeout_ms);
  return 0;
}

void CurlLoop::wake_at(long timeout_ms) {
  const std::uint64_t id = ++timer_id_;
  if (timeout_ms < 0 || multi_ == nullptr) {
    timer_.cancel();
    return;
  }
  timer_.expires_after(base::Milliseconds(timeout_ms));
  timer_.async_wait([this, id](error_code error) {
    if (error || id != timer_id_ || multi_ == nullptr) return;
    act(CURL_SOCKET_TIMEOUT, 0);
    hand_out();
  });
}

void CurlLoop::act(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, events, &running);
  collect_finished();
}

void CurlLoop::collect_finished() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto found = transfers_.find(message->easy_handle);
    if (found == transfers_.end()) continue;
    if (message->data.result == CURLE_OK) note_idle(*found->second);
    found->second->finished(message->data.result);
  }
}

}  // namespace parley::net::detail
