// SPDX-License-Identifier: MIT
#include "control/stream_polls.h"

#include <algorithm>

#include "control/http_get.h"
#include "control/log.h"
#include "control/srs_streams.h"

namespace control {
namespace {

using std::chrono::milliseconds;

constexpr size_t kAtOnce = 64;
constexpr uint32_t kMaxSpreadMs = 2000;
// Some 700 bytes a stream.
constexpr size_t kMostBytes = 16U << 20;

void add(StreamPollView& sum, const StreamPollView& one) {
  sum.streams += one.streams;
  sum.passed += one.passed;
  sum.failed += one.failed;
  sum.counts.learned += one.counts.learned;
  sum.counts.moved += one.counts.moved;
  sum.counts.conflicts += one.counts.conflicts;
  sum.counts.no_room += one.counts.no_room;
}

}  // namespace

// One server. Logs when it ceases to answer and when it does again.
class StreamPolls::Poll {
 public:
  Poll(StreamPolls& owner, StreamPollTarget target)
      : owner_(owner), target_(std::move(target)), timer_(owner.io_) {}
  ~Poll() {
    if (get_) get_->cancel();
  }
  Poll(const Poll&) = delete;

  void start(milliseconds delay) {
    timer_.expires_after(delay);
    timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
      if (!error && !alive.expired()) place_ = owner_.queue_.enter([this] { ask(); });
    });
  }

  [[nodiscard]] bool asks_the_same(const StreamPollTarget& target) const {
    return target.poll == target_.poll;
  }

  [[nodiscard]] StreamPollView view() const {
    StreamPollView view = view_;
    if (last_good_)
      view.age_s = static_cast<uint64_t>(
          std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - *last_good_).count());
    return view;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void ask() {
    const lb::Endpoint target{target_.endpoint.address, target_.poll.port};
    get_ = start_http_get(owner_.io_, {target, target_.poll.path, target_.poll.timeout_ms, kMostBytes},
                          [this](const CheckResult& result, const std::string& body) {
                            place_.give_up();
                            take(result, body);
                            start(milliseconds(target_.poll.interval_ms));
                          });
  }

  void take(const CheckResult& result, const std::string& body) {
    std::string reason = result.reason;
    if (result.outcome == CheckResult::Outcome::kPassed) {
      if (auto names = published_streams(body))
        names_ = std::move(names).value();
      else
        reason = names.error();
    }
    note(reason);
    const LearnedCounts counts = owner_.take_(target_, names_, !reason.empty());
    view_.streams = names_.size();
    view_.counts.learned += counts.learned;
    view_.counts.moved += counts.moved;
    view_.counts.conflicts += counts.conflicts;
    view_.counts.no_room += counts.no_room;
  }

  void note(const std::string& reason) {
    const bool good = reason.empty();
    ++(good ? view_.passed : view_.failed);
    if (good) last_good_ = Clock::now();
    const std::string former = std::exchange(view_.reason, reason);
    if (former.empty() == good) return;
    const bool first = view_.passed + view_.failed == 1;
    if (good && first) return;
    log_event(good ? LogLevel::kInfo : LogLevel::kWarning,
              good ? "streams of backend known again" : "streams of backend not known",
              {{"pool", target_.pool},
               {"backend", target_.endpoint.to_string()},
               {"reason", good ? former : reason}});
  }

  StreamPolls& owner_;
  const StreamPollTarget target_;
  boost::asio::steady_timer timer_;
  CheckQueue::Place place_;  // while a request waits for room or is under way
  std::shared_ptr<HealthCheck> get_;
  std::vector<std::string> names_;  // of the last good answer
  std::optional<Clock::time_point> last_good_;
  StreamPollView view_;
  const std::shared_ptr<char> alive_ = std::make_shared<char>();
};

StreamPolls::StreamPolls(boost::asio::io_context& io, Take take)
    : io_(io), take_(std::move(take)), queue_(io, kAtOnce, "stream polls") {}
StreamPolls::~StreamPolls() = default;

void StreamPolls::set(const std::vector<StreamPollTarget>& targets) {
  std::map<Key, std::unique_ptr<Poll>> former = std::exchange(polls_, {});
  std::vector<std::pair<Poll*, uint32_t>> fresh;
  for (const StreamPollTarget& target : targets) {
    const Key key{target.pool, target.endpoint};
    if (const auto found = former.find(key); found != former.end() && found->second->asks_the_same(target)) {
      polls_[key] = std::move(found->second);
      former.erase(found);
      continue;
    }
    auto& poll = polls_[key] = std::make_unique<Poll>(*this, target);
    fresh.emplace_back(poll.get(), std::min(target.poll.interval_ms, kMaxSpreadMs));
  }
  for (const auto& [key, poll] : former) {
    add(former_, poll->view());
    former_.streams = 0;
  }
  for (size_t i = 0; i < fresh.size(); ++i)
    fresh[i].first->start(milliseconds(fresh[i].second * i / fresh.size()));
}

void StreamPolls::stop() { set({}); }

std::optional<StreamPollView> StreamPolls::view(const std::string& pool, const lb::Endpoint& endpoint) const {
  const auto found = polls_.find({pool, endpoint});
  if (found == polls_.end()) return std::nullopt;
  return found->second->view();
}

StreamPollView StreamPolls::totals() const {
  StreamPollView sum = former_;
  for (const auto& [key, poll] : polls_) add(sum, poll->view());
  return sum;
}

}  // namespace control
