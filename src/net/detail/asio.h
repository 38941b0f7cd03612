// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <memory>
#include <unordered_set>

#include "net/event_loop.h"

// Asio as the files of net/ use it: with io_context's own executor instead of the type-erased one,
// which costs an allocation and a virtual call per operation.
namespace parley::net::detail {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

using IoExecutor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<tcp, IoExecutor>;
using Acceptor = asio::basic_socket_acceptor<tcp, IoExecutor>;
using SteadyClock = std::chrono::steady_clock;
using SteadyTimer =
    asio::basic_waitable_timer<SteadyClock, asio::wait_traits<SteadyClock>, IoExecutor>;

// One thread runs it, any thread may post: hint 1 keeps the locks and drops needless wake-ups.
class IoContext : public asio::io_context {
 public:
  IoContext() : io_context(1) {}
  // Destroys what is pending. The context then only serves to destroy I/O objects.
  using execution_context::shutdown;
};

// What must be told when its loop will not run again. A WebSocket is: its handlers often hold their
// owner, the owner holds the WebSocket, and no on_closed will come to part them.
class LoopMember {
 public:
  virtual void abandon() = 0;

 protected:
  ~LoopMember() = default;
};

}  // namespace parley::net::detail

namespace parley::net {

struct EventLoop::Impl {
  explicit Impl(EventLoop& owner) : loop(owner) {}
  detail::IoExecutor executor() { return context.get_executor(); }

  // Abandons the members and destroys the pending handlers, with in_loop() true for them. Nothing
  // runs on the loop afterwards.
  void abandon();
  // For assertions: on the loop's thread, or while no thread runs the loop.
  bool may_touch() const { return loop.in_loop() || !running.load(std::memory_order_relaxed); }

  EventLoop& loop;
  std::atomic<bool> running = false;
  std::unordered_set<detail::LoopMember*> members;
  detail::IoContext context;
  std::shared_ptr<void> http_client;  // detail/curl_loop.h, once a request was made
  boost::asio::executor_work_guard<detail::IoExecutor> work{context.get_executor()};
};

}  // namespace parley::net
