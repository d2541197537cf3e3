// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * command_watch.c - "watch": the status, live, on a terminal.
 *
 * Owns: the screen and the keys; watch_draw.c has the lines.  It must leave the
 * terminal as it was, whatever ends it.
 */
#include <curses.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "command.h"
#include "watch.h"

#define WATCH_PATIENCE 2
#define PAUSE_MS 1000

static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

/* NULL: it does not answer, which must not be said across the screen. */
static struct json_object *ask(const struct instance *instance, int nowhere)
{
	int errors = dup(STDERR_FILENO);
	struct json_object *answer;

	dup2(nowhere, STDERR_FILENO);
	answer = client_ask(instance, "status", NULL, WATCH_PATIENCE);
	dup2(errors, STDERR_FILENO);
	close(errors);
	return answer;
}

static void draw(struct watch *watch, struct json_object *answer)
{
	erase();
	if (LINES < WATCH_LINES || COLS < WATCH_COLUMNS)
		mvaddnstr(0, 0, "the terminal is too small", COLS);
	else if (answer)
		watch_draw(watch, field(answer, "status"));
	else
		mvaddnstr(0, 0,
			  "twinpathd does not answer; forwarding goes on "
			  "without it",
			  COLS);
	refresh();
}

static void loop(const struct instance *instance, int nowhere)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct json_object *answer = NULL;
	int key = ERR;

	while (watch && !ended && key != 'q' && key != 'Q') {
		/* Any other key: a look at once. */
		answer = ask(instance, nowhere);
		draw(watch, answer);
		json_object_put(answer);
		key = getch();
	}
	free(watch);
}

/* The screen, or NULL when this is no terminal for one. */
static SCREEN *open_screen(void)
{
	const char *term = getenv("TERM");
	SCREEN *screen;

	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) || !term ||
	    !strcmp(term, "dumb"))
		return NULL;
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return NULL;
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	timeout(PAUSE_MS);
	return screen;
}

int command_watch(const struct options *options)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct instance instance;
	struct json_object *answer;
	SCREEN *screen;
	int nowhere;

	if (!instance_find(&instance, options))
		return STATUS_FAILED;
	/* What is wrong is said on the terminal as it is. */
	answer = client_ask(&instance, "status", NULL, WATCH_PATIENCE);
	if (!answer)
		return STATUS_FAILED;
	json_object_put(answer);
	nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	screen = nowhere < 0 ? NULL : open_screen();
	if (!screen)
		return command_failed(
			"watch: this is no terminal that a screen can be drawn on (TERM=%s): see twinpath status",
			getenv("TERM") ? getenv("TERM") : "");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	loop(&instance, nowhere);
	endwin();
	delscreen(screen);
	close(nowhere);
	return STATUS_OK;
}
