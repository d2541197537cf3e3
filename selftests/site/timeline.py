# SPDX-License-Identifier: GPL-2.0-or-later
"""The picture of a run: live sessions at each ISP over time, events marked.

Owns: how it looks.  Where matplotlib is not installed there is no picture:
draw() raises ImportError, and nothing else here needs it.
"""

COLOURS = ("#1b6ca8", "#d9822b")  # of the ISPs, in their order
QUIET = "#555555"
SETTINGS = {"svg.fonttype": "none", "svg.hashsalt": "twinpath",
            "font.family": "sans-serif", "font.size": 9}


def draw(path, samples, events, sources, title):
    """Write an SVG.

    samples: [(time, {source address: live sessions}), ...];
    events: [(time, text), ...]; sources: [(address, name), ...]."""
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot

    with pyplot.rc_context(SETTINGS):
        figure, axes = pyplot.subplots(figsize=(9, 3.8))
        _lines(axes, samples, sources)
        _events(axes, samples[0][0], events)
        _frame(axes, title)
        figure.subplots_adjust(left=0.07, right=0.98, top=0.60, bottom=0.12)
        # No date: the same run gives the same file.
        figure.savefig(path, metadata={"Date": None, "Title": title})
        pyplot.close(figure)


def _lines(axes, samples, sources):
    began = samples[0][0]
    times = [moment - began for moment, _ in samples]
    for (source, name), colour in zip(sources, COLOURS):
        counts = [count.get(source, 0) for _, count in samples]
        axes.fill_between(times, counts, step="post", color=colour,
                          alpha=0.15, linewidth=0)
        axes.step(times, counts, where="post", color=colour, linewidth=1.4,
                  label="%s, seen as %s" % (name, source))
    axes.set_xlim(0, times[-1])
    axes.set_ylim(bottom=0)


def _events(axes, began, events):
    for moment, text in events:
        axes.axvline(moment - began, color=QUIET, linewidth=0.8,
                     linestyle=":")
        axes.annotate(text, (moment - began, 1.02), rotation=30,
                      xycoords=("data", "axes fraction"), color=QUIET)


def _frame(axes, title):
    axes.set_title(title, loc="left", y=1.52, fontweight="bold")
    axes.set_xlabel("seconds")
    axes.set_ylabel("live TCP sessions")
    axes.legend(loc="lower right", frameon=False, ncol=2,
                bbox_to_anchor=(1.01, 1.49))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
