# SPDX-License-Identifier: MIT
"""The demo: Cleat's main job in a minute, seen from an operator's chair (docs/demo.md)."""
