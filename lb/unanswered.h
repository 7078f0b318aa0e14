// SPDX-License-Identifier: MIT
// ICE sessions that no server has answered yet, oldest first. They may hold a tenth of the slots and of the sessions, and not
// more: whoever sends checks of invented names pushes out his own.
#pragma once

#include <cstdint>
#include <memory>

#include "lb/snapshot.h"
#include "lb/time.h"

namespace lb {

struct Worker;

class Unanswered {
 public:
  static constexpr unsigned kCapacity = 8192;  // of one worker at most

  Unanswered();
  ~Unanswered();

  // slot  that was opened just now. The oldest is closed if there are too many, and it is still not answered.
  void push(Worker& worker, const Snapshot& snapshot, Now now, SlotIndex slot) noexcept;

 private:
  struct Item;
  std::unique_ptr<Item[]> items_;
  unsigned first_ = 0, count_ = 0;
};

}  // namespace lb
