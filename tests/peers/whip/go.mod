// SPDX-License-Identifier: MIT
module whip
