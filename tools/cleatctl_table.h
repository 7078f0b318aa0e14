// SPDX-License-Identifier: MIT
// Columns aligned for a terminal.
#pragma once

#include <string>
#include <vector>

namespace cleatctl {

class Table {
 public:
  // A title that ends in '>' makes a column of numbers, set to the right; the sign itself is not shown.
  explicit Table(std::vector<std::string> titles);
  // REQUIRES: as many cells as titles. An empty cell is shown as "-".
  void add(std::vector<std::string> cells);
  // Lines with no blanks at their ends; only the titles if no row was added.
  [[nodiscard]] std::string text() const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace cleatctl
