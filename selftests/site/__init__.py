# SPDX-License-Identifier: GPL-2.0-or-later
"""The redundant site in network namespaces, with real daemons.

Imported as ``selftests.site`` from the top of the tree; never put selftests/
itself on PYTHONPATH, where this package would hide Python's own ``site``.
"""
