# SPDX-License-Identifier: GPL-2.0-or-later
"""make bench-docs: what the last runs have found becomes part of the documents.

Owns: docs/performance.svg and what stands between the marks in
docs/performance.md.  It measures nothing.
"""

import argparse
import os
import shutil
import sys

PAGE = os.path.join("docs", "performance.md")
CHART = os.path.join("docs", "performance.svg")


def put(page, name, text):
    """The page, with the text between the marks of that name."""
    begin, end = ("<!-- %s%s -->" % (mark, name) for mark in ("", "/"))
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        sys.exit("%s: the marks %s and %s are missing" % (PAGE, begin, end))
    return "%s%s\n```text\n%s\n```\n%s%s" % (before, begin, text.strip(),
                                             end, after)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    options = parser.parse_args()
    with open(PAGE, encoding="utf-8") as page:
        text = page.read()
    for name in ("bench", "bench-growth", "bench-parts"):
        path = os.path.join(options.build, name + ".txt")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as found:
                text = put(text, name, found.read())
    with open(PAGE, "w", encoding="utf-8") as page:
        page.write(text)
    shutil.copyfile(os.path.join(options.build, "bench.svg"), CHART)


if __name__ == "__main__":
    main()
