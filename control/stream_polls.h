// SPDX-License-Identifier: MIT
// Asks the servers of pools with a `streams` section what they have, again and again. What an answer says is believed for 10 s;
// a server that does not answer keeps what it had.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/asio.h"
#include "control/check_queue.h"
#include "control/config.h"
#include "control/health_check.h"
#include "control/learn_streams.h"
#include "lb/address.h"

namespace control {

struct StreamPollTarget {
  std::string pool;
  lb::Endpoint endpoint;  // as the pool names it
  StreamPollConfig poll;
};

// What is known of one server.
struct StreamPollView {
  size_t streams = 0;               // of the last good answer, published ones
  std::string reason;               // why the last request failed, "" if it did not
  std::optional<uint64_t> age_s;    // of the last good answer
  uint64_t passed = 0, failed = 0;  // requests
  LearnedCounts counts;
};

// One thread, that of the io_context.
class StreamPolls {
 public:
  // Whoever enters what was said. failed  the server did not answer: these are the names it had
  using Take = std::function<LearnedCounts(const StreamPollTarget& target,
                                           const std::vector<std::string>& names, bool failed)>;

  StreamPolls(boost::asio::io_context& io, Take take);
  ~StreamPolls();
  StreamPolls(const StreamPolls&) = delete;
  StreamPolls& operator=(const StreamPolls&) = delete;

  // Asks exactly these from now on; one that was asked the same before goes on as it was. The first requests are spread over the
  // interval, 2 s at most. targets  (pool, endpoint) unique
  void set(const std::vector<StreamPollTarget>& targets);
  void stop();

  // nullopt for a backend that is not asked.
  [[nodiscard]] std::optional<StreamPollView> view(const std::string& pool,
                                                   const lb::Endpoint& endpoint) const;
  // Over all backends, and those that were asked once.
  [[nodiscard]] StreamPollView totals() const;

 private:
  class Poll;
  using Key = std::pair<std::string, lb::Endpoint>;

  boost::asio::io_context& io_;
  const Take take_;
  CheckQueue queue_;  // outlives the polls, whose places are in it
  std::map<Key, std::unique_ptr<Poll>> polls_;
  StreamPollView former_;
};

}  // namespace control
